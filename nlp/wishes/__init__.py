"""The wish for a person by MiniLM's embedding, in English or its translation: wordings nobody wrote a pattern for.

It follows `phrases`, whose score counts as much as its own. The sentences it learned from were written for Parley.
"""

import asyncio
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from nlp import heads, vader
from nlp.embedding import Encoder, default_folder, find, shared
from nlp.heads import SmallHead
from nlp.phrases import denies
from orchestrator.errors import EngineFailed
from orchestrator.ports import Clock, Files, Http, Stage
from orchestrator.types import Understanding, Utterance

PACKAGE = "nlp.wishes"
CLASSES = ("other", "wish")
# A wish is a short thing to say: it stands at the beginning or the end of a long message.
LONGEST = 300
# Of the head's probability and of the patterns' score; the sum is a wish from `EDGE` on. On NLU++ and banking77 as in
# docs/intents.md: either alone needs to be all but certain, both together need not.
HEAD, PATTERNS = 0.7, 0.5
EDGE, WISH = 0.5, 0.6
# An embedding hardly tells "I don't want to talk to a person" from its opposite: at most so much is said then.
DENIED = 0.55


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    model: Path | None = Field(
        None, description="Folder of the embedding model. Default: where 'parley models' keeps it."
    )


class Wishes:
    name = "wish"
    engine = "wishes"

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.model or default_folder()
        self.encoder: Encoder | None = None
        self.head: SmallHead | None = None
        self.version = ""

    async def open(self) -> None:
        """Raises EngineFailed when the model is not there or can't be loaded."""
        encoder, head = await asyncio.to_thread(lambda: (shared(self.folder), heads.load(PACKAGE)))
        self.encoder, self.head, self.version = encoder, head, heads.version(head, encoder.digest)

    async def close(self) -> None:
        self.encoder = None

    async def read(self, said: Utterance, known: Understanding) -> Understanding:
        text = vader.english(said, known)
        encoder, head = self.encoder, self.head
        if encoder is None or head is None:
            raise EngineFailed("wishes: not open")
        if not any(char.isalpha() for char in text):
            return known
        vector = await encoder.embed(text if len(text) <= LONGEST else f"{text[:LONGEST]} {text[-LONGEST:]}")
        wish = together(float(head.shares(vector)[1]), known.wants_person)
        if known.wants_person < WISH and denies(text):
            wish = min(wish, DENIED)
        return replace(known, wants_person=wish)


def together(own: float, patterns: float) -> float:
    """0..1, from 0.6 on a wish. What the patterns are sure of stays one: they also read the customer's own language."""
    total = HEAD * own + PATTERNS * patterns
    scaled = WISH + (total - EDGE) * (1 - WISH) / (HEAD + PATTERNS - EDGE) if total >= EDGE else total * WISH / EDGE
    sure = patterns if patterns >= WISH else 0.0
    return round(min(1.0, max(scaled, min(sure, WISH + 0.1 * own) if sure else 0.0)), 4)


def usable(settings: Settings) -> str | None:
    """None, or why it can't be used here."""
    folder = settings.model or default_folder()
    return None if find(folder) else f"the embedding model is not in {str(folder)!r}; run 'parley models fetch'"


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Stage:
    return Wishes(settings)
