"""Values of a turn by name, for backends that keep a session elsewhere: "profile.name", "context.cart.total" …

Pure. What a bot may not know of the profile is not in the turn, so it can't be named here either.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.types import Turn

DEEPEST = 8


def facts(turn: Turn) -> dict[str, Any]:
    understanding = turn.understanding
    sentiment = understanding.sentiment if understanding else None
    intents = understanding.intents if understanding else ()
    return {
        "language": turn.language,
        "channel": turn.channel.kind,
        "profile": dict(turn.profile),
        "context": dict(turn.context),
        "slots": dict(turn.slots),
        "sentiment": sentiment.score if sentiment else None,
        "intent": intents[0].name if intents else None,
        "turn": {"id": turn.id, "conversation_id": turn.conversation_id, "customer_id": turn.customer_id},
    }


def named(turn: Turn, wanted: Mapping[str, str]) -> dict[str, Any]:
    """What each name stands for; None where there is nothing."""
    known = facts(turn)
    return {name: deep(known, path) for name, path in wanted.items()}


def deep(known: Mapping[str, Any], path: str) -> Any:
    value: Any = known
    for step in path.split(".")[:DEEPEST]:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def parley_items(found: Any) -> Iterator[Any]:
    """Actions and parts in another platform's custom payload: under "parley", or itself one with its "kind"."""
    if isinstance(found, Mapping) and "parley" in found:
        ours = found["parley"]
        yield from ours if isinstance(ours, list) else [ours]
    elif isinstance(found, Mapping) and isinstance(found.get("kind"), str):
        yield found
