"""A platform's cloud, played by a small real server on loopback: it keeps what it was sent and answers as told."""

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.support.site import listening


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request as it arrived. Header names are lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`late`: the answer comes only when the cloud closes."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    late: bool = False


class Cloud:
    """Answers with `replies` in order, then with 200 and nothing. `arrived` holds what came and nobody has read."""

    def __init__(self) -> None:
        self.url = ""
        self.replies: deque[Reply] = deque()
        self.seen: list[Seen] = []
        self.arrived: asyncio.Queue[Seen] = asyncio.Queue()
        self.closing = asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        seen = Seen(
            method=request.method,
            path=request.path,
            query=request.query_string,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.read(),
        )
        self.seen.append(seen)
        self.arrived.put_nowait(seen)
        reply = self.replies.popleft() if self.replies else Reply()
        if reply.late:
            await self.closing.wait()
        return web.Response(status=reply.status, headers=reply.headers, body=reply.body)


@asynccontextmanager
async def running_cloud() -> AsyncIterator[Cloud]:
    cloud = Cloud()
    async with listening(web.route("*", "/{path:.*}", cloud.handle)) as cloud.url:
        try:
            yield cloud
        finally:
            cloud.closing.set()


def nobody() -> str:
    """A loopback address where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
