"""The wish for a person, in the customer's own words and in the pivot translation: hand-written patterns.

English, Spanish, Italian, Dutch, German, French and Portuguese in full; Polish, Swedish, Turkish, Russian, Ukrainian,
Arabic, Chinese and Japanese in short. Measured in docs/languages.md.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
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
SHORT_LANGUAGE = 0.9
SENTENCE = re.compile(r"[.;:!?¡¿…\n()]+")
WORD_OR_COMMA = re.compile(r"\w+|,")
WORD = re.compile(r"[^\W\d_]{4,}")
NOBODY = " nobody "
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
    """One language's patterns, compiled; see ways.toml."""

    asks: re.Pattern[str]
    frames: re.Pattern[str]
    alone: re.Pattern[str]
    negated: re.Pattern[str]
    machines: re.Pattern[str]
    never: re.Pattern[str]

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
            before = said[: found.start()]
            if self.negated.search(before) and not self.asks_again(clauses):
                continue
            return FRAMED if self.frames.search(said[: found.end()]) or not before.strip() else UNFRAMED
        return 0.0

    def asks_again(self, clauses: list[str]) -> bool:
        """Whether a clause asks without a negation of its own: "that's not good, can I talk to someone"."""
        for clause in clauses:
            said = self.never.sub(NOBODY, clause)
            found = self.asks.search(said)
            if found and not self.negated.search(said[: found.start()]):
                return True
        return False


class Phrases:
    """A Stage. Fills in `wants_person`, the surest of all sentences in all languages looked at."""

    name = "wish"
    engine = "phrases"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ways: dict[str, Ways] = {}
        self.others: dict[str, re.Pattern[str]] = {}
        self.spelling = Spelling(())

    async def open(self) -> None:
        self.ways, self.others, keywords = load(self.settings.languages)
        listed = " ".join(ways.asks.pattern + ways.alone.pattern for ways in self.ways.values())
        self.spelling = Spelling(keywords, WORD.findall(listed))

    async def close(self) -> None:
        pass

    async def read(self, said: Utterance, known: Understanding) -> Understanding:
        """On the event loop: 0.1 to 0.2 ms for a sentence."""
        wish = self.score(said.text)
        if known.pivot and known.pivot != said.text:
            wish = max(wish, self.score(known.pivot, only=(said.pivot_language,)))
        return replace(known, wants_person=max(known.wants_person, wish))

    def score(self, text: str, *, only: tuple[str, ...] = ()) -> float:
        """0..1. Every language is looked at unless `only` some: who asks for a person may do so in any."""
        if len(text) > 2 * LONGEST:
            text = f"{text[:LONGEST]}. {text[-LONGEST:]}"
        best = 0.0
        for sentence in SENTENCE.split(folded(text)):
            words = " ".join(self.spelling.corrected(word) for word in WORD_OR_COMMA.findall(sentence))
            if words:
                best = max(best, self.sentence(words, only))
        return best

    def sentence(self, words: str, only: tuple[str, ...]) -> float:
        scores = [ways.score(words) for code, ways in self.ways.items() if not only or code in only]
        others = [
            SHORT_LANGUAGE
            for code, pattern in self.others.items()
            if (not only or code in only) and pattern.search(words)
        ]
        return max([0.0, *scores, *others])


def folded(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.casefold().replace("ı", "i").replace("ł", "l"))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return re.sub(r"n['’]t\b", "nt", plain).replace("'", " ").replace("’", " ")


@cache
def load(languages: tuple[str, ...]) -> tuple[dict[str, Ways], dict[str, re.Pattern[str]], list[str]]:
    """Full patterns by language, the others', and the words whose typing mistakes are worth mending."""
    raw = tomllib.loads(files("nlp.phrases").joinpath("ways.toml").read_text(encoding="utf-8"))
    others: Mapping[str, str] = raw.pop("others")
    keywords = raw.pop("keywords").split()
    return (
        {code: compiled(ways) for code, ways in raw.items() if not languages or code in languages},
        {code: re.compile(folded(way)) for code, way in others.items() if not languages or code in languages},
        keywords,
    )


def compiled(ways: Mapping[str, Any]) -> Ways:
    people = ways["people"]
    asks = "|".join(rf"\b{ask.replace('{people}', people)}\b" for ask in ways["asks"])
    return Ways(
        asks=re.compile(asks),
        frames=re.compile(rf"\b{ways['frames']}\b"),
        alone=re.compile(rf"(?:{POLITE}\s+){{0,4}}(?:{ways['alone']})(?:\s+{POLITE}){{0,4}}"),
        negated=re.compile(rf"\b{ways['negated']}$"),
        machines=re.compile("|".join(rf"\b{machine}" for machine in ways["machines"])),
        never=re.compile(rf"\b(?:{ways['never']})\b"),
    )


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Stage:
    return Phrases(settings)
