"""A stage of one's own: hears that something is urgent, in the customer's words or in their translation.

It adds the signal "urgent", which rules read as `"urgent" in signals`.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.ports import Clock, Files, Http, Stage
from orchestrator.types import Understanding, Utterance

# A stage runs on the event loop: a long text must not hold up everybody else's.
LONGEST = 1000
WORDS = {
    "en": ("urgent", "urgently", "asap", "immediately", "right now", "by tomorrow", "by tonight"),
    "es": ("urgente", "urgentemente", "cuanto antes", "ahora mismo", "para mañana"),
    "it": ("urgente", "subito", "al più presto", "entro domani"),
    "nl": ("dringend", "spoed", "zo snel mogelijk", "meteen", "voor morgen"),
}


class Settings(BaseModel):
    """What an app writes below [apps.<name>.nlp.stages.urgency]. A typing mistake is told with file and line."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    words: Mapping[str, tuple[str, ...]] = Field(WORDS, description="Words and phrases that say so, by language.")


class Urgency:
    """A Stage. `name` is the role it plays, `engine` and `version` are shown in the trace beside what it found."""

    name = "sentiment"
    engine = "urgency"
    version = "1.0.0"

    def __init__(self, settings: Settings) -> None:
        self.patterns = {code: pattern(words) for code, words in settings.words.items() if words}

    async def open(self) -> None:
        """Where models would be loaded. Raise orchestrator.errors.EngineFailed when one can't be."""

    async def close(self) -> None:
        """Where they would be let go."""

    async def read(self, said: Utterance, known: Understanding) -> Understanding:
        """What was known, and the signal."""
        texts = ((known.language.code, said.text), (said.pivot_language, known.pivot))
        if not any(self.heard(code, text) for code, text in texts):
            return known
        return replace(known, signals=tuple(dict.fromkeys((*known.signals, "urgent"))))

    def heard(self, code: str, text: str) -> bool:
        found = self.patterns.get(code)
        return found is not None and found.search(text[:LONGEST]) is not None


def pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b", re.IGNORECASE)


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Stage:
    """What Parley calls. The return type lets a type checker name a missing member here, in your own file."""
    return Urgency(settings)
