"""Sentiment and signals from word lists, in the customer's own words: for when translation is down, and to refine.

VADER reads only English and knows little of parcels; these lists know what an unhappy customer writes in 18 languages.
In any other one emoji, capitals and repeats still count.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from nlp.lexicon.score import Lexicon, Reading, load, read, squeezed, tokens
from orchestrator.ports import Clock, Files, Http, Stage
from orchestrator.types import Sentiment, Understanding, Utterance
from orchestrator.types.understanding import SentimentLabel

# Words beyond this add nothing to how somebody feels.
LONGEST = 1000
SHOUTED_LETTERS = 8
SHOUTED_SHARE = 0.7
SAME_WORDS = 0.8
# What shouting and asking again add to the sum when nothing good was said.
IMPATIENCE = -1.5
LABEL_AT = 0.12
# VADER gives "my order number" +0.08 and "can I pay" -0.10: with no word of the lists, a label needs more than that.
LABEL_UNSURE_AT = 0.25
SURER = 0.85


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    weight: float = Field(0.6, ge=0, le=1, description="Weight of the lists beside the sentiment engine before them.")


class LexiconStage:
    """A Stage. Alone it scores by its lists; after another engine it weighs that engine's score with its own."""

    name = "sentiment"
    engine = "lexicon"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.lexicons: dict[str, Lexicon] = {}
        self.emoji: dict[str, float] = {}

    async def open(self) -> None:
        self.lexicons, self.emoji = load()

    async def close(self) -> None:
        pass

    async def read(self, said: Utterance, known: Understanding) -> Understanding:
        """On the event loop: 0.1 ms for a sentence."""
        text = said.text[:LONGEST]
        reading = self.best(text, known, said.pivot_language)
        found = tuple(signals(text, said.previous, reading))
        impatient = IMPATIENCE * sum(signal in found for signal in ("caps", "repeat")) if reading.total <= 0 else 0.0
        own = squeezed(reading.total + impatient)
        sentiment = self.weighed(own, known.sentiment, certain=bool(reading.hits or impatient))
        merged = tuple(dict.fromkeys((*known.signals, *found)))
        return replace(known, sentiment=sentiment, signals=merged)

    def best(self, text: str, known: Understanding, pivot_language: str) -> Reading:
        """The text in its own language, and its translation: whichever says more."""
        versions = dict.fromkeys(((known.language.code, text), (pivot_language, known.pivot[:LONGEST])))
        readings = [
            read(words, self.lexicons[code], emoji=self.emoji)
            for code, words in versions
            if code in self.lexicons and words
        ]
        if not readings:
            return read(text, self.lexicons["en"], emoji=self.emoji)
        strongest = max(readings, key=lambda reading: abs(reading.total))
        return replace(
            strongest,
            profanity=any(reading.profanity for reading in readings),
            thanks=any(reading.thanks for reading in readings),
        )

    def weighed(self, own: float, before: Sentiment | None, *, certain: bool) -> Sentiment:
        if before is None:
            score, engine = own, self.engine
        elif not certain:
            score, engine = before.score, before.engine
        else:
            # VADER takes "Great, another week without my order" for praise, and a "please" for joy.
            overrated = own < LABEL_AT and before.score > 0
            weight = max(self.settings.weight, SURER) if overrated else self.settings.weight
            score, engine = weight * own + (1 - weight) * before.score, f"{before.engine}+{self.engine}"
        score = round(max(-1.0, min(1.0, score)), 4)
        sure = before is None or certain
        label = label_of(score, LABEL_AT if sure else LABEL_UNSURE_AT)
        return Sentiment(score=score, label=label, confidence=round(abs(score), 4), engine=engine)


def label_of(score: float, at: float) -> SentimentLabel:
    if score <= -at:
        return "negative"
    return "positive" if score >= at else "neutral"


def signals(text: str, previous: str, reading: Reading) -> Iterator[str]:
    letters = [char for char in text if char.isalpha()]
    if len(letters) >= SHOUTED_LETTERS and sum(char.isupper() for char in letters) >= SHOUTED_SHARE * len(letters):
        yield "caps"
    if len(re.findall("[!¡]", text)) >= 2:
        yield "exclamation"
    if says_again(text, previous):
        yield "repeat"
    if reading.profanity:
        yield "profanity"
    if reading.thanks:
        yield "thanks"


def says_again(text: str, previous: str) -> bool:
    """The same words as the message before, but for a few; short answers (yes, no) may well come twice."""
    now, before = set(tokens(text[:LONGEST])), set(tokens(previous[:LONGEST]))
    return len(now) >= 3 and len(now & before) >= SAME_WORDS * len(now | before)


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Stage:
    return LexiconStage(settings)
