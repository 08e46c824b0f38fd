"""Numbers as customers write them when they pick from a numbered list."""

import re
import unicodedata

from orchestrator.fit.words import ARTICLES, BEFORE_DIGITS, CARDINALS, DOUBTFUL, FILLERS, IDIOMS, ORDINALS

WORDS = {word: number for row in (*CARDINALS, *ORDINALS) for number, word in row}
SHORT_ORDINAL = re.compile(r"([^\D0]\d{0,2})(?:st|nd|rd|th|o|a|e|er|ere|eme|ste|de|do|da|mo|ma|ro|ra)?")
AMOUNT = re.compile(r"[%°+€$£¥₹]|^\s*-\s*\d")
"""A price, a share or a signed number is an answer of its own, not the number of a choice."""
LONGEST = 60


def folded(text: str) -> str:
    """Case, accents and everything that is no letter or digit taken away; words parted by single spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(
        "".join(
            char if char.isalnum() else "" if unicodedata.category(char) in ("Mn", "Me", "Cf") or char in "'’" else " "
            for char in decomposed
        ).split()
    )


def number(text: str) -> int:
    """2 for "2", "2.", "(2)", "#2", "2️⃣", "two", "dos", "option 2", "the second one"; 0 when it is no such thing."""
    if len(text) > LONGEST or AMOUNT.search(text):
        return 0
    words = folded(text).split()
    picked = [word for word in words if word not in FILLERS and word not in BEFORE_DIGITS]
    if len(picked) == 2 and picked[1] == "one":
        picked.pop()
    if len(picked) != 1 or " ".join(words) in IDIOMS:
        return 0
    if found := SHORT_ORDINAL.fullmatch(picked[0]):
        return int(found[1])
    sure = picked[0] not in DOUBTFUL or not ARTICLES.isdisjoint(words)
    return WORDS.get(picked[0], 0) if sure and BEFORE_DIGITS.isdisjoint(words) else 0
