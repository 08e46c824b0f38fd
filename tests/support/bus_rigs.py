"""Every Bus, with a way to let time pass for it: add yours to ADAPTERS."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from orchestrator.adapters.localbus import LocalBus
from orchestrator.adapters.redisbus import RedisBus
from orchestrator.ports import Bus
from tests.support.clock import ManualClock
from tests.support.redis import age, deployment, shared

BACKLOG = 4


@dataclass
class Rig:
    """`bus` keeps BACKLOG live updates for a slow reader; `advance` lets that many seconds pass for it."""

    bus: Bus
    advance: Callable[[float], Awaitable[None]]


@asynccontextmanager
async def local() -> AsyncIterator[Rig]:
    clock = ManualClock()
    bus = LocalBus(clock, backlog=BACKLOG)

    async def advance(seconds: float) -> None:
        clock.advance(seconds)

    await bus.open()
    yield Rig(bus, advance)
    await bus.close()


@asynccontextmanager
async def redis() -> AsyncIterator[Rig]:
    server, clock = await shared(), ManualClock()
    bus = RedisBus(server.url, clock, deployment=deployment, backlog=BACKLOG, block=0.05)
    async with server.client() as client:

        async def advance(seconds: float) -> None:
            clock.advance(seconds)
            await age(client, seconds)

        await bus.open()
        await bus.lives.caught_up()  # it tells all of a gap: nobody is to read of that one
        try:
            yield Rig(bus, advance)
        finally:
            await bus.close()


ADAPTERS: dict[str, Callable[[], AbstractAsyncContextManager[Rig]]] = {"local": local, "redis": redis}
