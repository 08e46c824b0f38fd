"""Languages with letters of their own, typed in Latin ones, and told by common words: no detector knows them."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

# Digits stand for Arabic letters: "sama7t".
WORD = re.compile(r"[a-z0-9']*[a-z][a-z0-9']*")
# Short words are words of many languages: so many of all, and one at least as long as this, have to be listed.
LONG = 4
SHARE = 0.5
FEWEST = 2
# What being listed is worth as confidence: enough to go by when nothing else is known, too little to switch.
CONFIDENCE = 0.5
# And what is left of a detector's confidence, which takes such text for Polish or Turkish.
DOUBT = 0.4


@cache
def listed() -> Mapping[str, frozenset[str]]:
    raw = tomllib.loads(files("nlp.langid").joinpath("romanised.toml").read_text(encoding="utf-8"))
    return {code: frozenset(words.split()) for code, words in raw.items()}


def romanised(text: str) -> str:
    """The likeliest language; "" when it does not read like one typed in other letters than its own."""
    if not text.isascii():
        return ""
    words = WORD.findall(text.lower())
    if len(words) < FEWEST:
        return ""
    found = {code: [word for word in words if word in known] for code, known in listed().items()}
    code, there = max(found.items(), key=lambda pair: len(pair[1]))
    if len(there) < max(FEWEST, SHARE * len(words)) or not any(len(word) >= LONG for word in there):
        return ""
    return code


def doubted(ranked: Sequence[tuple[str, float]], code: str) -> tuple[tuple[str, float], ...]:
    """What a detector made of such text, with the language it probably is first, if that is asked about."""
    rest = tuple((other, round(DOUBT * share, 4)) for other, share in ranked if other != code)
    known = any(other == code for other, _ in ranked)
    return ((code, CONFIDENCE), *rest) if known else rest
