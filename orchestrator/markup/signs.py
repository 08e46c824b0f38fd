"""Markup by signs around words, as chat apps have it: *bold* _italic_ ~strike~. Signs must not cross a line there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from orchestrator.markup.read import read
from orchestrator.markup.tree import Block, Code, Fence, Inline, Link, Mark, Marked, Picture, Words

SIGNS: dict[Mark, str] = {"strong": "*", "emphasis": "_", "strike": "~"}
APART = "\u200b"
"""A zero-width space: signs count only at the edge of a word, and this is one."""


@dataclass(frozen=True, slots=True)
class Style:
    """How one app writes what differs. `safe` escapes words; `link` gets the words of a link, written."""

    bullet: str
    code: str
    safe: Callable[[str], str]
    link: Callable[[Link, str], str]


def signed(text: str, style: Style) -> str:
    found = "\n".join(block(one, style) for one in read(text))
    return found if found.strip() else style.safe(text)


def block(found: Block | Fence, style: Style) -> str:
    if isinstance(found, Fence):
        return f"```\n{style.safe(found.text)}\n```" if found.text.strip() else ""
    words = written(found.inner, style, ())
    match found.kind:
        case "heading":
            return around("*", written(found.inner, style, ("strong",)))
        case "quote":
            return "\n".join(f"> {line}" for line in words.split("\n"))
        case "bullet":
            return f"{found.lead}{style.bullet} {words}"
        case "number":
            return f"{found.lead}{found.number}. {words}"
        case "rule":
            return "———"
        case "lines":
            return words
        case _:
            assert_never(found.kind)


def written(inner: tuple[Inline, ...], style: Style, within: tuple[Mark, ...]) -> str:
    out = ""
    for found in inner:
        words = node(found, style, within)
        out += APART + words if inside_word(out, found, words) else words
    return out


def inside_word(before: str, found: Inline, words: str) -> bool:
    """Whether a sign stands right between two letters, where it would not count."""
    if isinstance(found, Words):
        return before[-1:] in set("*_~`") and words[:1].isalnum()
    return isinstance(found, Marked | Code) and before[-1:].isalnum() and not words[:1].isalnum()


def node(found: Inline, style: Style, within: tuple[Mark, ...]) -> str:
    match found:
        case Words(text):
            return style.safe(text)
        case Code(text):
            return around(style.code, style.safe(text))
        case Marked(mark, inner):
            words = written(inner, style, (*within, mark))
            return words if mark in within else around(SIGNS[mark], words)
        case Link(inner, _):
            return style.link(found, written(inner, style, within))
        case Picture(alt, url):
            return style.link(Link((Words(alt or url),), url), style.safe(alt or url))
        case _:
            assert_never(found)


def around(sign: str, words: str) -> str:
    """Each line between the signs, its outer white space outside; as it is where it holds the sign itself."""
    return "\n".join(line_around(sign, line) for line in words.split("\n"))


def line_around(sign: str, line: str) -> str:
    core = line.strip()
    if not core or sign in core:
        return line
    start = line.index(core)
    return f"{line[:start]}{sign}{core}{sign}{line[start + len(core) :]}"
