"""A circuit breaker: after so many failures in a row, leave the thing alone for a while."""

from orchestrator.ports import Clock


class Breaker:
    """Closed until `failures` in a row, then open for `seconds`, then one trial decides."""

    def __init__(self, clock: Clock, *, failures: int, seconds: float) -> None:
        self.clock = clock
        self.limit = failures
        self.seconds = seconds
        self.failures = 0
        self.opened_at = 0.0
        self.trial = False

    @property
    def state(self) -> str:
        if self.failures < self.limit:
            return "closed"
        waited = self.clock.monotonic() - self.opened_at
        return "half-open" if waited >= self.seconds else "open"

    def admit(self) -> bool:
        """Whether a call may go through now; half-open lets exactly one."""
        state = self.state
        if state == "half-open" and not self.trial:
            self.trial = True
            return True
        return state == "closed"

    def succeeded(self) -> None:
        self.failures = 0
        self.trial = False

    def failed(self) -> None:
        self.failures += 1
        self.trial = False
        if self.failures >= self.limit:
            self.opened_at = self.clock.monotonic()

    def left(self) -> None:
        """The call ended without an answer either way (it was cancelled): a trial may be made again."""
        self.trial = False
