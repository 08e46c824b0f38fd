"""uvicorn's WebSockets without what a connection need not keep: a thousand idle ones are the usual state of a chat.

Measured over 1 000 connections of the web chat: the request and the response of the handshake are 4 KB, the queue and
the event, each made of deques that have room for 64 things, 4 KB, a dict of 35 attributes 1 KB, a timer 0.7 KB.
"""

import asyncio
import math
import weakref
from collections.abc import Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from uvicorn import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.http11 import Request

Message = MutableMapping[str, Any]


ASGI: Any = {"version": "3.0", "spec_version": "2.4"}
EXTENSIONS: Any = {"websocket.http.response": {}}
"""What uvicorn tells each application of itself, said once for all."""


class Inbox:
    """What came for the application, which is one reader. Of asyncio.Queue what uvicorn needs."""

    __slots__ = ("news", "waiting")

    def __init__(self) -> None:
        self.waiting: list[Message] = []
        self.news: asyncio.Future[None] | None = None

    def empty(self) -> bool:
        return not self.waiting

    def put_nowait(self, message: Message) -> None:
        self.waiting.append(message)
        if self.news is not None and not self.news.done():
            self.news.set_result(None)

    async def get(self) -> Message:
        while not self.waiting:
            self.news = asyncio.get_running_loop().create_future()
            try:
                await self.news
            finally:
                self.news = None
        return self.waiting.pop(0)


class Gate:
    """Open unless the other side is slow to read. Of asyncio.Event what uvicorn needs."""

    __slots__ = ("shut",)

    def __init__(self) -> None:
        self.shut: asyncio.Event | None = None

    def set(self) -> None:
        shut, self.shut = self.shut, None
        if shut is not None:
            shut.set()

    def clear(self) -> None:
        self.shut = self.shut or asyncio.Event()

    async def wait(self) -> bool:
        while self.shut is not None:
            await self.shut.wait()
        return True


class Seconds:
    """Timers that may be late by a second: all of one second share one of the loop's, which take 700 bytes each."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        # Whoever keeps these by their loop must be able to let go of both.
        self.loop = weakref.proxy(loop)
        self.due: dict[int, set[Due]] = {}

    def call_later(self, delay: float, call: Callable[[], None]) -> "Due":
        at = math.ceil(self.loop.time() + delay)
        if at not in self.due:
            self.due[at] = set()
            self.loop.call_at(at, self.ring, at)
        due = Due(call)
        self.due[at].add(due)
        return due

    def ring(self, at: int) -> None:
        for due in self.due.pop(at):
            due.ring()


class Due:
    __slots__ = ("call",)

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """What is cancelled lets go of what it would have called, and is forgotten in its second."""
        self.call = None

    def ring(self) -> None:
        if self.call is not None:
            self.call()


SECONDS: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Seconds] = weakref.WeakKeyDictionary()


def seconds_of(loop: asyncio.AbstractEventLoop) -> Seconds:
    return SECONDS.get(loop) or SECONDS.setdefault(loop, Seconds(loop))


class Socket(WebSocketsSansIOProtocol):
    """Attributes that a later uvicorn adds or renames go into a dict again: that costs memory, and nothing else."""

    __slots__ = (
        "app", "app_state", "asgi_version", "client", "close_sent", "close_timeout", "close_timer", "config", "conn",
        "connections", "curr_msg_data_type", "default_headers", "disconnected", "frames", "handshake_complete",
        "handshake_initiated", "initial_response", "last_ping_rtt", "logger", "loop", "pending_ping_payload",
        "ping_interval", "ping_sent_at", "ping_timeout", "ping_timer", "pong_timer", "queue", "read_paused", "request",
        "response", "root_path", "scheme", "scope", "server", "tasks", "transport", "writable",
    )  # fmt: skip

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.queue = Inbox()  # type: ignore[assignment]
        self.writable = Gate()  # type: ignore[assignment]

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            self.scope["asgi"], self.scope["extensions"] = ASGI, EXTENSIONS

    def start_keepalive(self) -> None:
        """Called when the handshake is done. The parser holds on to the request, but not for its headers."""
        self.request.headers.clear()
        self.response.headers.clear()
        super().start_keepalive()

    def schedule_ping(self) -> None:
        if self.ping_interval is not None:
            delay = max(0.0, self.ping_interval - self.last_ping_rtt)
            self.ping_timer = seconds_of(self.loop).call_later(delay, self.send_keepalive_ping)  # type: ignore[assignment]
