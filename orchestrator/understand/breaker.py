"""Leaves an engine alone for a while after it failed several times in a row."""

from orchestrator.ports import Clock


class Breaker:
    """Closed: calls pass. Open: none do, for `seconds` or as long as the engine asked. Then one call tries it out."""

    def __init__(self, clock: Clock, *, failures: int = 3, seconds: float = 30.0) -> None:
        self.clock = clock
        self.failures = failures
        self.seconds = seconds
        self.count = 0
        self.until = 0.0
        self.trying = False

    def allows(self) -> bool:
        """Whether to call now. While it is tried out, only the one call that asked first may."""
        if self.count < self.failures and self.until <= self.clock.monotonic():
            return True
        if self.trying or self.clock.monotonic() < self.until:
            return False
        self.trying = True
        return True

    @property
    def closed(self) -> bool:
        """Whether calls pass, or one may try."""
        return not self.trying and self.clock.monotonic() >= self.until

    def succeeded(self) -> None:
        self.count, self.until, self.trying = 0, 0.0, False

    def failed(self, retry_after: float | None = None) -> None:
        self.count += 1
        self.trying = False
        if retry_after is not None:
            self.until = self.clock.monotonic() + retry_after
        elif self.count >= self.failures:
            self.until = self.clock.monotonic() + self.seconds

    def gave_up(self) -> None:
        """The call was cancelled: it says nothing about the engine."""
        self.trying = False
