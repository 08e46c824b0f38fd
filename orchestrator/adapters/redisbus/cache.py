"""Texts kept for all processes: implements Cache. What this process had a moment ago it does not ask for again."""

import asyncio
from collections.abc import Mapping, Sequence

from orchestrator.adapters.cache import MemoryCache
from orchestrator.adapters.redisbus.keys import Keys
from orchestrator.adapters.redisbus.line import Line
from orchestrator.adapters.redisbus.link import LOST

TTL = 7 * 24 * 3600
LARGEST = 16_384
"""Bytes of a value; longer texts hardly come twice."""


class RedisCache:
    """Never raises: while Redis is away, `here` is all there is."""

    def __init__(self, line: Line, keys: Keys, here: MemoryCache) -> None:
        self.line = line
        self.keys = keys
        self.here = here

    async def get_many(self, keys: Sequence[str]) -> Sequence[str | None]:
        found = {key: self.here.get(key) for key in keys}
        missing = [key for key, value in found.items() if value is None]
        # One command each, not MGET: in a cluster each may be elsewhere. They go in one round trip.
        answers = await asyncio.gather(*map(self.ask, missing))
        for key, value in zip(missing, answers, strict=True):
            if value is not None:
                found[key] = value
                self.here.put(key, value)
        return [found[key] for key in keys]

    async def ask(self, key: str) -> str | None:
        try:
            answer = await self.line.call("GET", self.keys.cached(key))
        except LOST:
            return None
        return None if answer is None else answer.decode("utf-8", "replace")

    async def set_many(self, values: Mapping[str, str]) -> None:
        """Returns before Redis has them."""
        for key, value in values.items():
            self.here.put(key, value)
            data = value.encode("utf-8", "replace")
            if len(data) <= LARGEST:
                self.line.post_command("SET", self.keys.cached(key), data, "EX", TTL)
