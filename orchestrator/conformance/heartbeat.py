"""Whether a bot that runs in this process keeps everybody else waiting."""

import asyncio
from contextlib import suppress

BEAT = 0.01


class Heartbeat:
    """`longest` is the longest the event loop stood still since it was last reset, in seconds."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.beating: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.beating = asyncio.create_task(self.beat())

    def reset(self) -> None:
        self.longest = 0.0

    async def beat(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(BEAT)
            self.longest = max(self.longest, loop.time() - before - BEAT)

    async def stop(self) -> None:
        if self.beating is not None:
            self.beating.cancel()
            with suppress(asyncio.CancelledError):
                await self.beating
