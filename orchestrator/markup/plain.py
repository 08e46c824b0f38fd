"""Markdown as plain text: what a reader would see, with structure kept by line breaks and bullets."""

from typing import assert_never

from orchestrator.markup.read import read
from orchestrator.markup.tree import Block, Code, Fence, Inline, Link, Marked, Picture, Words, label


def plain(text: str) -> str:
    """Code and addresses come out letter for letter. Empty only when there was nothing but signs."""
    if not any(sign in text for sign in "*_`[#>-+~\\<"):
        return text
    return "\n".join(map(block, read(text)))


def block(found: Block | Fence) -> str:
    if isinstance(found, Fence):
        return found.text
    words = written(found.inner)
    match found.kind:
        case "bullet":
            return f"{found.lead}• {words}"
        case "number":
            return f"{found.lead}{found.number}. {words}"
        case "rule":
            return "———"
        case "lines" | "heading" | "quote":
            return words
        case _:
            assert_never(found.kind)


def written(inner: tuple[Inline, ...]) -> str:
    return "".join(map(node, inner))


def node(found: Inline) -> str:
    match found:
        case Words(text) | Code(text):
            return text
        case Marked(_, inner):
            return written(inner)
        case Link(inner, href):
            return f"{written(inner)} ({href})" if label(found) else shown(found)
        case Picture(alt, url):
            return f"{alt}: {url}" if alt and alt != url else url
        case _:
            assert_never(found)


def shown(link: Link) -> str:
    """A link that is its own label: as it was written, but whole."""
    return written(link.inner) if link.href.startswith(("mailto:", "tel:", "https://www.")) else link.href
