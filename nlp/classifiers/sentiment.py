"""Sentiment by a text classifier, such as cardiffnlp/twitter-xlm-roberta-base-sentiment, which reads many languages."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from nlp.classifiers.pipeline import Pipeline, named, ranked
from orchestrator.errors import EngineFailed
from orchestrator.ports import Clock, Files, Http, Stage
from orchestrator.types import Sentiment, Understanding, Utterance
from orchestrator.types.understanding import SentimentLabel

KNOWN: Mapping[str, SentimentLabel] = {
    **dict.fromkeys(("negative", "neg", "label_0", "1 star", "2 stars"), "negative"),
    **dict.fromkeys(("neutral", "neu", "label_1", "3 stars"), "neutral"),
    **dict.fromkeys(("positive", "pos", "label_2", "4 stars", "5 stars"), "positive"),
}


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    model: str = Field(description="Name on the hub, or folder, of a text classifier.")
    languages: tuple[str, ...] = Field(
        (), description="Languages the model reads itself; others in translation. Default: every one."
    )
    labels: Mapping[str, SentimentLabel] = Field(
        default_factory=dict, description="What the model's labels mean, where they are not 'negative', 'neutral' …"
    )
    download: bool = Field(False, description="Whether the model may be downloaded when it is not there.")


class ClassifierSentiment:
    name = "sentiment"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.engine = f"transformers/{named(settings.model)}"
        self.labels = {**KNOWN, **{name.lower(): meaning for name, meaning in settings.labels.items()}}
        self.pipeline = Pipeline("text-classification", settings.model, download=settings.download)

    async def open(self) -> None:
        """Begins to load in a thread; a model that can't be loaded is told of in each turn's trace."""
        self.pipeline.start()

    async def close(self) -> None:
        self.pipeline.close()

    async def read(self, said: Utterance, known: Understanding) -> Understanding:
        own = not self.settings.languages or known.language.code in self.settings.languages
        text = said.text if own else known.pivot
        if not text.strip():
            raise EngineFailed(f"{self.engine} does not read {known.language.code!r}, and there is no translation")
        answer = ranked(await self.pipeline.ask(text, top_k=None))
        return replace(known, sentiment=self.sentiment(answer))

    def sentiment(self, answer: Sequence[tuple[str, float]]) -> Sentiment:
        shares: dict[SentimentLabel, float] = {"negative": 0.0, "neutral": 0.0, "positive": 0.0}
        for label, score in answer:
            if label.lower() not in self.labels:
                raise EngineFailed(f"{self.engine} answers {label!r}: say in 'labels' what that means")
            shares[self.labels[label.lower()]] += score
        best = max(shares, key=lambda label: shares[label])
        return Sentiment(
            score=round(shares["positive"] - shares["negative"], 4),
            label=best,
            confidence=round(shares[best], 4),
            engine=self.engine,
        )


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Stage:
    return ClassifierSentiment(settings)
