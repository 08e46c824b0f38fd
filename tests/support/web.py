"""A House with HTTP in front: the routes a test names, on a real server, and a client to ask with."""

import io
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from fastapi import FastAPI
from starlette.routing import BaseRoute

from orchestrator import signing
from orchestrator.http import api
from orchestrator.http.keys import create_key
from orchestrator.http.problems import MAX_BODY, install
from orchestrator.types import Scope
from tests.support.house import House, house
from tests.support.serve import serving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

Mount = Callable[[House], Sequence[BaseRoute]]


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])


@dataclass
class Front:
    """`house` behind a real server."""

    house: House
    url: str
    session: aiohttp.ClientSession
    key: str = ""

    async def ask(self, method: str, path: str, **more: Any) -> Reply:
        headers = more.pop("headers", {})
        if self.key:
            headers = {"Authorization": f"Bearer {self.key}"} | headers
        async with self.session.request(method, self.url + path, headers=headers, **more) as answer:
            return Reply(
                answer.status, {name.lower(): text for name, text in answer.headers.items()}, await answer.read()
            )

    async def get(self, path: str, **query: Any) -> Reply:
        return await self.ask("GET", path, params=query)

    async def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        return await self.ask(
            "POST", path, json=body, headers={name.replace("_", "-"): v for name, v in headers.items()}
        )

    async def put(self, path: str, body: Any) -> Reply:
        return await self.ask("PUT", path, json=body)

    async def hook(self, body: Any, *, channel: str = "kiosk", delivery: str = "d-1") -> Reply:
        """Deliver to a webhook channel, signed."""
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        headers = signing.sign([signing.key(SECRET)], delivery, self.house.runtime.clock.now(), raw)
        return await self.ask("POST", f"/hooks/{channel}", data=io.BytesIO(raw), headers=headers)

    async def make_key(self, *scopes: Scope, app: str = "shop") -> str:
        """A key, used from now on."""
        runtime = self.house.runtime
        self.key = (await create_key(runtime.store, runtime.clock, app, "test", scopes))[1]
        return self.key


def api_routes(house: House, rate: int = 100_000) -> Sequence[BaseRoute]:
    runtime = house.runtime
    return api.router(
        apps=runtime.apps,
        engine=runtime.engine,
        records=runtime.store,
        letters=runtime.store,
        accounts=runtime.store,
        bus=runtime.bus,
        clock=runtime.clock,
        office=runtime.office,
        rate=rate,
    ).routes


@asynccontextmanager
async def front(folder: Path, mount: Mount, **app: Any) -> AsyncIterator[Front]:
    """`app` is as in `house`."""
    async with house(folder, **app) as opened:
        web = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, max_body_size=MAX_BODY)
        install(web)
        web.router.routes.extend(mount(opened))
        async with serving(web) as url, aiohttp.ClientSession() as session:
            yield Front(opened, url, session)
