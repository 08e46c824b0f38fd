"""Rate limits, paces and one-use keys: Redis counts for all processes; while it is away, each counts for itself."""

import asyncio
import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal

from orchestrator.adapters.localbus.rates import Holds, Rates, Used
from orchestrator.adapters.redisbus.bundle import Bundle, Use
from orchestrator.adapters.redisbus.keys import Keys
from orchestrator.adapters.redisbus.line import Line, telling
from orchestrator.adapters.redisbus.link import LOST, Down
from orchestrator.adapters.redisbus.script import HOLD
from orchestrator.ports import Clock

LATEST = 0.1
"""Seconds after which a use that was allowed here is told, when nothing else is meanwhile."""


class Limits:
    """`near` is what this process knows of limits that are not strict: by its own uses, and by what Redis said of all.

    While such a limit seems half unused, a use is given without asking. Redis is told with whatever it is told next,
    and counts it in any case; until it has answered, the next use of the same key asks first. So each process may give
    one use too many.
    """

    def __init__(self, line: Line, keys: Keys, clock: Clock) -> None:
        self.line = line
        self.keys = keys
        self.clock = clock
        self.rates = Rates()
        self.near = Rates()
        self.holds = Holds()
        self.used = Used()
        self.uses: list[Use] = []
        self.untold: set[str] = set()
        self.late: asyncio.TimerHandle | None = None
        line.sources.append(self.gathered)

    def gathered(self, bundle: Bundle) -> None:
        bundle.uses, self.uses = self.uses, []
        if self.late is not None:
            self.late.cancel()
            self.late = None

    async def take(self, key: str, limit: int, per: float, strict: bool) -> float:
        now = self.clock.monotonic()
        if limit < 1:
            return per
        if not strict and self.given(key, limit, per, now):
            return 0.0
        try:
            waits = float(await self.asked("take", (self.keys.rate(key),), limit, per)) / 1000
        except LOST:
            return self.rates.take(key, limit, per, now)
        if not strict:
            self.near.full[key] = now + per if waits else max(self.near.full.get(key, now), now) + per / limit
        return waits

    def given(self, key: str, limit: int, per: float, now: float) -> bool:
        half = limit // 2
        if not half or key in self.untold or not self.line.link.up.is_set():
            return False
        if self.near.take(key, half, per * half / limit, now):
            return False
        self.untold.add(key)
        self.uses.append(Use("charge", (self.keys.rate(key),), limit, micros(per), self.heard(key)))
        if self.late is None:
            self.late = asyncio.get_running_loop().call_later(LATEST, self.line.ring)
        return True

    def heard(self, key: str) -> Callable[[Any], None]:
        def done(answer: Any) -> None:
            self.untold.discard(key)
            if isinstance(answer, int):
                self.near.full[key] = self.clock.monotonic() + answer / 1000

        return done

    async def asked(self, kind: Literal["take", "pace"], keys: tuple[str, ...], limit: int, per: float) -> Any:
        """Raises LOST."""
        if not self.line.link.up.is_set():
            raise Down("Redis is away")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.uses.append(Use(kind, keys, limit, micros(per), telling(future)))
        self.line.ring()
        return await future

    async def pace(self, key: str, rate: float, burst: int) -> float:
        try:
            waits = await self.asked("pace", self.keys.pace(key), burst, burst / rate)
        except LOST:
            now = self.clock.monotonic()
            return self.holds.left(key, now) or self.rates.take(f"pace:{key}", burst, burst / rate, now)
        return float(waits) / 1000

    async def hold(self, key: str, seconds: float) -> None:
        self.holds.hold(key, seconds, self.clock.monotonic())
        try:
            await self.line.run_script(HOLD, self.keys.pace(key)[1:], max(math.ceil(seconds * 1000), 1))
        except LOST:
            return

    async def once(self, key: str, ttl: timedelta) -> bool:
        fresh = self.used.once(key, ttl.total_seconds(), self.clock.monotonic())
        if not fresh:
            return False
        milliseconds = max(math.ceil(ttl.total_seconds() * 1000), 1)
        try:
            answer = await self.line.call("SET", self.keys.once(key), 1, "PX", milliseconds, "NX")
        except LOST:
            return True
        return bool(answer)


def micros(seconds: float) -> int:
    return round(seconds * 1_000_000)
