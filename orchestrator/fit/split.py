"""Cutting a long text into messages: at a paragraph, a line, a sentence, a space, in this order of taste."""

import re

from orchestrator.fit.measure import SMALLEST, Unit, fits, reach, whole

LINK = re.compile(r"(?:https?://|www\.|mailto:)(?=\S)", re.IGNORECASE)
SPACE = re.compile(r"\s")
LONGEST_WORD = 100
"""Letters of ASCII in a row that are one thing (an address, an amount, a name), as they stand in Chinese or Thai."""
BREAKS = (
    re.compile(r"\n[ \t]*\n\s*"),
    re.compile(r"\n\s*"),
    re.compile(r"(?<=[.!?…])[\"')\]»”’]*\s+|(?<=[。！？])"),
    re.compile(r"\s+"),
)


def split(text: str, limit: int, unit: Unit) -> list[str]:
    """Pieces within the limit, each with words in it. Only white space at the cuts is lost.

    A link or a grapheme is cut only when it alone is over the limit.
    """
    limit = max(limit, SMALLEST)
    pieces = []
    start = 0
    while start < len(text):
        end = reach(text, limit, unit, start)
        if end < len(text):
            end = best_cut(text, start, end)
        piece = text[start:end].strip()
        if piece:
            pieces.append(piece)
        start = end
        while start < len(text) and text[start].isspace():
            start += 1
    return pieces


def best_cut(text: str, start: int, end: int) -> int:
    """Where to cut at or before `end`: a good place in the second half of the piece, else a space, else a grapheme."""
    half = start + (end - start) // 2
    for pattern in BREAKS[:3]:
        if found := last_break(pattern, text, start, end, half):
            return found
    if text[end].isspace():
        return end
    if found := last_break(BREAKS[3], text, start, end, start):
        return found
    return unlinked(text, start, whole(text, end, start))


def last_break(pattern: re.Pattern[str], text: str, start: int, end: int, least: int) -> int:
    """The end of the last words before such a break; 0 when there is none after `least`."""
    best = 0
    for found in pattern.finditer(text, start, min(end + 1, len(text))):
        if least < found.start() <= end and text[start : found.start()].strip():
            best = found.start() if found.end() > found.start() else found.end()
    return best


def unlinked(text: str, start: int, cut: int) -> int:
    """Move a cut that falls inside a link to before it, when there is anything before it."""
    last = start
    for found in LINK.finditer(text, start, cut):
        last = found.start()
    if text[start:last].strip() and not SPACE.search(text, last, cut):
        return last
    return unbroken(text, start, cut)


def unbroken(text: str, start: int, cut: int) -> int:
    """Move a cut that falls inside a word of ASCII to before it, where what stands before is of another script."""
    word = cut
    while start < word <= len(text) and cut - word < LONGEST_WORD and latin(text[word - 1]) and latin(text[cut]):
        word -= 1
    return word if word > start and not latin(text[word - 1]) else cut


def latin(char: str) -> bool:
    return "!" <= char <= "~"


def within(text: str, limit: int, unit: Unit) -> list[str]:
    """`split`, quick when there is nothing to split."""
    return [text] if fits(text, limit, unit) else split(text, limit, unit)
