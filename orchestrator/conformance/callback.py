"""Where late answers arrive: a small server in the place of Parley's own, as strict as that one."""

import asyncio
import secrets
from collections import Counter, defaultdict

from aiohttp import web

MOST_BYTES = 1_048_576


class Callback:
    """`base` is how the bot reaches it, by default on loopback: a bot elsewhere needs a public address."""

    def __init__(self, base: str = "", *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.base = base.rstrip("/")
        self.host = host
        self.port = port
        self.bodies: dict[str, asyncio.Future[bytes]] = defaultdict(asyncio.get_running_loop().create_future)
        self.posts: Counter[str] = Counter()
        self.tried: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.over: set[str] = set()
        self.runner: web.AppRunner | None = None

    async def open(self) -> None:
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_post("/bots/callback/{token}", self.take)
        self.runner = web.AppRunner(app, access_log=None)
        await self.runner.setup()
        await web.TCPSite(self.runner, self.host, self.port).start()
        self.base = self.base or f"http://{self.host}:{self.runner.addresses[0][1]}"

    async def close(self) -> None:
        if self.runner is not None:
            await self.runner.cleanup()

    def url(self) -> str:
        """A new one, good for one answer."""
        return f"{self.base}/bots/callback/{secrets.token_urlsafe(12)}"

    async def take(self, request: web.Request) -> web.Response:
        token = request.match_info["token"]
        body = await request.read()
        self.posts[token] += 1
        self.tried[token].set()
        if token in self.over or self.bodies[token].done():
            return web.json_response({"error": {"code": "conflict", "message": "this turn is over"}}, status=409)
        self.bodies[token].set_result(body)
        return web.json_response({"ok": True})

    async def arrived(self, url: str) -> bytes:
        """What was POSTed there; waits."""
        return await asyncio.shield(self.bodies[token_of(url)])

    async def attempted(self, url: str) -> None:
        """Returns once anything came there, taken or refused."""
        await self.tried[token_of(url)].wait()

    def times(self, url: str) -> int:
        return self.posts[token_of(url)]

    def end(self, url: str) -> None:
        """A person has taken over: whatever comes there from now on is refused with 409."""
        self.over.add(token_of(url))


def token_of(url: str) -> str:
    return url.rpartition("/")[2]
