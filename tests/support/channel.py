"""A whole Parley with one channel of the kind "probe", for what the engine makes of what channels tell."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from fastapi import FastAPI

from orchestrator.http.keys import create_key
from orchestrator.http.problems import install
from orchestrator.site import api_routes, ops_routes
from orchestrator.types import Inbound, Live, Message, Outgoing
from tests.support.house import PATIENCE, House, house
from tests.support.serve import serving
from tests.support.web import Front


@asynccontextmanager
async def channel(folder: Path, *, probe: dict[str, Any] | None = None, **app: Any) -> AsyncIterator[House]:
    given = {"channels": {"line": {"kind": "probe", **(probe or {})}}, **app}
    async with house(folder, **given) as parley:
        parley.channel = "line"
        yield parley


async def tell(parley: House, *events: Inbound) -> None:
    await parley.runtime.engine.accept(parley.app, parley.channel, events)


async def deliveries(parley: House) -> Sequence[Outgoing]:
    return await parley.runtime.store.deliveries((await parley.conversation()).id)


async def news(parley: House, enough: Callable[[Live], bool]) -> Live:
    """The first update that is enough, from now on."""
    async with asyncio.timeout(PATIENCE), parley.runtime.bus.subscribe(parley.app) as updates:
        async for update in updates:
            if update is not None and enough(update):
                return update
    raise AssertionError("the bus closed")


async def reached(parley: House, state: str, count: int = 1) -> Sequence[Outgoing]:
    """Wait until so many messages to the visitor are in that state."""
    async with asyncio.timeout(PATIENCE):
        while True:
            rows = [row for row in await deliveries(parley) if row.state == state]
            if len(rows) >= count:
                return rows
            await asyncio.sleep(0)


async def theirs(parley: House) -> list[Message]:
    return [message for message in await parley.log(public=False) if message.role == "customer"]


@asynccontextmanager
async def api(parley: House) -> AsyncIterator[Front]:
    """Its /v1, and what machines ask, on a real server; a key that may read and write."""
    app = FastAPI()
    install(app)
    app.router.routes.extend(api_routes(parley.runtime).routes)
    app.router.routes.extend(ops_routes(parley.runtime).routes)
    _, key = await create_key(parley.runtime.store, parley.runtime.clock, parley.app, "test", ("read", "write"))
    async with serving(app) as url, aiohttp.ClientSession() as session:
        yield Front(parley, url, session, key)
