"""Intents from an app's example sentences, by MiniLM's embedding; by TF-IDF alone where the model is not there."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field

from nlp.embedding import Encoder, default_folder, find, shared
from nlp.intents.examples import Corpus, corpus
from nlp.intents.model import Mode, Model, Reading
from nlp.intents.train import train
from nlp.intents.versions import Versions
from orchestrator.errors import EngineFailed
from orchestrator.ports import Clock
from orchestrator.types import Intent, Understanding, Utterance

LONGEST = 1000
# Names of the intents a message may have are worth showing as far as they are likely.
SHOWN = 3
LOOK_AGAIN_SECONDS = 1.0
log = structlog.get_logger("parley")


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    file: Path | tuple[Path, ...] = Field(
        (), description="TOML with [[intent]] tables: name and examples. A guide's file will do. One or several."
    )
    intents: Mapping[str, tuple[str, ...]] = Field(default_factory=dict, description="Examples by intent, besides.")
    language: str = Field("en", description="Language of examples that do not say theirs.")
    mode: Literal["default", "accurate"] = Field(
        "default",
        description="'accurate' also looks at words and letters, and at each of up to 12,000 examples: 1 ms more, "
        "3 ms with 8,000 of them.",
    )
    threshold: float | None = Field(
        None, ge=0, le=1, description="Below this probability a message is of no intent; default: 1/√(intents)."
    )
    scope: float = Field(0.5, ge=0, le=1, description="From this likelihood on, a message is of none of the intents.")
    versions: Path = Field(Path("var/intents"), description="Folder of what was trained.")
    model: Path | None = Field(
        None, description="Folder of the embedding model. Default: where 'parley models' keeps it."
    )


class Intents:
    """A Stage. Fills in `intents`, likeliest first, and `out_of_scope`; none when the message is out of scope."""

    name = "intent"

    def __init__(self, settings: Settings, known: Corpus, clock: Clock) -> None:
        self.settings = settings
        self.corpus = known
        self.clock = clock
        self.folder = settings.model or default_folder()
        self.versions = Versions(folder_of(settings))
        self.encoder: Encoder | None = None
        self.model: Model | None = None
        self.number = 0
        self.stamp = 0
        self.look_at = 0.0
        self.loading: asyncio.Task[None] | None = None
        self.engine = "intents"
        self.version = ""

    def serve(self, model: Model, number: int) -> None:
        self.model, self.number = model, number
        self.engine = f"intents/{'minilm' if model.encoder else 'tfidf'}#{number}"
        self.version = f"{number}, examples {model.corpus[:8]}" + (
            f", MiniLM {model.encoder[:8]}" * bool(model.encoder)
        )

    async def open(self) -> None:
        """Serve the current version; train one first when there is none for these examples and this model."""
        await asyncio.to_thread(self.prepare)

    def prepare(self) -> None:
        self.encoder = shared(self.folder) if find(self.folder) else None
        self.stamp = self.versions.stamp()
        if not self.take_current():
            model = train(self.corpus, self.encoder, self.settings.mode)
            self.serve(model, 0)
            try:
                self.serve(model, self.versions.add(model))
            except EngineFailed as error:
                log.warning("trained intents are not kept", reason=str(error))
            self.stamp = self.versions.stamp()

    def take_current(self) -> bool:
        """Whether the current version can serve: of these examples, or chosen by hand, and of this embedding."""
        chosen = self.versions.current()
        if chosen is None:
            return False
        try:
            model = self.versions.load(chosen.number)
        except EngineFailed as error:
            log.warning("a trained version is left aside", version=chosen.number, reason=str(error))
            return False
        if model.encoder and (self.encoder is None or model.encoder != self.encoder.digest):
            return False
        if not chosen.pinned and (model.corpus != self.corpus.digest or model.mode != self.mode):
            return False
        self.serve(model, chosen.number)
        return True

    @property
    def mode(self) -> Mode:
        return self.settings.mode if self.encoder else "lexical"

    async def close(self) -> None:
        if self.loading is not None:
            self.loading.cancel()

    def begin(self, said: Utterance, known: Understanding) -> None:
        if self.model is not None and self.model.encoder and self.encoder is not None:
            for _, text in readable(self.model, said, known):
                self.encoder.begin(text)

    async def read(self, said: Utterance, known: Understanding) -> Understanding:
        self.look()
        model, encoder = self.model, self.encoder
        if model is None:
            raise EngineFailed("intents: not open")
        texts = readable(model, said, known)
        if not texts:
            languages = ", ".join(sorted(model.heads))
            raise EngineFailed(f"intents: the examples are in {languages}, and there is no translation")
        readings = [await self.reading(model, encoder, code, text) for code, text in texts]
        return self.filled(known, readings, len(next(iter(model.heads.values())).names))

    async def reading(self, model: Model, encoder: Encoder | None, code: str, text: str) -> Reading:
        if encoder is None or not model.encoder:
            return await asyncio.to_thread(model.heads[code].read, None, text)
        vector = await encoder.embed(text)
        if model.heads[code].quick:
            return model.heads[code].read(vector, text)
        return await encoder.run(lambda: model.heads[code].read(vector, text))

    def filled(self, known: Understanding, readings: Sequence[Reading], count: int) -> Understanding:
        """The customer's own words and the translation: of each intent whichever is surer."""
        threshold = self.settings.threshold if self.settings.threshold is not None else count**-0.5
        out = min(reading.out_of_scope for reading in readings)
        best: dict[str, float] = {}
        for reading in readings:
            if reading.out_of_scope < self.settings.scope:
                for name, share in reading.scores[:SHOWN]:
                    best[name] = max(share, best.get(name, 0.0))
        ordered = sorted(best.items(), key=lambda pair: -pair[1])[:SHOWN]
        intents = tuple(
            Intent(name=name, score=round(share, 4), engine=self.engine)
            for name, share in ordered
            if share >= threshold
        )
        return replace(known, intents=intents, out_of_scope=round(out, 4))

    def look(self) -> None:
        """Another version became current: load it beside, then swap; turns meanwhile are served by the old one."""
        now = self.clock.monotonic()
        if now < self.look_at or (self.loading is not None and not self.loading.done()):
            return
        self.look_at = now + LOOK_AGAIN_SECONDS
        stamp = self.versions.stamp()
        if stamp != self.stamp:
            self.stamp = stamp
            self.loading = asyncio.get_running_loop().create_task(self.reload())

    async def reload(self) -> None:
        """What was trained on other examples than this process read at its start is served all the same."""
        chosen = self.versions.current()
        if chosen is None or chosen.number == self.number:
            return
        try:
            model = await asyncio.to_thread(self.versions.load, chosen.number)
            encoder = shared(self.folder) if find(self.folder) else None
            if model.encoder and (encoder is None or encoder.digest != model.encoder):
                raise EngineFailed("it was trained on another embedding model")
        except EngineFailed as error:
            log.warning("a trained version is left aside", version=chosen.number, reason=str(error))
            return
        self.encoder = encoder
        self.serve(model, chosen.number)
        log.info("intents are served from another version", version=chosen.number)


def readable(model: Model, said: Utterance, known: Understanding) -> list[tuple[str, str]]:
    """(language, text) pairs the model has a head for."""
    own = known.language.code
    pairs = {own: said.text, said.pivot_language: known.pivot}
    if own == said.pivot_language:
        pairs = {own: known.pivot or said.text}
    return [(code, text[:LONGEST]) for code, text in pairs.items() if code in model.heads and text.strip()]


def files_of(settings: Settings) -> tuple[Path, ...]:
    return (settings.file,) if isinstance(settings.file, Path) else settings.file


def folder_of(settings: Settings) -> Path:
    """One for each set of files: apps that share examples share what was trained."""
    files = files_of(settings)
    if not files:
        return settings.versions / "configured"
    names = "\0".join(str(path.absolute()) for path in files)
    return settings.versions / f"{files[0].stem}-{hashlib.sha256(names.encode()).hexdigest()[:8]}"


def made(settings: Settings, clock: Clock) -> Intents:
    """Raises Misconfigured when there is nothing to learn from."""
    return Intents(settings, corpus(files_of(settings), settings.intents, settings.language), clock)
