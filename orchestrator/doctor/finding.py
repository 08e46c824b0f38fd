"""What was looked at, and what came of it."""

import statistics
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from orchestrator.ports import Clock

State = Literal["ok", "warn", "fail"]
ORDER: tuple[State, ...] = ("ok", "warn", "fail")
PINGS = 21


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`part` is what was looked at, `said` what was found; `mend` how to put it right, where it isn't."""

    part: str
    state: State
    said: str
    mend: str = ""


def ok(part: str, said: str) -> Finding:
    return Finding(part=part, state="ok", said=said)


def warn(part: str, said: str, mend: str) -> Finding:
    return Finding(part=part, state="warn", said=said, mend=mend)


def fail(part: str, said: str, mend: str) -> Finding:
    return Finding(part=part, state="fail", said=said, mend=mend)


def worst(findings: Iterable[Finding]) -> int:
    """0: all is well, 1: something may hurt, 2: something is broken."""
    return max((ORDER.index(finding.state) for finding in findings), default=0)


def graded(part: str, value: float, said: str, mend: str, *, warn_at: float, fail_at: float) -> Finding:
    """A figure that is better the lower it is."""
    if value >= fail_at:
        return fail(part, said, mend)
    return warn(part, said, mend) if value >= warn_at else ok(part, said)


async def median_ms(ask: Callable[[], Awaitable[object]], clock: Clock, times: int = PINGS) -> float:
    taken = []
    for _ in range(times):
        began = clock.monotonic()
        await ask()
        taken.append((clock.monotonic() - began) * 1000)
    return statistics.median(taken)


def latency(part: str, ms: float) -> Finding:
    mend = "bring it nearer to this machine: each turn waits for a few of these"
    return graded(part, ms, f"{ms:.2f} ms, the median of {PINGS}", mend, warn_at=10, fail_at=100)


async def skew(part: str, theirs: Callable[[], Awaitable[float]], clock: Clock) -> Finding:
    """`theirs` reads the other clock, in seconds since 1970; half of the way there and back is taken off."""
    before = clock.now().timestamp()
    there = await theirs()
    off = there - (before + clock.now().timestamp()) / 2
    mend = "keep this machine's time by NTP: leases go by the servers' clocks, but retries and sign-ins by this one"
    return graded(part, abs(off), f"{off:+.3f} s from this machine", mend, warn_at=2, fail_at=60)
