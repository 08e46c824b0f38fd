"""Cutting a text into lines and sentences, so that each can be found in the memory, and its layout stays as it was."""

import re
from dataclasses import dataclass

LINE_START = re.compile(r"\s*(?:(?:[-*+•>–]|#{1,6}|\d{1,3}[.)])\s+)*")
SENTENCE_END = re.compile(r"(?<=[.!?…。！？])(?:\s+|(?<=[。！？]))(?=\S)")


@dataclass(frozen=True, slots=True)
class Piece:
    """`before` and `after` are layout: indents, list marks, line breaks, blanks. `text` is what is said."""

    before: str
    text: str
    after: str = ""


def lines(text: str) -> list[Piece]:
    """One piece for each line; together they are the text again."""
    pieces = []
    for line in text.splitlines(keepends=True):
        start = LINE_START.match(line)
        before = start[0] if start else ""
        said = line[len(before) :]
        core = said.rstrip()
        pieces.append(Piece(before, core, said[len(core) :]))
    return pieces


def sentences(text: str) -> list[Piece]:
    """One piece for each sentence, as far as punctuation tells; together they are the text again."""
    pieces = []
    at = 0
    for gap in SENTENCE_END.finditer(text):
        pieces.append(Piece("", text[at : gap.start()], gap[0]))
        at = gap.end()
    pieces.append(Piece("", text[at:]))
    return pieces
