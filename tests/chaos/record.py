"""What a run did, when, and what was found wrong with it."""

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Plan:
    """`seconds` of traffic, of some `rate` events a second; then at most `patience` in which nothing is delivered.

    Everything random comes from `seed`.
    """

    seed: int = 7
    seconds: float = 30.0
    conversations: int = 24
    rate: float = 60.0
    widgets: int = 3
    webs: int = 2
    workers: int = 2
    patience: float = 150.0
    """More than what failed eight times waits for its next try."""


@dataclass(frozen=True, slots=True)
class Violation:
    """`at` is seconds since the beginning, of what is known of these messages."""

    rule: str
    conversation: str
    messages: tuple[str, ...]
    detail: str
    at: tuple[float, ...] = ()


class Record:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.began = time.monotonic()
        self.happened: list[tuple[float, str]] = []
        self.counts: Counter[str] = Counter()
        self.proved: Counter[str] = Counter()
        self.violations: list[Violation] = []
        self.logs: dict[str, list[str]] = {}
        """By address, the transcripts of conversations with which something is wrong."""
        self.processes: dict[str, str] = {}
        """By name, what each process logged, where something is wrong."""

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return round(time.monotonic() - self.began, 3)

    def note(self, what: str) -> None:
        self.happened.append((self.now, what))

    def check(
        self,
        holds: bool,
        rule: str,
        conversation: str,
        messages: Sequence[str] = (),
        detail: str = "",
        at: Sequence[float] = (),
    ) -> bool:
        """Count a rule that was tried; keep what broke it."""
        self.proved[rule] += 1
        if not holds:
            self.violations.append(Violation(rule, conversation, tuple(messages), detail, tuple(at)))
        return holds

    def as_json(self) -> str:
        found: dict[str, Any] = {
            "plan": asdict(self.plan),
            "counts": self.counts,
            "proved": self.proved,
            "violations": [asdict(one) for one in self.violations],
            "happened": self.happened,
            "logs": self.logs,
        }
        return json.dumps(found, indent=1)

    def as_text(self) -> str:
        lines = [f"seed {self.plan.seed}, {self.plan.seconds:g} s of traffic; {self.now:.0f} s in all", ""]
        lines += [f"{at:8.2f}  {what}" for at, what in self.happened]
        lines += ["", *(f"{count:8}  {name}" for name, count in sorted(self.counts.items()))]
        lines += ["", *(f"{count:8}  times held: {rule}" for rule, count in sorted(self.held().items()))]
        for one in self.violations:
            when = f" at {', '.join(f'{at:g}' for at in one.at)} s" if one.at else ""
            lines.append(
                f"VIOLATION (seed {self.plan.seed}): {one.rule}: conversation {one.conversation}, "
                f"messages {', '.join(one.messages) or '-'}{when}: {one.detail}"
            )
        lines.append(f"{len(self.violations)} violations" if self.violations else "nothing was lost")
        return "\n".join(lines)

    def held(self) -> Counter[str]:
        return self.proved - Counter(one.rule for one in self.violations)
