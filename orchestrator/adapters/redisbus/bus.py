"""RedisBus: the Bus of many processes, over one Redis. Once open it never raises: if need be, it works without."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from datetime import timedelta

from orchestrator.adapters.cache import MemoryCache
from orchestrator.adapters.localbus.feeds import Feeds
from orchestrator.adapters.redisbus.cache import RedisCache
from orchestrator.adapters.redisbus.keys import Keys
from orchestrator.adapters.redisbus.limits import Limits
from orchestrator.adapters.redisbus.line import Line
from orchestrator.adapters.redisbus.link import LOST, Link
from orchestrator.adapters.redisbus.live import Lives
from orchestrator.adapters.redisbus.presences import Presences
from orchestrator.adapters.redisbus.url import parse
from orchestrator.adapters.redisbus.wakes import BLOCK, Wakes
from orchestrator.ports import Clock, Subscription
from orchestrator.types import Live


class RedisBus:
    """`deployment` is asked, at the start and after each loss, for the id of the database this process works on.

    `timeout`: seconds any answer of Redis may take. `lease`: seconds after which a silent worker's conversations go to
    others. `patience`: seconds `open` tries. Raises Misconfigured when the URL can't be read.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        deployment: Callable[[], Awaitable[str]],
        prefix: str = "parley",
        timeout: float = 1.0,
        lease: float = 15.0,
        patience: float = 30.0,
        backlog: int = 256,
        block: float = BLOCK,
    ) -> None:
        self.patience = patience
        self.link = Link(parse(url), Keys(prefix), timeout=timeout, deployment=deployment)
        self.line = Line(self.link)
        self.wakes = Wakes(self.link, self.line, lease=lease, block=block)
        self.lives = Lives(self.link, self.line, Feeds(backlog))
        self.limits = Limits(self.line, self.link.keys, clock)
        self.presence = Presences(self.link, self.line, clock)

    async def open(self) -> None:
        """Raises Unavailable after `patience` seconds, Misconfigured for a server too old or somebody else's."""
        await self.link.open(self.patience)
        self.line.open()
        self.wakes.open()
        await self.lives.open()

    async def close(self) -> None:
        """Ends every subscription, and gives back what was fetched for claims that never came."""
        await self.lives.close()
        await self.wakes.close()
        with suppress(*LOST):
            await self.line.settled()
        await self.line.close()
        await self.link.close()

    def cache(self) -> RedisCache:
        """Of texts, for all processes; good until the bus is closed."""
        return RedisCache(self.line, self.link.keys, MemoryCache())

    def trouble(self) -> str:
        return self.link.trouble()

    async def wake(self, conversation_id: str, app_id: str = "") -> None:
        self.wakes.wake(conversation_id, app_id)

    async def claim(self, room: int = 1) -> str:
        return await self.wakes.claim(room)

    async def release(self, conversation_id: str) -> None:
        self.wakes.release(conversation_id)

    async def publish(self, event: Live) -> None:
        self.lives.publish(event)

    def subscribe(self, app_id: str, conversation_id: str = "") -> AbstractAsyncContextManager[Subscription]:
        return self.lives.subscribe(app_id, conversation_id)

    async def take(self, key: str, *, limit: int, per: timedelta, strict: bool = True) -> float:
        return await self.limits.take(key, limit, per.total_seconds(), strict)

    async def pace(self, key: str, *, rate: float, burst: int) -> float:
        return await self.limits.pace(key, rate, burst)

    async def hold(self, key: str, seconds: float) -> None:
        await self.limits.hold(key, seconds)

    async def once(self, key: str, ttl: timedelta) -> bool:
        return await self.limits.once(key, ttl)

    async def present(self, app_id: str, agent_id: str, teams: Sequence[str], ttl: float) -> None:
        await self.presence.keep(app_id, agent_id, teams, ttl)

    async def presences(self, app_id: str) -> Mapping[str, Sequence[str]]:
        return await self.presence.read(app_id)
