"""Bringing a sentence into the shape in which sentences are compared."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

CONTRACTED = re.compile(r"(?<=\w)['’](?:s|m|re|ll|ve|d)\b")
CANNOT = re.compile(r"\bcan(?:['’]t|\s+not)\b")
NOT = re.compile(r"n['’]t\b")
NOISE = re.compile(r"[^\w@.+-]+|(?<!\d)[.]|[.](?!\d)|_")

COMMON_ENGLISH = """
a an the i you he she it we they me my mine your yours his her hers its our ours their theirs him us them one myself
is are am was were be been being do does did doing done have has had having can could will would shall should may
might must cannot need get gets got getting give let make go goes going come take put use want wants wanted like know
think see look tell say said seem to of in on at by for from with without about as into onto over under after before
during until till since through between around against up down out off away back again still already yet ever never
always often soon now then today once here there this that these those such same other another else what which who
whom whose when where why how and or but if so than because while though not no nor yes ok okay please just very too
also only even quite rather really maybe perhaps exactly actually instead more most less least much many some any all
both each every few lot lots bit thing things something anything nothing everything possible able sure well oh hi hey
dear sir madam
"""
COMMON = frozenset(COMMON_ENGLISH.split())
"""Words that say nothing of the subject: not knowing one is no sign of a foreign subject."""


def plain(text: str) -> str:
    """Lower case, without accents, contractions and punctuation: "What's it cost?" becomes "what it cost"."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in folded if not unicodedata.combining(char))
    bare = NOT.sub(" not", CONTRACTED.sub("", CANNOT.sub("cannot", bare)))
    return " ".join(NOISE.sub(" ", bare).split())


def letters(word: str) -> Iterator[str]:
    """Groups of 3 to 5 letters, with the word's edges as spaces; a shorter word is a group of its own."""
    edged = f" {word} "
    for size in (3, 4, 5):
        if len(edged) <= size:
            yield edged
            return
        yield from (edged[at : at + size] for at in range(len(edged) - size + 1))


class Synonyms:
    """Replaces each word or phrase by the one it stands for; longer phrases first."""

    def __init__(self, meanings: Mapping[str, Sequence[str]]) -> None:
        self.stands_for = {plain(word): plain(head) for head, others in meanings.items() for word in others}
        phrases = sorted(filter(None, self.stands_for), key=len, reverse=True)
        self.pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, phrases))})\b") if phrases else None

    def __call__(self, text: str) -> str:
        """`text` is plain already."""
        if self.pattern is None:
            return text
        return self.pattern.sub(self.meaning, text)

    def meaning(self, found: re.Match[str]) -> str:
        return self.stands_for[found[0]]


def sentences(text: str) -> list[str]:
    """The parts of what was said that could be answered on their own."""
    return [part.strip() for part in re.split(r"(?<=[.?!…])\s+|\n+|;\s+", text) if re.search(r"\w", part)]
