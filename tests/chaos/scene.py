"""The servers and processes of a run: started here, and ended by their process ids."""

import asyncio
import itertools
import os
import random
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.postgres.store import PostgresStore
from orchestrator.http.keys import create_key
from orchestrator.http.passwords import create_agent
from tests.chaos.record import Plan, Record
from tests.support import postgres, redis
from tests.support.desk import PASSWORD
from tests.support.process import Served, free_port, write_config
from tests.support.shop import QUIET, SECRET

EMAIL = "ada@example.org"
LEASE, HOLD = 2.0, 4.0
"""Seconds; as short as settings allow, so that a run sees them end."""
DOWN = 0.8
"""Seconds without an answer after which the Sentinel lets the replica of Redis take over."""
KEYS = 8
"""One may ask 600 times a minute."""


@dataclass
class Scene:
    plan: Plan
    record: Record
    folder: Path
    database: postgres.Server
    redis: redis.Guarded
    http: aiohttp.ClientSession
    webs: list[Served] = field(default_factory=list)
    workers: list[Served] = field(default_factory=list)
    keys: "itertools.cycle[str]" = field(default_factory=lambda: itertools.cycle([""]))
    chance: random.Random = field(default_factory=random.Random)

    def web(self) -> str:
        """The address of any web process, also of one that is down."""
        return self.chance.choice(self.webs).url

    @property
    def processes(self) -> list[Served]:
        return [*self.webs, *self.workers]

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        """The public API's answer, of whichever web process gives one. Raises aiohttp.ClientResponseError for a no."""
        headers = {"Authorization": f"Bearer {more.pop('key', '') or next(self.keys)}", **more.pop("headers", {})}
        for _ in range(400):
            try:
                async with self.http.request(method, f"{self.web()}/v1{path}", headers=headers, **more) as answer:
                    if answer.status not in (429, 500, 503):
                        answer.raise_for_status()
                        return await answer.json()
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError):
                pass
            await pause(0.1)
        raise AssertionError(f"no web process answers {method} {path}")

    async def messages(self, conversation_id: str, after: int = 0) -> list[dict[str, Any]]:
        """All after that `seq`, oldest first. Pages go from the end backwards: so the API begins."""
        found: list[dict[str, Any]] = []
        while True:
            before = f"&before={found[0]['seq']}" if found else ""
            path = f"/conversations/{conversation_id}/messages?limit=200{before}"
            page = (await self.ask("GET", path))["data"]
            found = [*page, *found]
            if not page or page[0]["seq"] <= after + 1:
                return [message for message in found if message["seq"] > after]


async def pause(seconds: float) -> None:
    """Chaos takes its time: it is no test of what happens next, but of what may happen meanwhile."""
    await asyncio.sleep(seconds)


def app(platform: str, bot: str) -> dict[str, Any]:
    hook = {"kind": "webhook", "signature": "none", "url": platform, "allow_private": True, "rate": 1_000_000}
    return {
        "bot": "moody",
        "bots": {
            "moody": {
                "kind": "webhook",
                "url": bot,
                "secret": SECRET,
                "deadline": 2.0,
                "later_seconds": 4.0,
                "fallback": "backup",
                "breaker_seconds": 1.0,
            },
            "backup": {"kind": "python", "bot": "tests.support.bots:echo"},
        },
        "nlp": QUIET,
        "channels": {"hook": hook, "web": {"kind": "webchat", "rate": 1_000_000}},
        "policy": {"defaults": False},
    }


@asynccontextmanager
async def scene(plan: Plan, record: Record, platform: str, bot: str) -> AsyncIterator[Scene]:
    """Everything runs; nothing does any more afterwards."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parley-chaos-")))
        database = postgres.new_server("fsync=on", "synchronous_commit=on")
        stack.callback(postgres.end, database)
        server = await stack.enter_async_context(redis.guarded(down_after=DOWN))
        timeout = aiohttp.ClientTimeout(total=8)
        http = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0))
        )
        await database.ready()
        await database.tell("CREATE DATABASE parley")
        here = Scene(plan, record, folder, database, server, http, chance=random.Random(plan.seed))
        here.keys = itertools.cycle(await furnished(database.url("parley", tcp=True)))
        for role, count in (("web", plan.webs), ("worker", plan.workers)):
            for number in range(count):
                launched(here, role, number, app(platform, bot))
        for each in here.processes:
            stack.push_async_callback(ended, each)
            await each.start()
        yield here


def launched(here: Scene, role: str, number: int, shop: dict[str, Any]) -> None:
    place = here.folder / f"{role}-{number}"
    place.mkdir()
    port = free_port()
    config = write_config(
        place,
        port,
        shop,
        server={"port": port, "stop_seconds": 5, "secret": "what every process of the chaos signs with"},
        store={"url": here.database.url("parley", tcp=True), "media": str(here.folder / "media"), "connections": 4},
        bus={"url": here.redis.url, "timeout": 0.5, "lease_seconds": LEASE},
        engine={"sweep_seconds": 0.5, "hold_seconds": HOLD, "send_retries": 1000},
    )
    served = Served(config, port, "serve", "--role", role, "-c", str(config), "--port", str(port))
    (here.webs if role == "web" else here.workers).append(served)


async def furnished(url: str) -> list[str]:
    """The database migrated, with an agent; keys for the API."""
    clock = SystemClock()
    store = PostgresStore(url, clock)
    await store.open()
    try:
        await create_agent(store, clock, "shop", EMAIL, "Ada", PASSWORD, "admin")
        return [(await create_key(store, clock, "shop", f"key {n}", ["write"]))[1] for n in range(KEYS)]
    finally:
        await store.close()


async def ended(served: Served) -> None:
    if served.process is not None and served.process.returncode is None:
        os.kill(served.process.pid, signal.SIGCONT)
        await served.kill()
