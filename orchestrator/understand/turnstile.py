"""Keeps many conversations' small pieces of work from adding up to one long stall of the event loop.

A stage takes a fraction of a millisecond, cheaper than a thread. But a hundred messages that arrive together would run
a hundred of them in one round of the loop, and no socket is served meanwhile.
"""

import asyncio
from collections import deque

from orchestrator.ports import Clock

# Work of one round of the event loop. Whoever comes later waits for the next one.
BUDGET = 0.004
# Woken at once; those that find the budget spent wait again, first in line.
WOKEN = 4


class Turnstile:
    """`await turnstile.turn()` before a piece of work: returns at once while the round's budget lasts."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.since: float | None = None
        self.waiting: deque[asyncio.Future[None]] = deque()

    async def turn(self) -> None:
        if self.may_go() and not self.waiting:
            return
        first = False
        while True:
            await self.wait(first)
            if self.may_go():
                return
            first = True

    def may_go(self) -> bool:
        if self.since is None:
            self.since = self.clock.monotonic()
            asyncio.get_running_loop().call_soon(self.next_round)
            return True
        return self.clock.monotonic() - self.since < BUDGET

    async def wait(self, first: bool) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if first:
            self.waiting.appendleft(woken)
        else:
            self.waiting.append(woken)
        try:
            await woken
        except asyncio.CancelledError:
            if woken.done() and not woken.cancelled():
                asyncio.get_running_loop().call_soon(self.next_round)
            raise

    def next_round(self) -> None:
        self.since = None
        for _ in range(min(WOKEN, len(self.waiting))):
            woken = self.waiting.popleft()
            if not woken.done():
                woken.set_result(None)
