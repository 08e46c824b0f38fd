"""A connector that does as a test tells it, found by an entry point as any other: the engine's side of a channel."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict

from orchestrator.errors import Malformed, NotFound, SendFailed
from orchestrator.ports import Clock, Connector, Files, Hear, Http
from orchestrator.types import (
    Delivery,
    Fetched,
    Inbound,
    Limits,
    Outgoing,
    Part,
    RawRequest,
    RawResponse,
    Rendering,
)

PATIENCE = 20.0


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = "probe"
    listens: bool = False
    fetches: bool = True
    idempotent: bool = False


class Side:
    """The platform as it looks from inside the process: what was sent there, and what it says to the next calls."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, tuple[Part, ...]]] = []
        self.refusals: deque[SendFailed] = deque()
        self.files: dict[str, Fetched | Exception] = {}
        self.fetched: list[str] = []
        self.news = asyncio.Event()
        self.hold: asyncio.Event | None = None
        self.heard: asyncio.Queue[Sequence[Inbound] | Exception] = asyncio.Queue()
        self.listening = 0
        self.given_up = 0
        self.limits = Limits(templates=True, window=86_400.0)

    @property
    def texts(self) -> list[str]:
        return [getattr(part, "text", "") for _, parts in self.sent for part in parts]

    def told(self) -> None:
        self.news.set()

    async def until(self, done: Any) -> None:
        """Wait until `done()` holds; it is asked again whenever something happened here."""
        async with asyncio.timeout(PATIENCE):
            while not done():
                self.news.clear()
                await self.news.wait()


sides: dict[str, Side] = defaultdict(Side)


class Probe:
    kind = "probe"
    delivery: Literal["push", "pull"] = "push"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.side = sides[settings.name]
        self.limits = self.side.limits
        self.idempotent = settings.idempotent

    async def verify(self, request: RawRequest) -> None:
        """Anybody may write here."""

    def parse(self, request: RawRequest) -> Sequence[Inbound]:
        raise Malformed("nothing is delivered here")

    def answer(self, request: RawRequest) -> RawResponse:
        return RawResponse()

    async def send(self, rendering: Rendering, outgoing: Outgoing) -> Delivery:
        side = self.side
        if side.hold is not None:
            side.told()
            await self.held(side.hold)
        if side.refusals:
            side.told()
            raise side.refusals.popleft()
        side.sent.append((f"{outgoing.id}.{outgoing.done}", rendering.parts))
        side.told()
        return Delivery(external_id=f"theirs-{len(side.sent)}")

    async def held(self, hold: asyncio.Event) -> None:
        try:
            await hold.wait()
        except asyncio.CancelledError:
            self.side.given_up += 1
            self.side.told()
            raise

    async def typing(self, address: str, on: bool) -> None:
        """Nobody sees it."""

    async def open(self) -> None:
        """Nothing to prepare."""

    async def close(self) -> None:
        """Nothing to give back."""


class Fetching(Probe):
    async def fetch(self, reference: str, max_bytes: int) -> Fetched:
        self.side.fetched.append(reference)
        self.side.told()
        found = self.side.files.get(reference, NotFound("no such handle"))
        if isinstance(found, Exception):
            raise found
        return found


class Listening(Probe):
    async def listen(self, hear: Hear) -> None:
        self.side.listening += 1
        self.side.told()
        try:
            while True:
                found = await self.side.heard.get()
                if isinstance(found, Exception):
                    raise found
                await hear(found)
                self.side.told()
        finally:
            self.side.listening -= 1
            self.side.told()


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Connector:
    if settings.listens:
        return Listening(settings)
    return Fetching(settings) if settings.fetches else Probe(settings)


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an installed package would."""
    about = folder / "probe" / "probe-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: probe\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[parley.connectors]\nprobe = tests.support.probe\n")
    monkeypatch.syspath_prepend(folder / "probe")
