"""The connection to Redis: up, or down and being tried again. Whoever uses it works without Redis meanwhile."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.sentinel import MasterNotFoundError
from redis.exceptions import AuthenticationError, NoPermissionError, RedisClusterException, RedisError

from orchestrator.adapters.redisbus import server
from orchestrator.adapters.redisbus.keys import Keys
from orchestrator.adapters.redisbus.url import Client, Target
from orchestrator.errors import Misconfigured, ParleyError, Unavailable

LOST = (RedisError, RedisClusterException, OSError, TimeoutError, EOFError)
"""What a call may raise. Any of it means: do without, and try again later. Of a cluster that can't be reached at all
redis-py says so with an exception that is no RedisError."""
HOPELESS = (AuthenticationError, NoPermissionError)
"""At the start these are told at once: waiting mends no password."""

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
STEADY = 30.0
"""Seconds after which a connection counts as good: a loss before that goes on with the pauses it left off with."""
AGAIN = 0.2
"""Seconds after which a task that was cancelled and goes on is cancelled again."""
RELAXED = 3
"""Dialling takes several answers."""

log = structlog.get_logger("parley.redis")


class Down(RedisError):
    """Redis is known to be away: not even asked."""


class Link:
    """`timeout`: seconds to wait for any answer. `deployment` names the database this process works on."""

    def __init__(self, target: Target, keys: Keys, *, timeout: float, deployment: Callable[[], Awaitable[str]]) -> None:
        self.target = target
        self.keys = keys
        self.timeout = timeout
        self.deployment = deployment
        self.owner = ""
        self.client: Client | None = None
        self.up = asyncio.Event()
        self.gone = asyncio.Event()
        self.reason = "not connected yet"
        self.since = 0.0
        self.pause = FIRST_PAUSE
        self.warned = False
        self.losses = 0
        self.restored: list[Callable[[], None]] = []
        self.tending: asyncio.Task[None] | None = None

    async def open(self, patience: float) -> None:
        """Tries for so many seconds. Raises Unavailable after that or for a wrong password, Misconfigured at once."""
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        for attempt in range(1_000_000):
            try:
                await self.dial()
                break
            except LOST as error:
                why, left = said(error), 0.0 if isinstance(error, HOPELESS) else until - loop.time()
                await self.hang_up()
            except ParleyError:
                await self.hang_up()
                raise
            if left <= 0:
                raise Unavailable(f"Redis at {self.target.name}: {why}; see [bus] url") from None
            if attempt == 0:
                log.warning("Redis can't be used yet; trying again", redis=self.target.name, reason=why, seconds=left)
            await asyncio.sleep(min(self.backed_off(), max(left, 0.01)))
        self.connected()
        self.tending = asyncio.create_task(self.tend(), name="parley-redis-link")

    async def close(self) -> None:
        if self.tending is not None:
            await ended(self.tending)
            self.tending = None
        self.up.clear()
        await self.hang_up()

    def trouble(self) -> str:
        return "" if self.up.is_set() else f"Redis at {self.target.name} is lost ({self.reason}); working without it"

    def lost(self, error: BaseException) -> None:
        """Told by whoever noticed; told once to the log, however many notice. What nobody foresaw is shown whole."""
        if isinstance(error, Down) or not self.up.is_set():
            return
        self.up.clear()
        self.reason = said(error)
        self.losses += 1
        now = asyncio.get_running_loop().time()
        if now - self.since > STEADY:
            self.pause = FIRST_PAUSE
        self.since = now
        log.error(
            "Redis is lost; working without it until it is back",
            redis=self.target.name,
            reason=self.reason,
            exc_info=None if isinstance(error, LOST) else error,
        )
        self.gone.set()

    async def tend(self) -> None:
        """Until cancelled: after each loss, dial until it is there again."""
        while True:
            await self.gone.wait()
            await self.hang_up()
            await asyncio.sleep(self.backed_off())
            try:
                await self.dial()
            except (*LOST, Misconfigured) as error:
                self.reason = said(error)
                continue
            except Exception as error:
                log.exception("dialling Redis broke")
                self.reason = said(error)
                continue
            away = asyncio.get_running_loop().time() - self.since
            log.warning("Redis is back", redis=self.target.name, away_seconds=round(away, 1))
            self.connected()

    def connected(self) -> None:
        self.since = asyncio.get_running_loop().time()
        self.reason = ""
        self.gone.clear()
        self.up.set()
        for callback in self.restored:
            callback()

    def backed_off(self) -> float:
        """Anything up to the pause, which doubles: a hundred processes don't come back at the same moment."""
        pause, self.pause = self.pause, min(self.pause * 2, LONGEST_PAUSE)
        return random.uniform(0, pause)

    async def dial(self) -> None:
        # Asked of the database once: it may be away as well when Redis comes back.
        self.owner = self.owner or await self.deployment()
        async with asyncio.timeout(RELAXED * self.timeout):
            self.client = self.target.client(self.timeout)
            direct = await self.target.direct(self.client, self.keys.deployment, self.timeout)
            try:
                info = await server.examine(direct, self.keys.deployment, self.owner, self.target.mode)
            finally:
                await closed(direct)
        for line in [] if self.warned else server.warnings(info):
            log.warning(line, redis=self.target.name)
        self.warned = True

    async def hang_up(self) -> None:
        client, self.client = self.client, None
        if client is not None:
            await closed(client)

    async def direct(self, key: str, patience: float) -> Redis:
        """A connection of one's own to the server that has `key`; the caller closes it. Raises LOST."""
        if self.client is None or not self.up.is_set():
            raise Down("Redis is away")
        return await self.target.direct(self.client, key, patience)


async def ended(*tasks: "asyncio.Task[None]") -> None:
    """Cancelled, as often as it takes: what redis-py does at a connection's end may keep a cancellation to itself."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN)
    await asyncio.gather(*tasks, return_exceptions=True)


async def closed(client: Client) -> None:
    """With the connections to Sentinels that a client of theirs holds besides."""
    manager = getattr(getattr(client, "connection_pool", None), "sentinel_manager", None)
    for one in (client, *(manager.sentinels if manager is not None else ())):
        try:
            async with asyncio.timeout(3):
                await one.aclose()
        except LOST:
            log.debug("a connection to Redis did not close")
    if isinstance(client, RedisCluster):
        # One that never found its nodes does not close the connections it looked for them by.
        with suppress(*LOST):
            await client.nodes_manager.aclose("startup_nodes")


def said(error: BaseException) -> str:
    """One line, without addresses of sockets' files or secrets: redis-py names host and port at most."""
    if isinstance(error, MasterNotFoundError):  # redis-py goes on with its clients and all their settings
        return f"{str(error).partition(' : ')[0]}: its Sentinels can't be reached, or don't know it"
    text = " ".join(str(error).split())[:300].rstrip(".")
    if text.startswith("unknown command 'SENTINEL'"):
        return "what answers there is a Redis and no Sentinel"
    return text or ("no answer in time" if isinstance(error, TimeoutError) else type(error).__name__)
