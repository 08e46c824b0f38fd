"""Bots that answer in a stream of messages without an end: asked again and again until they have fallen quiet."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import TypeVar

from orchestrator.errors import BotTimeout

T = TypeVar("T")


async def until_quiet(
    poll: Callable[[], Awaitable[Sequence[T]]], *, quiet: float, every: float
) -> AsyncGenerator[Sequence[T], None]:
    """What came, batch by batch, until nothing has come for `quiet` seconds after something did.

    `poll` gives what is new and raises BotTimeout when the time is up: what came before that is not lost.
    """
    loop = asyncio.get_running_loop()
    last: float | None = None
    while last is None or loop.time() - last < quiet:
        try:
            batch = await poll()
        except BotTimeout:
            if last is None:
                raise
            return
        if batch:
            last = loop.time()
            yield batch
        await asyncio.sleep(every)
