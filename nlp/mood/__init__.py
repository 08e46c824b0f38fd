"""Sentiment of English, or of the English translation, by MiniLM's embedding and VADER's four numbers together.

The sentences it learned from were written for Parley: what customers and people on social media write, in three
classes. What the engines before it said weighs in. Without the model, or a translation, they stand alone.
"""

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from nlp import heads, vader
from nlp.embedding import Encoder, default_folder, find, shared
from nlp.heads import Floats, SmallHead
from orchestrator.errors import EngineFailed
from orchestrator.ports import Clock, Files, Http, Stage
from orchestrator.types import Sentiment, Understanding, Utterance
from orchestrator.types.understanding import SentimentLabel

PACKAGE = "nlp.mood"
LABELS: tuple[SentimentLabel, SentimentLabel, SentimentLabel] = ("negative", "neutral", "positive")
LONGEST = 500
# VADER's numbers beside a vector of length 1.2.
VADER_WEIGHT = 1.5
# A customer's anger that is overlooked costs more than a neutral message taken for an angry one.
NEGATIVE_COUNTS = 1.7


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    weight: float = Field(0.75, ge=0, le=1, description="Weight of this engine beside the ones before it.")
    model: Path | None = Field(
        None, description="Folder of the embedding model. Default: where 'parley models' keeps it."
    )


class Mood:
    name = "sentiment"
    engine = "mood"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = settings.model or default_folder()
        self.encoder: Encoder | None = None
        self.head: SmallHead | None = None
        self.version = ""

    async def open(self) -> None:
        """Raises EngineFailed when the model is not there or can't be loaded."""
        encoder, head, _ = await asyncio.to_thread(lambda: (shared(self.folder), heads.load(PACKAGE), vader.load()))
        self.encoder, self.head, self.version = encoder, head, heads.version(head, encoder.digest)

    async def close(self) -> None:
        self.encoder = None

    def begin(self, said: Utterance, known: Understanding) -> None:
        text = vader.english(said, known)[:LONGEST]
        if self.encoder is not None and any(char.isalpha() for char in text):
            self.encoder.begin(text)

    async def read(self, said: Utterance, known: Understanding) -> Understanding:
        text = vader.english(said, known)[:LONGEST]
        encoder, head = self.encoder, self.head
        if encoder is None or head is None:
            raise EngineFailed("mood: not open")
        if not any(char.isalpha() for char in text):
            return known
        vector = await encoder.embed(text)
        # 0.15 ms: less than it takes to change threads.
        shares = leaning(head.shares(features(vector, text)))
        return replace(known, sentiment=weighed(shares, known.sentiment, self.settings.weight))


def features(vector: Floats, text: str) -> Floats:
    found = vader.scored(text)
    numbers = [found["neg"], found["neu"], found["pos"], found["compound"]]
    return np.concatenate([vector, VADER_WEIGHT * np.array(numbers, dtype=np.float32)])


def leaning(shares: Floats) -> Floats:
    """Towards negative."""
    counted = shares * np.array([NEGATIVE_COUNTS, 1.0, 1.0], dtype=np.float32)
    return np.asarray(counted / counted.sum(), dtype=np.float32)


def weighed(shares: Floats, before: Sentiment | None, weight: float) -> Sentiment:
    """With what the word lists said; a score is how much likelier good is than bad."""
    engine = "mood"
    if before is not None:
        shares = weight * shares + (1 - weight) * as_shares(before)
        engine = f"{before.engine}+mood"
    place = int(np.argmax(shares))
    score = round(float(shares[2] - shares[0]), 4)
    return Sentiment(score=score, label=LABELS[place], confidence=round(float(shares[place]), 4), engine=engine)


def as_shares(before: Sentiment) -> Floats:
    """A score between -1 and 1 as shares of the three classes."""
    strength = min(1.0, abs(before.score) * 1.5) if before.label != "neutral" else 0.0
    place = LABELS.index(before.label)
    shares = np.full(3, (1 - strength) / 3, dtype=np.float32)
    shares[place] += strength
    if before.label == "neutral":
        shares = np.array([0.25, 0.5, 0.25], dtype=np.float32)
    return shares


def usable(settings: Settings) -> str | None:
    """None, or why it can't be used here."""
    folder = settings.model or default_folder()
    return None if find(folder) else f"the embedding model is not in {str(folder)!r}; run 'parley models fetch'"


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Stage:
    return Mood(settings)
