"""Buses of several processes on one Redis: each has connections, a consumer and a clock of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.redisbus import RedisBus
from orchestrator.types import TypingChanged
from tests.support.redis import deployment

FAST = {"block": 0.05, "timeout": 2.0, "patience": 5.0}


def bus_on(url: str, deployment: Callable[[], Awaitable[str]] = deployment, **settings: Any) -> RedisBus:
    return RedisBus(url, SystemClock(), deployment=deployment, **(FAST | settings))


@asynccontextmanager
async def buses(url: str, count: int, **settings: Any) -> AsyncIterator[list[RedisBus]]:
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(count):
            bus = bus_on(url, **settings)
            await bus.open()
            stack.push_async_callback(bus.close)
            made.append(bus)
        for bus in made:
            await bus.lives.caught_up()  # whoever starts tells all of a gap: nobody is to read of that one
        yield made


def typing(author: str, conversation: str = "c1", app: str = "shop") -> TypingChanged:
    return TypingChanged(app_id=app, conversation_id=conversation, role="agent", author=author, on=True)
