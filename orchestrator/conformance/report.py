"""What the suite found: verdicts, and the level they add up to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

SUITE = "parley-bot"
VERSION = "1"
"""Raised when a check is added or asks for more: a level says which version it was reached in."""
DOCS = "docs/conformance.md"
HIGHEST = 3

Outcome = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`detail` is what was seen, or why there was nothing to see; `fix` is the way out of a failure."""

    check: str
    level: int
    title: str
    outcome: Outcome
    ms: float = 0.0
    detail: str = ""
    fix: str = ""

    @property
    def link(self) -> str:
        return f"{DOCS}#{self.check}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    bot: str
    kind: str
    verdicts: tuple[Verdict, ...]

    @property
    def level(self) -> int:
        """The highest level of which, and of all below which, nothing failed; a check not run proves nothing."""
        reached = 0
        for level in range(1, HIGHEST + 1):
            own = [verdict for verdict in self.verdicts if verdict.level == level]
            if not any(verdict.outcome == "passed" for verdict in own) or self.failed(level):
                break
            reached = level
        return reached

    def failed(self, level: int = HIGHEST) -> Sequence[Verdict]:
        """What failed of this level and those below."""
        return [verdict for verdict in self.verdicts if verdict.outcome == "failed" and verdict.level <= level]

    @property
    def skipped(self) -> Sequence[Verdict]:
        return [verdict for verdict in self.verdicts if verdict.outcome == "skipped"]
