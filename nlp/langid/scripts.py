"""Which languages are written in which letters: a Greek word is no Spanish, however few letters it has."""

import re
import unicodedata
from collections import Counter
from functools import lru_cache

LATIN = 0x0250
"""Where Latin letters end in Unicode, apart from rare ones."""

# Languages not written in Latin letters, by the script's name in Unicode.
SCRIPTS = {
    "ARABIC": ("ar", "fa", "ur"),
    "ARMENIAN": ("hy",),
    "BENGALI": ("bn",),
    "CJK": ("zh", "ja"),
    "CYRILLIC": ("ru", "uk", "bg", "sr", "mk", "be", "kk"),
    "DEVANAGARI": ("hi", "mr", "ne"),
    "GEORGIAN": ("ka",),
    "GREEK": ("el",),
    "HANGUL": ("ko",),
    "HEBREW": ("he",),
    "HIRAGANA": ("ja",),
    "KATAKANA": ("ja",),
    "TAMIL": ("ta",),
    "THAI": ("th",),
}


# Scripts that one language of today is written in, or that are told apart by their letters alone.
TELLING = frozenset({"ARMENIAN", "CJK", "GEORGIAN", "GREEK", "HANGUL", "HIRAGANA", "KATAKANA", "TAMIL", "THAI"})
WORD = re.compile(r"\S+")


@lru_cache(maxsize=4096)
def script(char: str) -> str:
    return unicodedata.name(char, "").partition(" ")[0]


def fitting(text: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    """The languages the text's letters allow: those of its main script; all of them for Latin letters.

    Latin letters stay open to every language: people without the right keyboard write Greek and Arabic with them.
    """
    letters = [char for char in text if char.isalpha()]
    foreign = [char for char in letters if ord(char) >= LATIN]
    if not letters:
        return ()
    if len(foreign) * 2 < len(letters):
        return languages
    counts = Counter(map(script, foreign))
    main = counts.most_common(1)[0][0]
    if main == "CJK" and ("HIRAGANA" in counts or "KATAKANA" in counts):
        main = "HIRAGANA"
    if main not in SCRIPTS:
        return languages
    return tuple(code for code in languages if code in SCRIPTS[main])


def quoted(text: str) -> str:
    """The words in other letters of a text that is mostly Latin, "" when there are none."""
    letters = [char for char in text if char.isalpha()]
    foreign = sum(ord(char) >= LATIN for char in letters)
    if not foreign or foreign * 2 >= len(letters):
        return ""
    return " ".join(word for word in WORD.findall(text) if any(ord(char) >= LATIN and char.isalpha() for char in word))


def one_language(text: str) -> bool:
    """Whether the letters alone say what language it is, or that it is one of two (Han: Chinese or Japanese)."""
    letters = [char for char in text if char.isalpha()]
    telling = sum(script(char) in TELLING for char in letters if ord(char) >= LATIN)
    return bool(letters) and telling * 2 > len(letters)
