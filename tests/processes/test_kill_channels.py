"""kill -9 in the middle of what a channel does: a customer's file on its way, an update heard but not yet confirmed."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from connectors import telegram
from connectors.telegram.stand_in import TelegramStandIn
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.sqlite import SqliteStore
from orchestrator.types import Media, Message, RawRequest, RawResponse, Text
from tests.support.playhouse import Stage
from tests.support.process import Served, free_port, until, write_config
from tests.support.site import listening

pytestmark = pytest.mark.processes

PATIENCE = 60.0
ADA = "Ada"


@dataclass
class Gate(Stage):
    """A platform that can keep calls waiting: whoever made them is killed meanwhile. `asked` are the calls' paths."""

    shut: Callable[[str], bool] = lambda path: False
    asked: list[str] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        self.news.set()
        if self.shut(request.path):
            await asyncio.Event().wait()  # until the other side is gone: then aiohttp cancels this
        return await super().handle(request)

    def answer(self, called: RawRequest) -> RawResponse:
        answer = super().answer(called)
        self.answers.append(answer.body)
        return answer

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not done():
                self.news.clear()
                await self.news.wait()


@dataclass
class Play:
    """Telegram's stand-in, polled by a process of its own."""

    gate: Gate
    served: Served
    database: Path

    @property
    def stand_in(self) -> TelegramStandIn:
        assert isinstance(self.gate.stand_in, TelegramStandIn)
        return self.gate.stand_in

    def told(self) -> list[str]:
        """What the bot said on Ada's screen."""
        parts = (part for shown in self.stand_in.shown(ADA) if not shown.mine for part in shown.parts)
        return [part.text for part in parts if isinstance(part, Text)]

    def settled(self) -> bool:
        """Whether what became of every message is on disk."""
        with closing(sqlite3.connect(self.database)) as db:
            return db.execute("SELECT 1 FROM outbox WHERE state = 'pending'").fetchone() is None

    async def log(self) -> list[Message]:
        store = SqliteStore(self.database, SystemClock())
        await store.open()
        try:
            found = await store.find_conversation("it", str(self.stand_in.person(ADA).id))
            assert found is not None
            return list(await store.messages(found.id, limit=100))
        finally:
            await store.close()


@asynccontextmanager
async def playing(folder: Path) -> AsyncIterator[Play]:
    gate = Gate(telegram.stand_in(SystemClock()))
    anything = web.route("*", "/{path:.*}", gate.handle)
    async with listening(anything, handler_cancellation=True, shutdown_timeout=1) as url:
        app = {
            "bot": "echo",
            "bots": {"echo": {"kind": "python", "bot": "tests.support.bots:echo"}},
            "nlp": {"enabled": False, "translators": "none"},
            "channels": {"it": {"kind": "telegram", "mode": "polling", "rate": 10_000, **gate.stand_in.settings(url)}},
        }
        port = free_port()
        served = Served(write_config(folder, port, app), port)
        try:
            await served.start()
            yield Play(gate, served, folder / "parley.db")
        finally:
            if served.process is not None and served.process.returncode is None:
                await served.kill()


async def test_a_file_that_was_being_fetched_is_fetched_by_the_next_process(tmp_path: Path) -> None:
    async with playing(tmp_path) as play:
        gate = play.gate
        gate.shut = lambda path: path.startswith("/file/")
        play.stand_in.say(ADA, Media(url="https://pictures.example/cat.jpg", media="image", alt="my cat"))
        await gate.until(lambda: any(path.startswith("/file/") for path in gate.asked))
        await play.served.kill()
        (line,) = await play.log()
        assert any(isinstance(part, Media) and part.url.startswith("ref:") for part in line.parts)
        gate.shut = lambda path: False
        await play.served.start()
        await gate.until(lambda: bool(play.told()))
        assert await play.served.stop() == 0
        theirs = [message for message in await play.log() if message.role == "customer"]
        (media,) = [part for message in theirs for part in message.parts if isinstance(part, Media)]
        assert media.url.startswith("/media/shop/")
        assert len(theirs) == len(play.told()) == 1


async def test_what_was_heard_and_not_confirmed_is_neither_lost_nor_answered_twice(tmp_path: Path) -> None:
    """Telegram takes an update as confirmed by the question after it: that question never comes to an answer."""
    async with playing(tmp_path) as play:
        lines = [f"line {number}" for number in range(3)]
        for line in lines:
            await killed_before_confirming(play, line)
        assert await play.served.stop() == 0
        assert words(await play.log(), "customer") == lines
        assert words(await play.log(), "bot") == [f"echo: {line}" for line in lines]
        assert play.told() == [f"echo: {line}" for line in lines]


async def killed_before_confirming(play: Play, line: str) -> None:
    gate = play.gate
    confirming = offset_of(gate, play.stand_in)
    play.stand_in.say(ADA, Text(text=line))
    await gate.until(lambda: confirming() and play.told()[-1:] == [f"echo: {line}"])
    await until(play.settled)  # else it may go out again: Telegram knows no repeat
    await play.served.kill()
    assert len(play.stand_in.updates) == 1
    gate.shut = lambda path: False
    await play.served.start()
    await gate.until(lambda: not play.stand_in.updates)


def offset_of(gate: Gate, stand_in: TelegramStandIn) -> Callable[[], bool]:
    """Shut the gate for the question that follows an update; whether it was asked."""
    asked: list[str] = []

    def shut(path: str) -> bool:
        if path.endswith("/getUpdates") and handed(gate, stand_in):
            asked.append(path)
            return True
        return False

    gate.shut = shut
    return lambda: bool(asked)


def handed(gate: Gate, stand_in: TelegramStandIn) -> bool:
    """Whether the newest update was in an answer already."""
    newest = b'"update_id":%d' % stand_in.updates[-1]["update_id"] if stand_in.updates else b""
    return bool(newest) and any(newest in answer for answer in gate.answers)


def words(log: list[Message], role: str) -> list[str]:
    parts = (part for message in log if message.role == role for part in message.parts)
    return [part.text for part in parts if isinstance(part, Text)]
