"""The wish for a person, in the customer's own words and in the pivot translation: hand-written patterns.

In 23 languages: every one whose small talk the detector knows. Measured in docs/languages.md.
"""

import asyncio
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from nlp.phrases.spelling import Spelling
from orchestrator.ports import Clock, Files, Http, Stage
from orchestrator.types import Understanding, Utterance

# A wish is a short thing to say: it stands at the beginning or the end of a long message.
LONGEST = 600
# With a frame ("can I", "I want") it is a wish; without one it may be talk about talking.
FRAMED = 0.95
UNFRAMED = 0.7
ALONE = 0.9
MACHINE = 0.8
LISTS = ("ways.toml", "more_ways.toml")
SENTENCE = re.compile(r"[.;:!?¡¿…\n()؟۔؛。｡！？；：]+")
COMMA = str.maketrans("،、，", ",,,")
WORD_OR_COMMA = re.compile(r"\w+|,")
WORD = re.compile(r"[^\W\d_]{4,}")
LATIN_WORD = re.compile(r"[a-z]{4}")
NOBODY = " nobody "
# English for what is not wanted; what is not possible ("you don't let me talk to a person") is a wish all the same.
UNWANTED = re.compile(
    r"\b(?:(?:do|does|did)(?:\s+not|nt)\s+(?:want|need|wish|have|like|feel)|no\s+need|(?:rather|prefer)\s+not|"
    r"(?:please|pls)\s+(?:do\s+not|dont)|not\s+(?:want|need|interested)|without|never\s+asked|nobody)\b|^(?:do\s+not|dont)\b"
)
# What may stand before or after somebody asked for: "hello, agent please".
POLITE = (
    r"(?:please|pls|plz|hi|hello|hey|ok|okay|no|yes|just|only|i\s+said|now|thanks|asap|want|por\s+favor|porfa|hola|si|gracias|"
    r"solo|quiero|per\s+favore|ciao|grazie|vorrei|voglio|hallo|hoi|graag|aub|alsjeblieft|alstublieft|ja|nee|bitte|danke|nein|"
    r"bonjour|svp|stp|s\s?il\s+(?:vous|te)\s+plait|merci|oui|non|ola|oi|pf|pfv|sim|nao|obrigad[oa]|ya|ahora|jetzt|maintenant)"
)


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    languages: tuple[str, ...] = Field((), description="Only look for wishes in these; default: all known.")


@dataclass(frozen=True, slots=True)
class Ways:
    """One language's patterns, compiled; see ways.toml. None matches nothing, but as `frames` every ask."""

    asks: re.Pattern[str]
    alone: re.Pattern[str]
    negated: re.Pattern[str]
    machines: re.Pattern[str]
    never: re.Pattern[str]
    frames: re.Pattern[str] | None = None
    turned: re.Pattern[str] | None = None
    # Written in Latin letters: of no other language is there anything in a sentence of these alone.
    latin: bool = True

    def score(self, sentence: str) -> float:
        """0..1 for one sentence, folded, its commas apart as words of their own."""
        clauses = sentence.split(" , ")
        said = " ".join(clauses)
        if self.machines.search(said):
            return MACHINE
        said = self.never.sub(NOBODY, said)
        if any(self.alone.fullmatch(clause) for clause in clauses):
            return ALONE
        for found in self.asks.finditer(said):
            if self.denied(said, found) and not self.asks_again(clauses):
                continue
            framed = self.frames is None or self.frames.search(said[: found.end()]) or not said[: found.start()].strip()
            return FRAMED if framed else UNFRAMED
        return 0.0

    def denies(self, sentence: str) -> bool:
        """Whether it is said, in English, that nobody is wanted, or that somebody was asked before."""
        said = " ".join(sentence.split(" , "))
        if self.machines.search(said):
            return False
        plain = self.never.sub(NOBODY, said)
        asks = list(self.asks.finditer(plain))
        if not asks:
            return bool(self.asks.search(said))
        return all(self.denied(plain, ask) and UNWANTED.search(plain[: ask.start()]) for ask in asks)

    def denied(self, said: str, ask: re.Match[str]) -> bool:
        if self.negated.search(said[: ask.start()]):
            return True
        return bool(self.turned and self.turned.match(said[ask.end() :]))

    def asks_again(self, clauses: list[str]) -> bool:
        """Whether a clause asks without a negation of its own: "that's not good, can I talk to someone"."""
        for clause in clauses:
            said = self.never.sub(NOBODY, clause)
            found = self.asks.search(said)
            if found and not self.denied(said, found):
                return True
        return False


