"""Markdown as the HTML Telegram reads (core.telegram.org/bots/api#html-style): its few tags, all else escaped."""

from collections.abc import Iterator
from html import escape
from typing import assert_never

from orchestrator.markup.read import read
from orchestrator.markup.tree import Block, Code, Fence, Inline, Link, Mark, Marked, Picture, Words, label

TAGS: dict[Mark, str] = {"strong": "b", "emphasis": "i", "strike": "s"}


def to_telegram_html(text: str) -> str:
    """Never empty where the text is not: Telegram refuses a message of nothing but tags."""
    found = "\n".join(map(block, read(text)))
    return found if found.strip() else safe(text)


def block(found: Block | Fence) -> str:
    if isinstance(found, Fence):
        return f"<pre>{safe(found.text)}</pre>" if found.text.strip() else ""
    words = written(found.inner, ())
    match found.kind:
        case "heading":
            return f"<b>{written(found.inner, ('strong',))}</b>"
        case "quote":
            return f"<blockquote>{words}</blockquote>" if words.strip() else ""
        case "bullet":
            return f"{found.lead}• {words}"
        case "number":
            return f"{found.lead}{found.number}. {words}"
        case "rule":
            return "———"
        case "lines":
            return words
        case _:
            assert_never(found.kind)


def written(inner: tuple[Inline, ...], within: tuple[Mark, ...]) -> str:
    return "".join(nodes(inner, within))


def nodes(inner: tuple[Inline, ...], within: tuple[Mark, ...]) -> Iterator[str]:
    for found in inner:
        match found:
            case Words(text):
                yield safe(text)
            case Code(text):
                yield f"<code>{safe(text)}</code>"
            case Marked(mark, marked):
                words = written(marked, (*within, mark))
                yield words if mark in within else f"<{TAGS[mark]}>{words}</{TAGS[mark]}>"
            case Link(marked, href):
                yield anchor(written(marked, within), href) if found.safe else unsafe(found, within)
            case Picture(alt, url):
                yield anchor(safe(alt or url), url) if Link((), url).safe else safe(alt or url)
            case _:
                assert_never(found)


def safe(text: str) -> str:
    return escape(text, quote=False)


def anchor(words: str, href: str) -> str:
    return f'<a href="{escape(href)}">{words}</a>'


def unsafe(link: Link, within: tuple[Mark, ...]) -> str:
    return written(link.inner, within) + (f" ({safe(link.href)})" if label(link) else "")
