"""Adding up what a text's words say: phrases before words, negations, boosters, emoji."""

import math
import re
import tomllib
import unicodedata
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from nlp.lexicon.dense import DenseWords, Kind

VALUES = {"worse": -3.0, "bad": -2.0, "poor": -1.0, "fair": 1.0, "good": 2.0, "great": 3.0}
# "not" reaches so many words further, and turns a value round with less than its weight ("not bad" is not great).
REACH = 3
TURNED = -0.5
BOOSTED = 1.35
# A complaint with a "great" in it is still a complaint (and sarcasm mostly reads like that).
COMPLAINT = 1.5
POLITE = 0.25
THANKS = 0.75
# Sums are squeezed into -1..1 as VADER does: sum / sqrt(sum² + SOFT).
SOFT = 12.0
CLAUSE = re.compile(r"[.,;:!?…\n()،؛؟、。！？，；：]+")
ELISION = re.compile(r"\b(qu|[bcdjlmnst])'(?=\w)")
WORD = re.compile(r"[^\W\d_]+")
STAR = "ʘ"
# Marks of Japanese letters: without them は is ば, another word.
VOICED = "\u3099\u309a"
LISTS = ("words.toml", "more_words.toml")


Entry = tuple[tuple[str, ...], Kind, float]


@dataclass(slots=True)
class Entries:
    """Listed words and phrases by their first word, which may be a stem."""

    exact: dict[str, list[Entry]] = field(default_factory=dict)
    stems: dict[str, list[Entry]] = field(default_factory=dict)

    def add(self, phrase: str, kind: Kind, value: float) -> None:
        # A letter no language has stands in for the star while the phrase is cut into words.
        words = tuple(word.replace(STAR, "*") for word in tokens(phrase.replace("*", STAR)))
        if words and words[0].endswith("*"):
            self.stems.setdefault(words[0][:-1], []).append((words, kind, value))
        elif words:
            self.exact.setdefault(words[0], []).append((words, kind, value))

    def fitting(self, words: list[str], at: int) -> list[Entry]:
        """Entries that begin at this word."""
        word = words[at]
        found = list(self.exact.get(word, ()))
        for length in range(2, len(word) + 1):
            if stem := self.stems.get(word[:length]):
                found += stem
        return [entry for entry in found if fits(entry[0], words, at)] if found else found


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language's words."""

    entries: Entries
    negations: frozenset[str]
    boosters: frozenset[str]
    dense: DenseWords | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """`total` is the sum, `hits` how many entries made it, `profanity` and `thanks` whether any was found."""

    total: float = 0.0
    hits: int = 0
    profanity: bool = False
    thanks: bool = False

    @property
    def score(self) -> float:
        return squeezed(self.total)


def squeezed(total: float) -> float:
    return total / math.sqrt(total * total + SOFT)


def read(text: str, lexicon: Lexicon, *, emoji: Mapping[str, float]) -> Reading:
    values = [value for char, value in emoji.items() if char in text for _ in range(min(text.count(char), 3))]
    if lexicon.dense:
        pieces, of_kinds = lexicon.dense.read(CLAUSE.split(folded(text)))
        return summed_up(values + pieces, of_kinds)
    kinds: set[Kind] = set()
    for clause in CLAUSE.split(text):
        words = tokens(clause)
        end = 0
        for at in range(len(words)):
            found = lexicon.entries.fitting(words, at)
            kinds.update(kind for _, kind, _ in found)
            valued = [(len(entry), value) for entry, kind, value in found if kind == "value"]
            if valued and at >= end:
                length, value = max(valued, key=lambda one: (one[0], abs(one[1])))
                values.append(in_context(value, words, at, length, lexicon))
                end = at + length
    return summed_up(values, kinds)


def summed_up(values: list[float], kinds: Set[Kind]) -> Reading:
    if "profanity" in kinds:
        values = [*values, VALUES["worse"]]
    summed = total(values)
    thanks = "thanks" in kinds
    return Reading(summed + (THANKS if thanks and summed >= 0 else 0.0), len(values), "profanity" in kinds, thanks)


