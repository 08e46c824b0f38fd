"""Numbers as customers write them when they pick from a numbered list."""

import re
import unicodedata

from orchestrator.fit.words import CARDINALS, FILLERS, ORDINALS

WORDS = {word: number for row in (*CARDINALS, *ORDINALS) for number, word in row}
SHORT_ORDINAL = re.compile(r"(\d{1,3})(?:st|nd|rd|th|o|a|e|er|ere|eme|ste|de|do|da|mo|ma|ro|ra)?")
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
    words = [word for word in folded(text).split() if word not in FILLERS]
    if len(words) == 2 and words[1] == "one":
        words.pop()
    if len(words) != 1:
        return 0
    found = SHORT_ORDINAL.fullmatch(words[0])
    return int(found[1]) if found else WORDS.get(words[0], 0)
