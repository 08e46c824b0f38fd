"""Reading what is written without blanks between words: listed pieces found anywhere, the longest first."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["value", "profanity", "thanks"]
# Characters a negation may stand before or after what it negates: 不 太 满意, 満足 して い ない. In Korean a syllable
# comes apart into up to three.
REACH = 6


@dataclass(frozen=True, slots=True)
class DenseWords:
    """`negations` stand before, `turned` after what they turn round; all folded. `factors`: negated, boosted."""

    values: Mapping[str, float]
    profanity: tuple[str, ...]
    thanks: tuple[str, ...]
    negations: tuple[str, ...]
    turned: tuple[str, ...]
    boosters: tuple[str, ...]
    factors: tuple[float, float]
    pieces: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        longest_first = sorted(self.values, key=len, reverse=True)
        object.__setattr__(self, "pieces", re.compile("|".join(map(re.escape, longest_first))))

    def read(self, clauses: Iterable[str]) -> tuple[list[float], set[Kind]]:
        """The value of each piece found, and of which kinds there are any. Clauses are folded."""
        values: list[float] = []
        kinds: set[Kind] = set()
        for clause in clauses:
            values += [self.in_context(clause, found) for found in self.pieces.finditer(clause)]
            if any(word in clause for word in self.profanity):
                kinds.add("profanity")
            if any(word in clause for word in self.thanks):
                kinds.add("thanks")
        return values, kinds

    def in_context(self, clause: str, found: re.Match[str]) -> float:
        value = self.values[found[0]]
        before, after = clause[max(0, found.start() - REACH) : found.start()], clause[found.end() :][: 2 * REACH]
        negated, boosted = self.factors
        if before.endswith(self.boosters):
            value *= boosted
        if value > 0 and (any(word in before[-3:] for word in self.negations) or self.turns(after)):
            value *= negated
        return value

    def turns(self, after: str) -> bool:
        return any(word in after for word in self.turned)
