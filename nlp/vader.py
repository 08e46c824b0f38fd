"""Sentiment by VADER (Hutto & Gilbert 2014), on English only: the original, or the pivot translation.

On other languages it is blind (it finds 3 to 13 % of what is negative), so it says nothing there: let `lexicon` follow.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.errors import EngineFailed
from orchestrator.ports import Clock, Files, Http, Stage
from orchestrator.types import Sentiment, Understanding, Utterance
from orchestrator.types.understanding import SentimentLabel

# 0.1 ms for a sentence, but it grows with the square of the words.
LONGEST = 500


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    label_at: float = Field(0.05, gt=0, lt=1, description="Score from which a text is positive, below its negative.")


class Vader:
    name = "sentiment"
    engine = "vader"
    version = "3.3.2"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.analyzer: Any = None

    async def open(self) -> None:
        """Raises EngineFailed when vaderSentiment is not installed."""
        self.analyzer = await asyncio.to_thread(load)

    async def close(self) -> None:
        self.analyzer = None

    async def read(self, said: Utterance, known: Understanding) -> Understanding:
        text = english(said, known)
        if self.analyzer is None:
            raise EngineFailed("vader: not open")
        if not text.strip():
            raise EngineFailed("vader reads English, and there is no English translation")
        score = scored(text[:LONGEST])["compound"]
        return replace(
            known, sentiment=Sentiment(score=score, label=self.label(score), confidence=abs(score), engine="vader")
        )

    def label(self, score: float) -> SentimentLabel:
        if score <= -self.settings.label_at:
            return "negative"
        return "positive" if score >= self.settings.label_at else "neutral"


def english(said: Utterance, known: Understanding) -> str:
    if known.language.code == "en":
        return said.text
    return known.pivot if said.pivot_language == "en" else ""


@cache
def load() -> Any:
    """Once for the process: it holds its word lists and nothing of a text."""
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError as error:
        raise EngineFailed("vader: 'vaderSentiment' is not installed; run 'pip install parley'") from error
    return SentimentIntensityAnalyzer()


@lru_cache(maxsize=64)
def scored(text: str) -> Mapping[str, float]:
    """VADER's `neg`, `neu`, `pos` and `compound`; more than one stage of a turn wants them. Raises EngineFailed."""
    return dict(load().polarity_scores(text))


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Stage:
    return Vader(settings)
