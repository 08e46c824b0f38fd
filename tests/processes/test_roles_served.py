"""`parley serve --role`: processes as an operator starts and stops them."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support import postgres, redis
from tests.support.cluster import SECRET
from tests.support.command import run
from tests.support.platform import Platform, platform
from tests.support.process import Served, free_port, until, write_config
from tests.support.shop import QUIET, Thinker, thinker
from tests.support.shop import SECRET as BOT_SECRET


def app(side: Platform | None = None, bot: Thinker | None = None) -> dict[str, Any]:
    """A shop; with its neighbours it has a channel that delivers."""
    made: dict[str, Any] = {
        "bot": "echo",
        "bots": {"echo": {"kind": "python", "bot": "tests.support.bots:echo"}},
        "nlp": QUIET,
        "channels": {"web": {"kind": "webchat"}},
    }
    if side is not None and bot is not None:
        hook = {"kind": "webhook", "signature": "none", "url": side.url, "allow_private": True}
        made["channels"] = {"hook": hook}
        made["bots"] = {
            "echo": {"kind": "webhook", "url": bot.url, "secret": BOT_SECRET, "trusted": True, "deadline": 60}
        }
    return made


@dataclass
class Cluster:
    """One web process and two workers, of which the second isn't started."""

    web: Served
    workers: tuple[Served, Served]
    platform: Platform
    bot: Thinker
    http: aiohttp.ClientSession

    async def hear(self, text: str, conversation: str = "c1") -> int:
        body = {"conversation": conversation, "id": text, "text": text}
        async with self.http.post(f"{self.web.url}/hooks/hook", json=body) as answer:
            return answer.status


@asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[Cluster]:
    async with AsyncExitStack() as stack:
        side = await stack.enter_async_context(platform())
        bot = await stack.enter_async_context(thinker())
        http = await stack.enter_async_context(aiohttp.ClientSession())
        web_port, *ports = (free_port() for _ in range(3))
        config = write_config(
            folder,
            web_port,
            app(side, bot),
            server={"port": web_port, "stop_seconds": 10, "secret": SECRET},
            store={"url": await postgres.url_for(folder), "media": "media"},
            bus={"url": (await redis.shared()).url},
            engine={"sweep_seconds": 600},
        )
        web = Served(config, web_port, "serve", "--role", "web", "-c", str(config))
        workers = [
            Served(config, port, "serve", "--role", "worker", "-c", str(config), "--port", str(port)) for port in ports
        ]
        for each in (web, *workers):
            stack.push_async_callback(ended, each)
        await asyncio.gather(web.start(), workers[0].start())
        yield Cluster(web, (workers[0], workers[1]), side, bot, http)


def log(served: Served) -> list[dict[str, Any]]:
    return [json.loads(line) for line in served.log.read_text(encoding="utf-8").splitlines()]


async def ended(served: Served) -> None:
    if served.process is not None:
        await served.kill()


@pytest.mark.processes
async def test_a_web_process_and_workers_end_to_end(tmp_path: Path) -> None:
    async with cluster(tmp_path) as many:
        await until(lambda: {line["role"] for line in log(many.web) if line["event"] == "serving"} == {"web", "worker"})
        worker, spare = many.workers
        assert await many.hear("one") == 200
        await many.platform.until(taken=1)
        assert many.platform.texts == ["re: one"]

        # A worker's port answers machines, and nobody else.
        for path, status in (
            ("/healthz", 200),
            ("/readyz", 200),
            ("/metrics", 200),
            ("/desk", 404),
            ("/hooks/hook", 404),
        ):
            async with many.http.get(worker.url + path) as answer:
                assert answer.status == status, path
        async with many.http.get(f"{many.web.url}/readyz") as answer:
            assert set((await answer.json())["checks"]) == {"engine", "store", "bus"}

        # Asked to stop, it finishes what it does; whoever is left does the rest.
        many.bot.hold.clear()
        assert await many.hear("two") == 200
        await many.bot.asked(2)
        await spare.start()
        stopping = asyncio.create_task(worker.stop())
        assert await many.hear("three", "c2") == 200
        await many.bot.asked(3)
        many.bot.hold.set()
        assert await stopping == 0
        await many.platform.until(taken=3)
        assert sorted(many.platform.texts) == ["re: one", "re: three", "re: two"]
        assert len(many.bot.turns) == 3

        began = time.monotonic()
        assert await many.web.stop() == 0
        assert await spare.stop() == 0
        assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("role", "store", "bus", "said"),
    [
        ("web", {}, {}, ("store.url: ", "bus.url: ", "PostgreSQL", "Redis")),
        ("worker", {"url": "postgresql://parley@127.0.0.1:1/parley", "media": "media"}, {}, ("bus.url: ", "Redis")),
        ("worker", {}, {"url": "redis://127.0.0.1:1"}, ("store.url: ", "PostgreSQL")),
    ],
)
def test_what_needs_servers_says_which_lines_to_change(
    tmp_path: Path, role: str, store: dict[str, Any], bus: dict[str, Any], said: tuple[str, ...]
) -> None:
    sections: dict[str, Any] = {"store": store} if store else {}
    ran = run("serve", "--role", role, "-c", write_config(tmp_path, 0, app(), **sections, bus=bus))
    assert ran.code == 1
    for words in said:
        assert words in ran.err, ran.err


def test_there_are_three_roles() -> None:
    ran = run("serve", "--role", "boss")
    assert ran.code == 2
    assert "worker" in ran.err
