"""LocalBus: the things a bus does, put together. For one event loop; not for use from other threads."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from orchestrator.adapters.localbus.feeds import Feeds
from orchestrator.adapters.localbus.presence import Presence
from orchestrator.adapters.localbus.rates import Holds, Rates, Used
from orchestrator.adapters.localbus.wakeups import Wakeups
from orchestrator.ports import Clock, Subscription
from orchestrator.types import Live


class LocalBus:
    """`backlog` is how many live updates a reader may be behind before they are dropped for it."""

    def __init__(self, clock: Clock, *, backlog: int = 256) -> None:
        self.clock = clock
        self.wakeups = Wakeups()
        self.feeds = Feeds(backlog)
        self.rates = Rates()
        self.paces = Rates()
        self.holds = Holds()
        self.used = Used()
        self.presence = Presence()

    async def open(self) -> None:
        self.feeds.open()

    async def close(self) -> None:
        """Ends every subscription. Claims that wait are their callers' to cancel."""
        self.feeds.close()

    async def wake(self, conversation_id: str, app_id: str = "") -> None:
        self.wakeups.wake(conversation_id, app_id)

    async def claim(self, room: int = 1) -> str:
        return await self.wakeups.claim()

    async def release(self, conversation_id: str) -> None:
        self.wakeups.release(conversation_id)

    async def publish(self, event: Live) -> None:
        self.feeds.publish(event)

    def subscribe(self, app_id: str, conversation_id: str = "") -> AbstractAsyncContextManager[Subscription]:
        return self.feeds.subscribe(app_id, conversation_id)

    async def take(self, key: str, *, limit: int, per: timedelta, strict: bool = True) -> float:
        return self.rates.take(key, limit, per.total_seconds(), self.clock.monotonic())

    async def pace(self, key: str, *, rate: float, burst: int) -> float:
        now = self.clock.monotonic()
        return self.holds.left(key, now) or self.paces.take(key, burst, burst / rate, now)

    async def hold(self, key: str, seconds: float) -> None:
        self.holds.hold(key, seconds, self.clock.monotonic())

    async def once(self, key: str, ttl: timedelta) -> bool:
        return self.used.once(key, ttl.total_seconds(), self.clock.monotonic())

    def trouble(self) -> str:
        return ""

    async def present(self, app_id: str, agent_id: str, teams: Sequence[str], ttl: float) -> None:
        self.presence.keep(app_id, agent_id, teams, ttl, self.clock.monotonic())

    async def presences(self, app_id: str) -> Mapping[str, Sequence[str]]:
        return self.presence.read(app_id, self.clock.monotonic())
