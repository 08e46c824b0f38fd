"""How many frames a connection may send, whatever they say: a bucket that refills."""

from orchestrator.errors import Throttled
from orchestrator.ports import Clock

BURST = 120
PER_SECOND = 20.0


class Allowance:
    __slots__ = ("at", "clock", "left")

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.left = float(BURST)
        self.at = clock.monotonic()

    def take(self) -> None:
        """Raises Throttled."""
        now = self.clock.monotonic()
        self.left = min(float(BURST), self.left + (now - self.at) * PER_SECOND)
        self.at = now
        if self.left < 1:
            raise Throttled("too many frames a second", retry_after=(1 - self.left) / PER_SECOND)
        self.left -= 1
