"""How long a text is to a platform, and where it may be cut: never inside a character as a reader sees it."""

import unicodedata
from collections.abc import Iterator, Mapping

from orchestrator.fit import gsm
from orchestrator.types import TextUnit

Unit = TextUnit

ELLIPSIS = "…"
DOTS = "..."
"""An ellipsis where "…" would make the text cost twice."""
JOINER = "\u200d"
LONGEST_RUN = 64
"""Flags in a row that are looked at: what is longer is noise, and may not cost more for it."""
SMALLEST = 5
"""Any code point fits in five units, whatever the unit: a limit below would leave nothing to say."""
WIDEST: Mapping[Unit, int] = {"characters": 1, "utf16": 2, "bytes": 4, "gsm7": 5}


def size(text: str, unit: Unit) -> int:
    if unit == "characters":
        return len(text)
    if unit == "utf16":
        return len(text) + sum(char > "\uffff" for char in text)
    if unit == "gsm7":
        return gsm.size(text)
    return len(text.encode("utf-8", "surrogatepass"))


def fits(text: str, limit: int, unit: Unit) -> bool:
    if len(text) > limit:
        return False
    return len(text) * WIDEST[unit] <= limit or size(text, unit) <= limit


def reach(text: str, limit: int, unit: Unit, start: int = 0) -> int:
    """The furthest index such that `text[start:index]` is within the limit, whatever it cuts through."""
    if unit == "characters":
        return min(len(text), start + limit)
    if unit == "gsm7":
        return gsm.reach(text, limit, start)
    spent, index = 0, start
    while index < len(text):
        spent += size(text[index], unit)
        if spent > limit:
            break
        index += 1
    return index


def whole(text: str, index: int, start: int = 0) -> int:
    """The last index up to this one that cuts no grapheme; `index` itself when there is none after `start`."""
    cut = index
    while cut > start and not boundary(text, cut):
        cut -= 1
    return cut if cut > start else index


def boundary(text: str, index: int) -> bool:
    """Whether a reader sees two characters here: the common rules of Unicode Annex 29, without a table of its own."""
    if index <= 0 or index >= len(text):
        return True
    before, after = text[index - 1], text[index]
    if before == "\r" and after == "\n":
        return False
    if after < "\u0300":
        return True
    if extends(after) or before == JOINER:
        return False
    if flag(before) and flag(after):
        return flags_before(text, index) % 2 == 0
    return not hangul(before, after)


def extends(char: str) -> bool:
    """Accents, variation selectors, skin tones, tags and joiners belong to what stands before them."""
    return (
        char == JOINER
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
        or unicodedata.category(char) in ("Mn", "Me", "Mc")
    )


def flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def flags_before(text: str, index: int) -> int:
    count = 0
    while index - count > 0 and count < LONGEST_RUN and flag(text[index - count - 1]):
        count += 1
    return count


def hangul(before: str, after: str) -> bool:
    """Whether two letters of Korean make one syllable."""
    vowel, final = "\u1160" <= after <= "\u11a7", "\u11a8" <= after <= "\u11ff"
    if "\u1100" <= before <= "\u115f":
        return vowel or "\u1100" <= after <= "\u115f" or "\uac00" <= after <= "\ud7a3"
    return (vowel or final) and ("\uac00" <= before <= "\ud7a3" or "\u1160" <= before <= "\u11ff")


def graphemes(text: str) -> Iterator[str]:
    start = 0
    for index in range(1, len(text) + 1):
        if boundary(text, index):
            yield text[start:index]
            start = index


def cut(text: str, limit: int, unit: Unit) -> str:
    """The text, or as much of it as fits with an ellipsis at its end; nothing where there is no room for any."""
    if fits(text, limit, unit):
        return text
    if limit < SMALLEST:
        return ""
    end = whole(text, reach(text, limit - size(ellipsis(unit), unit), unit))
    while not fits(short := text[:end].rstrip() + ellipsis(unit), limit, unit):
        end = whole(text, end - 1)
    return short


def ellipsis(unit: Unit) -> str:
    return DOTS if unit == "gsm7" else ELLIPSIS


def one_line(text: str) -> str:
    return " ".join(text.split())
