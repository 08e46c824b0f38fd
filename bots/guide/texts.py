"""Everything a guide may say to a customer, in the form in which a translation memory keeps it."""

import re
from collections.abc import Iterator
from pathlib import Path

from bots.guide import template
from bots.guide.check import load
from bots.guide.file import walk
from bots.guide.template import Hole


def texts(path: Path) -> list[str]:
    """Each line once, in the order of the file, variables as slots: "Total {cart_total}". Raises Misconfigured.

    A line whose variable has a default comes twice: with the slot, and with the default in its place.
    """
    lines = (line for marked in walk(load(path)) if marked.kind == "words" for line in marked.text.splitlines())
    found = (form for line in lines for form in forms(line.strip()))
    return [text for text in dict.fromkeys(found) if worth_translating(text)]


def forms(source: str) -> Iterator[str]:
    pieces = template.parse(source)
    yield "".join(slot(piece.path) if isinstance(piece, Hole) else piece for piece in pieces)
    if any(isinstance(piece, Hole) and piece.default is not None for piece in pieces):
        yield "".join(
            piece if isinstance(piece, str) else slot(piece.path) if piece.default is None else piece.default
            for piece in pieces
        )


def slot(path: str) -> str:
    return "{" + re.sub(r"\W", "_", path) + "}"


def worth_translating(text: str) -> bool:
    """Whether there is anything around the slots; a bare value is looked up by itself."""
    return bool(re.sub(r"\{\w+\}", "", text).strip())
