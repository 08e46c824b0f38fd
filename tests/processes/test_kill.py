"""kill -9, at any moment: what was accepted is answered, once, in order."""

import asyncio
import contextlib
import random
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.sqlite import SqliteStore
from orchestrator.types import Message, Text
from tests.support.process import Served, free_port, write_config
from tests.support.site import listening

pytestmark = pytest.mark.processes

CONVERSATIONS = 12
ROUNDS = 4
TOKEN = re.compile(r"~\d+\.\d+~")


class Platform:
    """The other side of the webhook channel: takes what Parley delivers."""

    def __init__(self) -> None:
        self.delivered: dict[str, list[str]] = {}
        self.ids: set[str] = set()
        self.news = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body["id"] not in self.ids:  # delivery is at least once: the id tells a repeat
            self.ids.add(body["id"])
            for part in body["parts"]:
                self.delivered.setdefault(body["conversation"], []).extend(TOKEN.findall(part.get("text", "")))
            self.news.set()
        return web.json_response({})

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        async with listening(web.post("/", self.take)) as url:
            yield f"{url}/"


class Customers:
    """Many customers who number their lines, and send each again until the server has said yes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.said: dict[int, int] = Counter()
        self.stopped = asyncio.Event()

    async def talk(self, number: int) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            while not self.stopped.is_set():
                await self.say(session, number, self.said[number])
                self.said[number] += 1

    async def say(self, session: aiohttp.ClientSession, number: int, count: int) -> None:
        body = {"conversation": f"c{number}", "id": f"m{number}.{count}", "text": f"~{number}.{count}~"}
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with session.post(self.url, json=body) as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.02)


async def test_killed_at_random_moments_nothing_is_lost_and_nothing_answered_twice(tmp_path: Path) -> None:
    chance = random.Random(7)
    platform = Platform()
    async with platform.listening() as sink:
        port = free_port()
        channel = {"kind": "webhook", "signature": "none", "url": sink, "allow_private": True, "rate": 1_000_000}
        app = {
            "bot": "echo",
            "bots": {"echo": {"kind": "python", "bot": "tests.support.bots:echo"}},
            "nlp": {"enabled": False, "translators": "none"},
            "channels": {"hook": channel},
        }
        served = Served(write_config(tmp_path, port, app), port)
        await served.start()
        customers = Customers(f"{served.url}/hooks/hook")
        talking = [asyncio.create_task(customers.talk(number)) for number in range(CONVERSATIONS)]
        for _ in range(ROUNDS):
            await asyncio.sleep(0.3 + chance.random() * 0.5)
            await served.kill()
            await served.start()
        customers.stopped.set()
        await asyncio.gather(*talking)
        expected = {
            f"c{number}": [f"~{number}.{count}~" for count in range(said)] for number, said in customers.said.items()
        }
        await delivered(platform, expected)
        assert await served.stop() == 0
    assert sum(map(len, expected.values())) > 100
    assert platform.delivered == expected
    await check_transcripts(tmp_path / "parley.db", expected)


async def delivered(platform: Platform, expected: dict[str, list[str]]) -> None:
    async with asyncio.timeout(60):
        while any(len(platform.delivered.get(key, [])) < len(tokens) for key, tokens in expected.items()):
            platform.news.clear()
            await platform.news.wait()


async def check_transcripts(database: Path, expected: dict[str, list[str]]) -> None:
    store = SqliteStore(database, SystemClock())
    await store.open()
    try:
        for address, tokens in expected.items():
            conversation = await store.find_conversation("hook", address)
            assert conversation is not None
            log: list[Message] = []
            while page := await store.messages(conversation.id, after=log[-1].seq if log else 0, limit=500):
                log.extend(page)
            assert said(log, "customer") == tokens
            assert said(log, "bot") == tokens
            assert [message.seq for message in log] == list(range(1, len(log) + 1))
    finally:
        await store.close()


def said(log: list[Message], role: str) -> list[str]:
    parts = (part for message in log if message.role == role for part in message.parts)
    return [token for part in parts if isinstance(part, Text) for token in TOKEN.findall(part.text)]
