"""Translation on this machine by Apertium (apertium.org): rule-based, deterministic, nothing leaves the house.

Apertium is GPL and always runs as separate processes. Install pairs with the system's package manager, such as
`apt-get install apertium-eng-spa apertium-spa-ita cg3`; whatever is installed is found by its mode files. Pairs are
chained: with eng-spa and spa-ita installed, Italian reaches English by way of Spanish.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from nlp.apertium.modes import Mode, Pair, discover, shortest_path
from nlp.apertium.pipeline import Pipeline
from nlp.apertium.stream import tidy
from orchestrator.errors import EngineFailed
from orchestrator.ports import Clock, Files, Http, Translator


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    modes: Path = Field(Path("/usr/share/apertium/modes"), description="Folder of the mode files.")
    pairs: tuple[str, ...] = Field(
        (), description="Use only these directions, such as 'es-en'; default: all installed."
    )
    hops: int = Field(3, ge=1, le=5, description="Most directions chained to reach a language.")
    hang_seconds: float = Field(5.0, gt=0, description="Without any answer for so long, a pipeline is started anew.")


class Apertium:
    """Every installed direction, each a pipeline that starts when first needed."""

    name = "apertium"
    third_party = False

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.modes: dict[Pair, Mode] = {}
        self.paths: dict[Pair, tuple[Pair, ...]] = {}
        self.pipelines: dict[Pair, Pipeline] = {}
        self.find_modes()

    def find_modes(self) -> None:
        wanted = {tuple(pair.split("-")) for pair in self.settings.pairs}
        found = discover(self.settings.modes)
        self.modes = {pair: mode for pair, mode in found.items() if not wanted or pair in wanted}
        self.paths.clear()

    async def open(self) -> None:
        """Nothing starts before it is needed: each pipeline costs a dozen small processes."""

    async def close(self) -> None:
        pipelines, self.pipelines = self.pipelines, {}
        for pipeline in pipelines.values():
            await pipeline.close()

    def pairs(self, source: str, target: str) -> bool:
        return bool(self.path(source, target))

    def path(self, source: str, target: str) -> tuple[Pair, ...]:
        """The directions to go through; () when there is no way."""
        if (source, target) not in self.paths:
            self.paths[source, target] = shortest_path(self.modes, source, target, self.settings.hops)
        return self.paths[source, target]

    async def translate(self, texts: Sequence[str], source: str, target: str) -> Sequence[str]:
        path = self.path(source, target)
        if not path:
            raise EngineFailed(f"apertium: no installed pairs lead from {source!r} to {target!r}")
        return await asyncio.gather(*(self.along(path, text) for text in texts))

    async def along(self, path: tuple[Pair, ...], text: str) -> str:
        for pair in path:
            text = tidy(text, await self.pipeline(pair).translate(text), pair[1])
        if not text.strip():
            raise EngineFailed("apertium: an empty translation")
        return text

    def pipeline(self, pair: Pair) -> Pipeline:
        if pair not in self.pipelines:
            self.pipelines[pair] = Pipeline(self.modes[pair], hang_seconds=self.settings.hang_seconds)
        return self.pipelines[pair]


def usable(settings: Settings) -> str | None:
    """Why this engine can't be used here; None when it can."""
    if discover(settings.modes):
        return None
    return f"no Apertium pairs in {str(settings.modes)!r}; install some, such as apertium-eng-spa"


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Translator:
    return Apertium(settings)
