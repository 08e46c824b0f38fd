"""What markdown says once it is read: blocks of lines, and what stands in a line."""

import re
from dataclasses import dataclass
from typing import Literal

Mark = Literal["strong", "emphasis", "strike"]
SAFE = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Words:
    """Letter for letter; may hold line breaks."""

    text: str


@dataclass(frozen=True, slots=True)
class Marked:
    mark: Mark
    inner: "tuple[Inline, ...]"


@dataclass(frozen=True, slots=True)
class Code:
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    inner: "tuple[Inline, ...]"
    href: str

    @property
    def safe(self) -> bool:
        """Whether it may be followed: web, mail, telephone. Everything else (javascript:, data: …) is only shown."""
        return SAFE.match(self.href) is not None


@dataclass(frozen=True, slots=True)
class Picture:
    alt: str
    url: str


Inline = Words | Marked | Code | Link | Picture


@dataclass(frozen=True, slots=True)
class Block:
    """Lines; a list item or a heading is one line. `lead` is the space before an item, `number` its number."""

    kind: Literal["lines", "heading", "bullet", "number", "quote", "rule"]
    inner: tuple[Inline, ...] = ()
    lead: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Fence:
    text: str


def said(inner: tuple[Inline, ...]) -> str:
    """The words alone, as a reader sees them, addresses left out."""
    return "".join(map(said_by, inner))


def said_by(node: Inline) -> str:
    match node:
        case Words(text) | Code(text):
            return text
        case Marked(_, inner) | Link(inner, _):
            return said(inner)
        case Picture(alt, url):
            return alt or url


def label(link: Link) -> str:
    """The words of a link; none when they only repeat where it goes."""
    words = said(link.inner).strip()
    bare = link.href.removeprefix("mailto:").removeprefix("tel:").removeprefix("https://").removeprefix("http://")
    return "" if words.rstrip("/") in (link.href.rstrip("/"), bare.rstrip("/")) else words
