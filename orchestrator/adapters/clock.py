"""Time and ids as the machine gives them."""

import os
import struct
import threading
import time
from datetime import UTC, datetime

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PAIRS = tuple(high + low for high in CROCKFORD for low in CROCKFORD)
TIME_SHIFTS = (40, 30, 20, 10, 0)
CHANCE_SHIFTS = (70, 60, 50, 40, 30, 20, 10, 0)
CHANCE = 1 << 80


class SystemClock:
    """Ids are ULIDs (github.com/ulid/spec): 48 bits of milliseconds, 80 of chance, in 26 characters that sort.

    Those of one process strictly grow, also within a millisecond and when the wall clock is set back.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.millis = 0
        self.prefix = ""
        self.chance = 0
        self.steps: list[int] = []

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def new_id(self) -> str:
        with self.lock:
            millis = time.time_ns() // 1_000_000
            # A random step, so that the next id can't be told from the last one.
            self.chance += self.step() + 1
            if millis > self.millis or self.chance >= CHANCE:
                self.begin(max(millis, self.millis + 1))
            prefix, chance = self.prefix, self.chance
        return prefix + "".join([PAIRS[(chance >> shift) & 1023] for shift in CHANCE_SHIFTS])

    def step(self) -> int:
        """64 random bits. Drawn from the system 512 at a time: a call of its own for each lets go of the
        interpreter's lock, and on a busy server waits 20 µs to get it back."""
        if not self.steps:
            self.steps = list(struct.unpack("512Q", os.urandom(4096)))
        return self.steps.pop()

    def begin(self, millis: int) -> None:
        """A new millisecond; one ahead of the wall clock when this one has no room left."""
        self.millis = millis
        self.prefix = "".join([PAIRS[(millis >> shift) & 1023] for shift in TIME_SHIFTS])
        # Half of the room is left for the ids that follow in the same millisecond.
        self.chance = (self.step() << 15) | (self.step() & 0x7FFF)
