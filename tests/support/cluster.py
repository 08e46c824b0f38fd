"""Several processes' worth of Parley in one test: each with its own store, bus and engine, over PostgreSQL and Redis.

Nothing is shared in memory, so what works here needs no memory in common.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from orchestrator.adapters.redisbus import RedisBus
from orchestrator.app import Runtime, build
from orchestrator.config import ProcessRole, Settings
from orchestrator.http.passwords import Passwords, create_agent
from orchestrator.site import web
from orchestrator.types import Agent
from tests.support import postgres, redis
from tests.support.desk import PASSWORD, QUICK, Browser
from tests.support.house import House, settings
from tests.support.serve import serving
from tests.support.web import Front

SECRET = "what every process of the tests signs with"


@dataclass
class Process:
    """`url` is where a web process is served; a worker has none."""

    house: House
    url: str = ""

    @property
    def runtime(self) -> Runtime:
        return self.house.runtime


@dataclass
class Cluster:
    settings: Settings
    folder: Path
    stack: AsyncExitStack
    http: aiohttp.ClientSession
    processes: list[Process] = field(default_factory=list)

    async def start(self, role: ProcessRole, **parts: Any) -> Process:
        """One more process, until the test ends; `parts` replace parts of its settings."""
        runtime = build(self.settings.model_copy(update=parts), self.folder, role=role)
        await self.stack.enter_async_context(runtime.open())
        process = Process(House(runtime))
        if role != "worker":
            process.url = await self.stack.enter_async_context(serving(web(runtime)))
        self.processes.append(process)
        for each in self.processes:  # whoever starts tells all of a gap: nobody who comes later is to hear of it
            bus = each.runtime.bus
            assert isinstance(bus, RedisBus)
            await bus.lives.caught_up()
        return process

    async def web(self) -> Process:
        return await self.start("web")

    async def worker(self) -> Process:
        return await self.start("worker")

    def front(self, process: Process) -> Front:
        return Front(process.house, process.url, self.http)

    async def hire(self, name: str, process: Process) -> Agent:
        runtime = process.runtime
        return await create_agent(
            runtime.store, runtime.clock, "shop", f"{name.lower()}@example.org", name, PASSWORD,
            passwords=Passwords(QUICK),
        )  # fmt: skip

    async def browser(self, process: Process, *, like: Browser | None = None) -> Browser:
        """One of an agent; `like` shares the cookies and the page's token of a signed-in one."""
        jar = like.http.cookie_jar if like else aiohttp.CookieJar(unsafe=True)
        session = await self.stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar))
        return Browser(process.url, session, csrf=like.csrf if like else "", agent_id=like.agent_id if like else "")


@asynccontextmanager
async def cluster(folder: Path, *, engine: dict[str, Any] | None = None, **app: Any) -> AsyncIterator[Cluster]:
    """Nobody runs yet. `app` is as in tests.support.house, `engine` goes over its settings of the engine."""
    given = settings(folder, **app)
    server = await redis.shared()
    update = {
        "store": given.store.model_copy(update={"url": await postgres.url_for(folder)}),
        "bus": given.bus.model_copy(update={"url": server.url}),
        "server": given.server.model_copy(update={"secret": SECRET}),
        "engine": given.engine.model_copy(update=engine or {}),
    }
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield Cluster(given.model_copy(update=update), folder, stack, http)
