"""Connections to one database, made when they are needed and made again when they are lost.

Not asyncpg's own pool: it asks the server to reset each connection that comes back, a round trip more for each call.
Nothing here leaves anything behind in a session.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

import asyncpg

from orchestrator.adapters.postgres.faults import lost
from orchestrator.errors import Unavailable


class Connection(Protocol):
    """What is used of asyncpg.Connection, which has no types of its own."""

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str: ...  # noqa: ASYNC109
    async def fetch(self, query: str, *args: Any) -> list[Any]: ...
    async def fetchrow(self, query: str, *args: Any) -> Any: ...
    async def fetchval(self, query: str, *args: Any) -> Any: ...
    def transaction(self) -> AbstractAsyncContextManager[Any]: ...
    def get_server_version(self) -> Any: ...
    def is_closed(self) -> bool: ...
    def terminate(self) -> None: ...
    async def close(self, *, timeout: float | None = None) -> None: ...  # noqa: ASYNC109


SETTINGS = {
    "application_name": "parley",
    "client_encoding": "utf-8",
    "jit": "off",
    # Statements are few and always the same; a plan made while a table was small must not scan it when it has grown.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
}
CONNECT_SECONDS = 10.0
CALL_SECONDS = 30.0
"""After this long a call is given up, and its connection with it: the server hangs, or the network swallows packets."""


async def connect(url: str) -> Connection:
    """Raises asyncpg's errors, OSError and TimeoutError."""
    db: Connection = await asyncpg.connect(
        url,
        timeout=CONNECT_SECONDS,
        command_timeout=CALL_SECONDS,
        max_cached_statement_lifetime=0,
        server_settings=SETTINGS,
    )
    return db


class Pool:
    """At most `size` connections; who comes when all are in use waits in line."""

    def __init__(self, make: Callable[[], Awaitable[Connection]], size: int) -> None:
        self.make = make
        self.size = size
        self.count = 0
        self.idle: list[Connection] = []
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.closed = True

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for one call. One that broke is not used again. Raises Unavailable once closed."""
        db = await self.take()
        try:
            yield db
        except BaseException as error:
            if not isinstance(error, Exception) or lost(error):
                db.terminate()
            if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
                # This was the primary until a moment ago: every connection may lead to the wrong server now.
                for one in (db, *self.idle):
                    one.terminate()
            raise
        finally:
            self.give(db)

    async def take(self) -> Connection:
        while True:
            if self.closed:
                raise Unavailable("the database is closed")
            while self.idle:
                db = self.idle.pop()
                if not db.is_closed():
                    return db
                self.count -= 1
            if self.count < self.size:
                return await self.grow()
            await self.turn()

    async def grow(self) -> Connection:
        self.count += 1
        try:
            return await self.make()
        except BaseException:
            self.count -= 1
            self.call_next()
            raise

    async def turn(self) -> None:
        place = asyncio.get_running_loop().create_future()
        self.waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.call_next()
            raise

    def give(self, db: Connection) -> None:
        if db.is_closed() or self.closed:
            db.terminate()
            self.count -= 1
        else:
            self.idle.append(db)
        self.call_next()

    def call_next(self) -> None:
        while self.waiting:
            place = self.waiting.popleft()
            if not place.done():
                place.set_result(None)
                return

    async def close(self) -> None:
        """Calls that are under way lose their connection when they end."""
        self.closed = True
        idle, self.idle = self.idle, []
        self.count -= len(idle)
        for db in idle:
            try:
                await db.close(timeout=CONNECT_SECONDS)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                db.terminate()
        while self.waiting:
            self.call_next()
