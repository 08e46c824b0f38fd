"""Several lines sent at once, understood as the one thing they are."""

from collections.abc import Sequence

from orchestrator.copies import replace
from orchestrator.types import Understanding


def together(lines: Sequence[Understanding]) -> Understanding | None:
    """The last line's, with the strongest wish for a person, the lowest sentiment and the surest intents of them all:
    "I want a human" is not taken back by the "hello?" that follows it."""
    if len(lines) < 2:
        return lines[0] if lines else None
    felt = [line.sentiment for line in lines if line.sentiment]
    return replace(
        lines[-1],
        pivot="\n".join(line.pivot for line in lines if line.pivot),
        sentiment=min(felt, key=lambda feeling: feeling.score) if felt else None,
        intents=max((line.intents for line in lines), key=lambda found: found[0].score if found else -1.0),
        wants_person=max(line.wants_person for line in lines),
        out_of_scope=min(line.out_of_scope for line in lines),
        signals=tuple(dict.fromkeys(signal for line in lines for signal in line.signals)),
        stages=tuple(stage for line in lines for stage in line.stages),
    )
