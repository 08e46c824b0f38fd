"""Which languages are written in which letters: a Greek word is no Spanish, however few letters it has."""

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