class Phrases:
    """A Stage. Fills in `wants_person`, the surest of all sentences in all languages looked at."""

    name = "wish"
    engine = "phrases"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ways: dict[str, Ways] = {}
        self.spelling = Spelling(())

    async def open(self) -> None:
        self.ways, keywords = load(self.settings.languages)
        listed = " ".join(ways.asks.pattern + ways.alone.pattern for ways in self.ways.values())
        self.spelling = Spelling(keywords, WORD.findall(listed))

    async def close(self) -> None:
        pass

    async def read(self, said: Utterance, known: Understanding) -> Understanding:
        """On the event loop: 0.1 to 0.2 ms for a sentence; others have their turn between those of a long message."""
        wish = await self.heard(said.text)
        if known.pivot and known.pivot != said.text:
            wish = max(wish, await self.heard(known.pivot, only=(said.pivot_language,)))
        return replace(known, wants_person=max(known.wants_person, wish))

    async def heard(self, text: str, *, only: tuple[str, ...] = ()) -> float:
        best = 0.0
        for score in self.scores(text, only):
            best = max(best, score)
            if len(text) > LONGEST:
                await asyncio.sleep(0)
        return best

    def score(self, text: str, *, only: tuple[str, ...] = ()) -> float:
        """0..1. Every language is looked at unless `only` some: who asks for a person may do so in any."""
        return max(self.scores(text, only), default=0.0)

    def scores(self, text: str, only: tuple[str, ...]) -> Iterator[float]:
        """One for each sentence, and for each as it was probably meant."""
        if len(text) > 2 * LONGEST:
            text = f"{text[:LONGEST]}. {text[-LONGEST:]}"
        for sentence in SENTENCE.split(folded(text)):
            typed = WORD_OR_COMMA.findall(sentence)
            meant = [self.spelling.corrected(word) for word in typed]
            yield self.sentence(" ".join(typed), only)
            if meant != typed:
                # Both: what is a typing mistake in one language is a word in another.
                yield self.sentence(" ".join(meant), only)

    def sentence(self, words: str, only: tuple[str, ...]) -> float:
        if not words:
            return 0.0
        plain = words.isascii()
        fitting = (ways for code, ways in self.ways.items() if (ways.latin or not plain) and (not only or code in only))
        return max((ways.score(words) for ways in fitting), default=0.0)


def folded(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.casefold().replace("ı", "i").replace("ł", "l"))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return re.sub(r"n['’]t\b", "nt", plain).replace("'", " ").replace("’", " ").translate(COMMA)


def denies(text: str) -> bool:
    """Whether an English sentence says that no person is wanted, or speaks of one who was, and none asks for one."""
    ways = load(())[0]["en"]
    sentences = [" ".join(WORD_OR_COMMA.findall(sentence)) for sentence in SENTENCE.split(folded(text[:LONGEST]))]
    said = [sentence for sentence in sentences if sentence]
    return any(map(ways.denies, said)) and not any(map(ways.score, said))


@cache
def load(languages: tuple[str, ...]) -> tuple[dict[str, Ways], list[str]]:
    """Patterns by language, and the words whose typing mistakes are worth mending."""
    raw: dict[str, Any] = {}
    for name in LISTS:
        raw |= tomllib.loads(files("nlp.phrases").joinpath(name).read_text(encoding="utf-8"))
    keywords = raw.pop("keywords").split()
    return {code: compiled(ways) for code, ways in raw.items() if not languages or code in languages}, keywords


def compiled(ways: Mapping[str, Any]) -> Ways:
    dense = ways.get("dense", False)
    edge, blank = ("", r"\s*") if dense else (r"\b", r"\s+")
    people = ways["people"]
    asks = "|".join(f"{edge}(?:{ask.replace('{people}', people)}){edge}" for ask in ways["asks"])
    polite = f"(?:{POLITE}|{ways['polite']})" if "polite" in ways else POLITE
    alone = f"(?:{polite}{blank}){{0,4}}(?:{ways['alone']})(?:{blank}{polite}){{0,4}}"
    return Ways(
        asks=pattern(asks),
        alone=pattern(alone),
        negated=pattern(f"{edge}(?:{ways['negated']})$"),
        machines=pattern("|".join(f"{edge}(?:{machine})" for machine in ways["machines"])),
        never=pattern(f"{edge}(?:{ways['never']}){edge}"),
        frames=pattern(f"{edge}(?:{ways['frames']}){edge}") if "frames" in ways else None,
        turned=pattern(ways["turned"]) if "turned" in ways else None,
        latin=bool(LATIN_WORD.search(people)),
    )


def pattern(written: str) -> re.Pattern[str]:
    """Over what `folded` makes of a message: accents and capitals may stand in what is written here."""
    return re.compile(folded(written))


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Stage:
    return Phrases(settings)
