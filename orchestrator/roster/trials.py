"""How versions do, side by side, and whether a candidate is to be taken back. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestrator.types import Arm, BotCount, Trial, TrialLimits

HIGH = 0.95
FASTEST = 50.0
"""Milliseconds below which twice as slow is nothing anybody notices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one version in one arm. Rates are shares of turns; `p50` and `p95` milliseconds, as counted in buckets.

    `sentiment` is the mean score of customers' messages (-1..1), None when none was read. `same` is the share of
    shadow answers that were what the customer got.
    """

    version: int = 0
    arm: Arm = "live"
    turns: int = 0
    failed: float = 0.0
    handoffs: float = 0.0
    misunderstood: float = 0.0
    mean_ms: float = 0.0
    p50: float = 0.0
    p95: float = 0.0
    sentiment: float | None = None
    same: float | None = None


def figures(counts: Iterable[BotCount]) -> list[Figures]:
    """For each version and arm, over all hours given."""
    kinds: dict[tuple[int, Arm], dict[str, tuple[int, float]]] = defaultdict(dict)
    for one in counts:
        sums = kinds[one.version, one.arm]
        count, total = sums.get(one.what, (0, 0.0))
        sums[one.what] = (count + one.count, total + one.total)
    return [figured(version, arm, sums) for (version, arm), sums in sorted(kinds.items())]


def figured(version: int, arm: Arm, sums: dict[str, tuple[int, float]]) -> Figures:
    turns = sums.get("turns", (0, 0.0))[0]

    def share(what: str, of: int = turns) -> float:
        return round(sums.get(what, (0, 0.0))[0] / of, 4) if of else 0.0

    felt, score = sums.get("sentiment", (0, 0.0))
    compared = sums.get("same", (0, 0.0))[0] + sums.get("different", (0, 0.0))[0]
    return Figures(
        version=version,
        arm=arm,
        turns=turns,
        failed=share("failed"),
        handoffs=share("handoffs"),
        misunderstood=share("misunderstood"),
        mean_ms=round(sums.get("ms", (0, 0.0))[1] / turns, 1) if turns else 0.0,
        p50=percentile(sums, 0.5),
        p95=percentile(sums, HIGH),
        sentiment=round(score / felt, 3) if felt else None,
        same=share("same", compared) if compared else None,
    )


def percentile(sums: dict[str, tuple[int, float]], wanted: float) -> float:
    """The bucket's upper edge; twice the last one for what was beyond them all."""
    edges = sorted((edge(what), count) for what, (count, _) in sums.items() if what.startswith("ms<="))
    total, seen = sum(count for _, count in edges), 0
    for limit, count in edges:
        seen += count
        if seen >= wanted * total:
            return limit
    return 0.0


def edge(what: str) -> float:
    given = what.removeprefix("ms<=")
    return 25_600.0 if given == "inf" else float(given)


def judge(trial: Trial, active: int, counts: Sequence[BotCount]) -> str:
    """Why the candidate is to be taken back; "" when it may go on."""
    arm: Arm = "canary" if trial.mode == "canary" else "shadow"
    by_place = {(one.version, one.arm): one for one in figures(counts)}
    new = by_place.get((trial.version, arm), Figures())
    old = by_place.get((active, "live"), Figures())
    if new.turns < trial.limits.turns:
        return ""
    return "; ".join(worse(trial.limits, new, old, trial.mode == "canary"))


def worse(limits: TrialLimits, new: Figures, old: Figures, felt: bool) -> Iterable[str]:
    """Nothing the customers of a shadow feel is the shadow's doing."""
    if limits.errors and new.failed > old.failed + limits.errors:
        yield f"{new.failed:.1%} of its turns failed, {old.failed:.1%} of the active version's"
    if limits.latency and old.turns and new.p95 > max(old.p95, FASTEST) * limits.latency:
        yield f"95 of 100 answers within {new.p95:g} ms, the active version's within {old.p95:g} ms"
    if limits.handoffs and new.handoffs > old.handoffs + limits.handoffs:
        yield f"{new.handoffs:.1%} of its turns were handed off, {old.handoffs:.1%} of the active version's"
    both = new.sentiment is not None and old.sentiment is not None
    if felt and limits.sentiment and both and (new.sentiment or 0.0) < (old.sentiment or 0.0) - limits.sentiment:
        yield f"its customers' sentiment is {new.sentiment:+.2f}, the active version's {old.sentiment:+.2f}"


def since(trial: Trial) -> datetime:
    """Counts are kept by the hour."""
    return trial.started_at.replace(minute=0, second=0, microsecond=0)
