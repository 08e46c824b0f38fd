"""A number out of what was said: "1,250", "-3.5", "two of them", "a dozen"."""

import re

from bots.guide.money import POINT
from bots.guide.words import plain

NUMERAL = re.compile(r"(?:(?<!\w)-)?\d+(?:[.,]\d+)*")
WORDS = "one two three four five six seven eight nine ten eleven twelve"
COUNTS = {word: count for count, word in enumerate(WORDS.split(), 1)} | {"a": 1, "an": 1, "dozen": 12}
"""In English only: a guide is asked in its own language, and most are written in English."""

ALONE = re.compile(r"(?:(?:just|only|i want|i need|i take|i ll take|give me) )?one(?: of (?:them|those))?(?: please)?")
"""Otherwise "one" counts nothing: "which one?", "the blue one"."""


def number(said: str, language: str) -> str | None:
    """The first in digits, else the only one in words; with a decimal point and no marks of thousands."""
    if found := NUMERAL.search(said):
        return pointed(found[0], language)
    text = plain(said)
    if ALONE.fullmatch(text):
        return "1"
    named = {count for word in text.split() if (count := counted(word)) > 1}
    return str(named.pop()) if len(named) == 1 else None


def pointed(digits: str, language: str) -> str | None:
    """None where the marks make no sense: "1.2.3"."""
    thousands, decimal = (",", ".") if language in POINT else (".", ",")
    whole, *groups = digits.split(thousands)
    if groups and all(len(group.partition(decimal)[0]) == 3 for group in groups):
        digits = whole + "".join(groups)
    plain_digits = digits.replace(",", ".")
    return plain_digits if plain_digits.count(".") <= 1 else None


def counted(word: str) -> int:
    """What a word counts, in digits or letters; 0 for none."""
    return int(word) if word.isdecimal() and word.isascii() else COUNTS.get(word, 0)
