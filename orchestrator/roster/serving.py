"""Routing by channel, language, intent and segment: registered bots as rules behind the app's own."""

import json
from collections.abc import Collection, Sequence

from orchestrator.config import AppSettings, Rule
from orchestrator.decide.rules import Policy
from orchestrator.errors import Malformed, Misconfigured
from orchestrator.types import BotEntry, Serves

SURE = 0.5
"""How sure an intent must be before it chooses a bot."""


def condition(serves: Serves) -> str:
    """In CEL: all that is given must hold."""
    tests = [
        f"channel.id in {listed(serves.channels)}" if serves.channels else "",
        f"language in {listed(serves.languages)}" if serves.languages else "",
        f"intent.name in {listed(serves.intents)} && intent.score >= {SURE}" if serves.intents else "",
        f"({serves.segment})" if serves.segment else "",
    ]
    return " && ".join(filter(None, tests))


def listed(names: Sequence[str]) -> str:
    return "[" + ", ".join(json.dumps(name) for name in names) + "]"


def rules(entries: Sequence[BotEntry]) -> list[Rule]:
    """In the order of their names: the first that holds decides, after the app's own rules."""
    return [
        Rule(
            name=f"serves: {entry.name}",
            when=condition(entry.serves),
            then="bot",
            bot=entry.name,
            reason=f"The bot {entry.name!r} serves these customers.",
        )
        for entry in entries
        if entry.enabled and entry.active and entry.serves.anybody
    ]


def policy_with(settings: AppSettings, bots: Collection[str], entries: Sequence[BotEntry]) -> Policy:
    """The app's policy with the rules of its registered bots behind its own. Raises Misconfigured."""
    more = settings.policy.model_copy(update={"rules": (*settings.policy.rules, *rules(entries))})
    return Policy.compile(more, bots=bots, teams=settings.teams)


def check(serves: Serves, settings: AppSettings, channels: Collection[str]) -> None:
    """Raises Malformed for names that lead nowhere, and a segment that is no condition."""
    for what, given, known in (
        ("channel", serves.channels, channels),
        ("language", serves.languages, settings.languages),
    ):
        if strange := sorted(set(given) - set(known)):
            raise Malformed(f"serves: the app has no {what} {strange[0]!r}; it has {', '.join(sorted(known))}")
    rule = Rule(name="serves", when=condition(serves) or "true", then="bot", bot="x")
    try:
        only = settings.policy.model_copy(update={"rules": (rule,), "defaults": False})
        Policy.compile(only, bots=("x",), teams=settings.teams)
    except Misconfigured as error:
        raise Malformed(f"serves: {error}") from None
