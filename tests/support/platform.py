"""A platform's end of the webhook channel: a real HTTP server that takes deliveries, or refuses them as told."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.support.site import listening

PATIENCE = 20.0


class Platform:
    """`refusals` are the statuses of the next answers; after them everything is taken."""

    def __init__(self) -> None:
        self.url = ""
        self.taken: list[dict[str, Any]] = []
        self.refusals: deque[int] = deque()
        self.tries = 0
        self.hold: asyncio.Event | None = None
        self.news = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        self.tries += 1
        self.news.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.refusals:
            return web.Response(status=self.refusals.popleft())
        self.taken.append(await request.json())
        self.news.set()
        return web.json_response({"id": f"theirs-{len(self.taken)}"})

    @property
    def texts(self) -> list[str]:
        return [part.get("text", "") for body in self.taken for part in body["parts"]]

    async def until(self, *, taken: int = 0, tries: int = 0) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.taken) < taken or self.tries < tries:
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def platform() -> AsyncIterator[Platform]:
    side = Platform()
    async with listening(web.post("/", side.take)) as url:
        side.url = f"{url}/"
        try:
            yield side
        finally:
            if side.hold is not None:
                side.hold.set()
