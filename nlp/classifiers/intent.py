"""Intents by a classifier that was trained on them, or, from their mere descriptions, by a zero-shot model."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from nlp.classifiers.pipeline import Pipeline, named, ranked
from orchestrator.errors import EngineFailed, Misconfigured
from orchestrator.ports import Clock, Files, Http, Stage
from orchestrator.types import Intent, Understanding, Utterance

SHOWN = 3


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    model: str = Field(description="Name on the hub, or folder, of a text classifier or a model for inference (NLI).")
    task: Literal["text-classification", "zero-shot"] = Field("zero-shot", description="What the model was made for.")
    intents: Mapping[str, str] = Field(
        default_factory=dict,
        description="For zero-shot: what each intent is about in a few words; else, the intent of each of its labels.",
    )
    hypothesis: str = Field("This message is about {}.", description="For zero-shot; {} stands for the description.")
    languages: tuple[str, ...] = Field(
        (), description="Languages the model reads itself; others in translation. Default: every one."
    )
    threshold: float = Field(0.3, ge=0, le=1, description="Below this probability a message is of no intent.")
    download: bool = Field(False, description="Whether the model may be downloaded when it is not there.")


class ClassifierIntent:
    name = "intent"

    def __init__(self, settings: Settings) -> None:
        if settings.task == "zero-shot" and len(settings.intents) < 2:
            raise Misconfigured("describe at least two intents: intents = { shipping = 'what delivery costs' }")
        self.settings = settings
        self.engine = f"transformers/{named(settings.model)}"
        task: Literal["text-classification", "zero-shot-classification"] = "text-classification"
        if settings.task == "zero-shot":
            task = "zero-shot-classification"
        self.pipeline = Pipeline(task, settings.model, download=settings.download)

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
        found = await self.scores(text)
        intents = [
            Intent(name=name, score=round(score, 4), engine=self.engine)
            for name, score in found[:SHOWN]
            if score >= self.settings.threshold
        ]
        return replace(known, intents=tuple(intents))

    async def scores(self, text: str) -> list[tuple[str, float]]:
        given = self.settings.intents
        if self.settings.task == "zero-shot":
            names = {about: name for name, about in given.items()}
            asked = {"candidate_labels": list(names), "hypothesis_template": self.settings.hypothesis}
            answer = ranked(await self.pipeline.ask(text, **asked))
            return [(names[about], score) for about, score in answer]
        answer = ranked(await self.pipeline.ask(text, top_k=None))
        return [(given.get(label, label), score) for label, score in answer]


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Stage:
    return ClassifierIntent(settings)
