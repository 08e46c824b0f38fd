"""Time and ids as the machine gives them."""

import secrets
import threading
import time
from datetime import UTC, datetime

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PAIRS = tuple(high + low for high in CROCKFORD for low in CROCKFORD)
SHIFTS = range(120, -1, -10)


class SystemClock:
    """Ids are ULIDs (github.com/ulid/spec): 48 bits of milliseconds, 80 of chance, in 26 characters that sort.

    Those of one process strictly grow, also within a millisecond and when the wall clock is set back.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.last = 0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def new_id(self) -> str:
        with self.lock:
            fresh = (time.time_ns() // 1_000_000) << 80
            # The step keeps the next id from being guessed from the last one.
            step = secrets.randbits(64)
            self.last = fresh | (step << 8) if fresh >> 80 > self.last >> 80 else self.last + step + 1
            value = self.last
        return "".join([PAIRS[(value >> shift) & 1023] for shift in SHIFTS])
