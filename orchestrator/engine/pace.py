"""How fast a channel may be sent to: its `send_rate`, kept by all processes together."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from orchestrator.ports import Bus

PATIENCE = 2.0
"""Seconds a message waits here for its turn; beyond, it goes back to the outbox until then."""


@dataclass(slots=True)
class Line:
    """Those of this process who want to send to one channel: one at a time asks when it may."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class Pacer:
    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.lines: dict[str, Line] = {}

    async def wait(self, channel_id: str, rate: float, going: Callable[[], bool]) -> float:
        """0.0 when a message may go now, which counts as sent; else seconds after which to come again."""
        line = self.lines.setdefault(channel_id, Line())
        ahead = line.waiting / rate
        if ahead > PATIENCE:
            return ahead
        line.waiting += 1
        try:
            async with line.turn:
                while wait := await self.bus.pace(key(channel_id), rate=rate, burst=math.ceil(rate)):
                    if wait > PATIENCE or not going():
                        return wait
                    await asyncio.sleep(wait)
                return 0.0
        finally:
            line.waiting -= 1

    async def pause(self, channel_id: str, seconds: float) -> None:
        """The platform asked for so long a silence."""
        await self.bus.hold(key(channel_id), seconds)


def key(channel_id: str) -> str:
    return f"send:{channel_id}"
