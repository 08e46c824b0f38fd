"""LibreTranslate on loopback: its protocol, with real Apertium behind it, and the faults a test asks for.

The protocol is docs.libretranslate.com's: POST /translate with q, source, target and format, GET /languages.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from nlp.apertium import Apertium
from tests.support.apertium import apertium
from tests.support.site import listening

LANGUAGES = ("en", "es", "it", "fr", "pt")


class LibreServer:
    """`faults` are the next answers, each a status and a body, or "late"; after them everything is translated.

    `spoil` is applied to each translation, for engines that answer wrongly.
    """

    def __init__(self, engine: Apertium) -> None:
        self.engine = engine
        self.url = ""
        self.faults: deque[tuple[int, Any] | str] = deque()
        self.always: tuple[int, Any] | str | None = None
        self.spoil: Any = None
        self.asked: list[dict[str, Any]] = []
        self.addresses: list[str] = []
        self.arrived = asyncio.Event()
        self.closing = asyncio.Event()

    async def translate(self, request: web.Request) -> web.Response:
        self.addresses.append(str(request.rel_url))
        asked = await request.json()
        self.asked.append(asked)
        self.arrived.set()
        fault = self.faults.popleft() if self.faults else self.always
        if fault == "late":
            await self.closing.wait()
        if isinstance(fault, tuple):
            status, body = fault
            headers = {"Retry-After": "7"} if status == 429 else {}
            if isinstance(body, str):
                return web.Response(status=status, text=body, content_type="text/html", headers=headers)
            return web.json_response(body, status=status, headers=headers)
        many = asked["q"] if isinstance(asked["q"], list) else [asked["q"]]
        said = list(await self.engine.translate(many, asked["source"], asked["target"]))
        said = [self.spoil(one) for one in said] if self.spoil else said
        return web.json_response({"translatedText": said if isinstance(asked["q"], list) else said[0]})

    async def languages(self, request: web.Request) -> web.Response:
        return web.json_response(
            [{"code": code, "name": code, "targets": [one for one in LANGUAGES if one != code]} for code in LANGUAGES]
        )


@asynccontextmanager
async def libretranslate() -> AsyncIterator[LibreServer]:
    async with apertium() as engine:
        server = LibreServer(engine)
        routes = (web.post("/translate", server.translate), web.get("/languages", server.languages))
        async with listening(*routes) as server.url:
            try:
                yield server
            finally:
                server.closing.set()
