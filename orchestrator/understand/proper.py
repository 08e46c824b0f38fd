"""Names that a text gives away by itself: of who introduces themselves, of places and products of several words."""

import re
from collections.abc import Iterator

WORD = r"[A-ZÀ-ÖØ-Þ][\w'’\-]{0,40}[^\W\d_]"
# What comes before a name, in the languages bots and customers mostly write: "I'm Anna from ACME", "soy Ana".
INTRODUCTIONS = (
    r"I(?:['’]m| am)|[Mm]y name(?: is|['’]s)|[Tt]his is|[Mm]e llamo|[Ss]oy|[Mm]i nombre es|[Mm]i chiamo|[Ss]ono|"
    r"[Ii]k ben|[Mm]ijn naam is|[Ii]k heet|[Ii]ch bin|[Ii]ch hei(?:ß|ss)e|[Mm]ein Name ist|[Jj]e m['’]appelle|"
    r"[Jj]e suis|[Mm]on nom est|[Mm]eu nome é|[Mm]e chamo|[Ee]u sou|[Jj]ag heter|[Nn]azywam się|[Mm]am na imię"
)
INTRODUCED = re.compile(rf"(?<!\w)(?:{INTRODUCTIONS}) ({WORD}(?: {WORD})?)(?!\w)")
# "New York" behind a word in small letters: where all words have capitals, it is a heading.
SEVERAL = re.compile(rf"(?<=[^\W\d_A-ZÀ-ÖØ-Þ] )({WORD}(?: {WORD}){{1,4}})(?!\w)")
NOUNS_IN_CAPITALS = frozenset({"de", "lb"})
LONGEST = 2000


def introduced(text: str) -> Iterator[str]:
    return (found[1] for found in INTRODUCED.finditer(text[:LONGEST]))


def several(text: str) -> Iterator[str]:
    """Not for German, which writes nouns so, nor for what a business writes: "our Terms and Conditions"."""
    return (found[1] for found in SEVERAL.finditer(text[:LONGEST]))
