"""A served shop with both its neighbours: a platform that delivers and takes messages, and a bot behind a webhook."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from tests.support.platform import Platform, platform
from tests.support.process import PATIENCE, Served, free_port, write_config
from tests.support.site import listening

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
QUIET = {"enabled": False, "translators": "none"}


@dataclass
class Thinker:
    """The bot: answers "re: …", once nobody holds it back."""

    url: str = ""
    turns: list[dict[str, Any]] = field(default_factory=list)
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.hold.set()

    async def take(self, request: web.Request) -> web.Response:
        turn = await request.json()
        self.turns.append(turn)
        self.news.set()
        await self.hold.wait()
        said = {"kind": "text", "text": f"re: {turn['text']}"}
        return web.json_response({"actions": [{"kind": "say", "parts": [said]}]})

    async def asked(self, times: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.turns) < times:
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def thinker() -> AsyncIterator[Thinker]:
    bot = Thinker()
    async with listening(web.post("/", bot.take)) as url:
        bot.url = f"{url}/"
        try:
            yield bot
        finally:
            bot.hold.set()


@dataclass
class Shop:
    served: Served
    platform: Platform
    bot: Thinker
    http: aiohttp.ClientSession
    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "parley.toml"

    async def hear(self, text: str, *, conversation: str = "c1", message: str = "") -> aiohttp.ClientResponse:
        """The platform delivers a customer's message."""
        body = {"conversation": conversation, "id": message or text, "text": text}
        async with self.http.post(f"{self.served.url}/hooks/hook", json=body) as answer:
            await answer.read()
            return answer

    async def get(self, path: str, **headers: str) -> aiohttp.ClientResponse:
        async with self.http.get(self.served.url + path, headers=headers) as answer:
            await answer.read()
            return answer


@asynccontextmanager
async def shop(
    folder: Path,
    *,
    bots: dict[str, Any] | None = None,
    rules: Sequence[dict[str, Any]] = (),
    stop_seconds: float = 5,
    **sections: Any,
) -> AsyncIterator[Shop]:
    """Served, and stopped at the end whatever happened. `bots` stand beside or in place of the one named "thinker"."""
    async with (
        platform() as side,
        thinker() as bot,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http,
    ):
        port = free_port()
        hook = {"kind": "webhook", "signature": "none", "url": side.url, "allow_private": True, "rate": 1_000_000}
        app = {
            "bot": "thinker",
            "bots": {"thinker": {"kind": "webhook", "url": bot.url, "secret": SECRET, "deadline": 60}, **(bots or {})},
            "nlp": QUIET,
            "channels": {"hook": hook, "web": {"kind": "webchat"}},
            "policy": {"rules": list(rules)},
        }
        server = {"port": port, "stop_seconds": stop_seconds, **sections.pop("server", {})}
        served = Served(write_config(folder, port, app, server=server, **sections), port)
        try:
            await served.start()
            yield Shop(served, side, bot, http, folder)
        finally:
            if served.process is not None:
                await served.kill()