def in_context(value: float, words: list[str], at: int, length: int, lexicon: Lexicon) -> float:
    before = words[max(0, at - REACH) : at]
    if any(word in lexicon.boosters for word in before[-1:]):
        value *= BOOSTED
    # "n'est toujours pas": a phrase with its own negation means what it says.
    own = any(word in lexicon.negations for word in words[at : at + length])
    if not own and any(word in lexicon.negations for word in before):
        value *= TURNED
    return value


def total(values: list[float]) -> float:
    """Politeness does not soften a complaint: mild good words count only where nothing bad is said."""
    bad = sum(value for value in values if value < 0)
    good = [value for value in values if value > 0]
    if not bad:
        # "Hello, please, yes" is polite, not happy.
        return sum(value for value in good if value > 1) + (POLITE if any(value <= 1 for value in good) else 0.0)
    if bad > -1.5:
        return bad + sum(value for value in good if value > 1)
    return bad * COMPLAINT + sum(value for value in good if value > 1) if good else bad


def fits(entry: tuple[str, ...], words: list[str], at: int) -> bool:
    there = words[at : at + len(entry)]
    return len(there) == len(entry) and all(
        word.startswith(listed[:-1]) if listed.endswith("*") else word == listed
        for listed, word in zip(entry, there, strict=True)
    )


@lru_cache(maxsize=256)
def folded(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.casefold().replace("’", "'").replace("ı", "i").replace("ł", "l"))
    return "".join(char for char in plain if char in VOICED or not unicodedata.combining(char))


def tokens(text: str) -> list[str]:
    """Words without accents and apostrophes: `doesn't` and `doesnt` are one, `j'attends` is two."""
    return WORD.findall(ELISION.sub(r"\1 ", folded(text)).replace("'", ""))


@cache
def load() -> tuple[dict[str, Lexicon], dict[str, float]]:
    """Lexicons by language, and the values of emoji."""
    raw: dict[str, Any] = {}
    for name in LISTS:
        raw |= tomllib.loads(files("nlp.lexicon").joinpath(name).read_text(encoding="utf-8"))
    emoji = {char: VALUES[kind] for kind, listed in raw.pop("emoji").items() for char in listed.split()}
    return {code: lexicon_of(lists) for code, lists in raw.items()}, emoji


def lexicon_of(lists: Mapping[str, Any]) -> Lexicon:
    if lists.get("dense"):
        return Lexicon(Entries(), frozenset(), frozenset(), dense=dense_words(lists))
    entries = Entries()
    for name, value in VALUES.items():
        for phrase in lists[name].split(","):
            entries.add(phrase, "value", value)
    for phrase in lists["profanity"].split(","):
        entries.add(phrase, "profanity", 0.0)
    for phrase in lists["thanks"].split(","):
        entries.add(phrase, "thanks", 0.0)
    return Lexicon(
        entries=entries,
        negations=frozenset(word for phrase in lists["negations"].split(",") for word in tokens(phrase)),
        boosters=frozenset(word for phrase in lists["boosters"].split(",") for word in tokens(phrase)),
    )


def dense_words(lists: Mapping[str, Any]) -> DenseWords:
    values = {folded(phrase): value for name, value in VALUES.items() for phrase in listed(lists[name])}
    return DenseWords(
        values=values,
        profanity=tuple(map(folded, listed(lists["profanity"]))),
        thanks=tuple(map(folded, listed(lists["thanks"]))),
        negations=tuple(map(folded, listed(lists["negations"]))),
        turned=tuple(map(folded, listed(lists["turned"]))),
        boosters=tuple(map(folded, listed(lists["boosters"]))),
        factors=(TURNED, BOOSTED),
    )


def listed(phrases: str) -> list[str]:
    """A blank at the end of a phrase counts: it parts it from what follows."""
    return [phrase.lstrip() for phrase in phrases.replace("\n", "").split(",") if phrase.strip()]
