"""Rate limits, paces and one-use keys: Redis counts for all processes; while it is away, each counts for itself."""

import math
from datetime import timedelta

from orchestrator.adapters.localbus.rates import Holds, Rates, Used
from orchestrator.adapters.redisbus.keys import Keys
from orchestrator.adapters.redisbus.line import Line
from orchestrator.adapters.redisbus.link import LOST
from orchestrator.adapters.redisbus.script import HOLD, TAKE
from orchestrator.ports import Clock


class Limits:
    def __init__(self, line: Line, keys: Keys, clock: Clock) -> None:
        self.line = line
        self.keys = keys
        self.clock = clock
        self.rates = Rates()
        self.holds = Holds()
        self.used = Used()

    async def take(self, key: str, limit: int, per: float) -> float:
        if limit < 1:
            return per
        try:
            waits = await self.line.run_script(TAKE, (self.keys.rate(key),), limit, round(per * 1_000_000))
        except LOST:
            return self.rates.take(key, limit, per, self.clock.monotonic())
        return float(waits) / 1000

    async def pace(self, key: str, rate: float, burst: int) -> float:
        now = self.clock.monotonic()
        try:
            per = round(burst / rate * 1_000_000)
            waits = await self.line.run_script(TAKE, self.keys.pace(key), burst, per)
        except LOST:
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
