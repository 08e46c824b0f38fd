"""Markdown as HTML for e-mails and pages: only tags of ours, everything else escaped."""

from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby
from typing import assert_never

from orchestrator.markup.read import read
from orchestrator.markup.tree import Block, Code, Fence, Inline, Link, Marked, Picture, Words, label

TAGS = {"strong": "strong", "emphasis": "em", "strike": "del"}


def to_html(text: str) -> str:
    """Paragraphs, lists, quotes, code; pictures become links: a page decides itself what it loads."""
    return "".join(joined(kind, list(group)) for kind, group in groupby(read(text), key=kind_of))


def kind_of(found: Block | Fence) -> str:
    return "fence" if isinstance(found, Fence) else found.kind


def joined(kind: str, group: list[Block | Fence]) -> str:
    if kind == "fence":
        return "".join(f"<pre><code>{escape(one.text)}</code></pre>" for one in group if isinstance(one, Fence))
    found = [one for one in group if isinstance(one, Block)]
    match kind:
        case "bullet":
            return f"<ul>{items(found)}</ul>"
        case "number":
            return f'<ol start="{int(found[0].number)}">{items(found)}</ol>'
        case "quote":
            return "".join(f"<blockquote>{written(one.inner)}</blockquote>" for one in found)
        case "rule":
            return "<hr>" * len(found)
        case "heading":
            return "".join(f"<p><strong>{written(one.inner)}</strong></p>" for one in found)
    return "".join(f"<p>{words}</p>" for one in found if (words := written(one.inner)).strip())


def items(found: Iterable[Block]) -> str:
    return "".join(f"<li>{written(one.inner)}</li>" for one in found)


def written(inner: tuple[Inline, ...]) -> str:
    return "".join(nodes(inner))


def nodes(inner: tuple[Inline, ...]) -> Iterator[str]:
    for found in inner:
        match found:
            case Words(text):
                yield escape(text).replace("\n", "<br>")
            case Code(text):
                yield f"<code>{escape(text)}</code>"
            case Marked(mark, within):
                yield f"<{TAGS[mark]}>{written(within)}</{TAGS[mark]}>"
            case Link(within, href):
                yield anchor(written(within), href) if found.safe else unsafe(found)
            case Picture(alt, url):
                yield anchor(escape(alt or url), url) if Link((), url).safe else escape(alt or url)
            case _:
                assert_never(found)


def anchor(words: str, href: str) -> str:
    return f'<a href="{escape(href)}" rel="noopener noreferrer nofollow">{words}</a>'


def unsafe(link: Link) -> str:
    return written(link.inner) + (f" ({escape(link.href)})" if label(link) else "")
