"""The names a rule may read. docs/policy.md documents them; they are stable: add, never rename.

Kinds never vary: what is a number here is always a float or always an int, because CEL does not mix them in arithmetic.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.types import Conversation, Priority, Profile, Understanding

Facts = Mapping[str, Any]

OPEN = frozenset({"customer", "slots", "context"})
"""Names whose members differ from app to app: any member may be read, an absent one needs `has()`."""

PRIORITIES: tuple[Priority, ...] = ("low", "normal", "high", "urgent")


@dataclass(frozen=True, slots=True, kw_only=True)
class BotOutcome:
    """What the bot that just ran did: `asked` for a person (with its wishes), or `failed` with no fallback left."""

    name: str
    asked: bool = False
    failed: bool = False
    reason: str = ""
    team: str = ""
    priority: Priority | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPresence:
    """`agents` online now, `waiting` cases in the queue."""

    agents: int = 0
    waiting: int = 0


def facts(
    conversation: Conversation,
    understanding: Understanding | None = None,
    *,
    profile: Profile,
    channel_kind: str = "",
    text: str = "",
    bot: BotOutcome | None = None,
    hours_open: bool = True,
    desk: DeskPresence | None = None,
    roots: Collection[str] | None = None,
) -> dict[str, Any]:
    """Everything a rule may read, as plain JSON kinds, each with its default when not known.

    `conversation.aggregates` must already count the turn's messages and, with `bot` given, the bot's answer.
    Without `bot` (before it ran) everything below `bot.` is neutral. `text` is all the turn's words, in the pivot
    language where they are known in it; without it the understanding's are taken. Of what is not heard in this turn
    only the `roots` somebody reads are made, all of them by default.
    """
    found = {
        **heard(conversation, understanding, text),
        "bot": bot_facts(bot, conversation.aggregates.misunderstood),
        "channel": {"id": conversation.channel_id, "kind": channel_kind},
        "hours": {"open": hours_open},
        "desk": {"agents": desk.agents if desk else 0, "waiting": desk.waiting if desk else 0},
    }
    for root, make in KNOWN.items():
        if roots is None or root in roots:
            found[root] = make(conversation, profile)
    return found


def heard(conversation: Conversation, understanding: Understanding | None, text: str) -> dict[str, Any]:
    sums = conversation.aggregates
    feeling = understanding.sentiment if understanding else None
    intent = understanding.intents[0] if understanding and understanding.intents else None
    detected = understanding.language.code if understanding else ""
    return {
        "wish": float(understanding.wants_person) if understanding else 0.0,
        "language": conversation.language.code or detected,
        "text": text or (understanding.pivot if understanding else ""),
        "sentiment": {
            "score": float(feeling.score) if feeling else 0.0,
            "average": float(sums.sentiment),
            "trend": float(sums.trend),
            "lows": sums.lows,
        },
        "intent": {"name": intent.name if intent else "", "score": float(intent.score) if intent else 0.0},
        "signals": list(understanding.signals) if understanding else [],
    }


def bot_facts(bot: BotOutcome | None, streak: int) -> dict[str, Any]:
    if bot is None:
        return {
            "name": "",
            "asked": False,
            "failed": False,
            "misunderstood": 0,
            "reason": "",
            "team": "",
            "priority": "",
        }
    return {
        "name": bot.name,
        "asked": bot.asked,
        "failed": bot.failed,
        "misunderstood": streak,
        "reason": bot.reason,
        "team": bot.team,
        "priority": bot.priority or "",
    }


def progress(conversation: Conversation) -> dict[str, Any]:
    sums = conversation.aggregates
    return {
        "turns": sums.turns,
        "messages": sums.customer_messages,
        "handoffs": sums.handoffs,
        "controller": conversation.controller.kind,
    }


def customer_facts(profile: Profile) -> dict[str, Any]:
    """The profile, without what is None; the keys that mean something to Parley are always there."""
    known = {key: value for key, value in profile.items() if value is not None}
    return {"name": "", "email": "", "language": "", "tier": "", **known, "verified": profile.get("verified") is True}


def cart_facts(context: Mapping[str, Any]) -> dict[str, Any]:
    found = context.get("cart")
    cart = found if isinstance(found, Mapping) else {}
    items = cart.get("items")
    listed = list(items) if isinstance(items, Sequence) and not isinstance(items, str | bytes) else []
    return {
        "total": number(cart.get("total")),
        "currency": word(cart.get("currency")),
        "count": len(listed),
        "items": listed,
    }


def page_facts(context: Mapping[str, Any]) -> dict[str, Any]:
    """The page as `{"url": …, "title": …}`, or as its address alone."""
    found = context.get("page")
    page = found if isinstance(found, Mapping) else {"url": found}
    return {"url": word(page.get("url")) or word(context.get("url")), "title": word(page.get("title"))}


def number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0.0
    try:
        return float(value)
    except (ValueError, OverflowError):
        return 0.0


def word(value: Any) -> str:
    return value if isinstance(value, str) else ""


KNOWN: Mapping[str, Callable[[Conversation, Profile], dict[str, Any]]] = {
    "conversation": lambda conversation, _: progress(conversation),
    "customer": lambda _, profile: customer_facts(profile),
    "cart": lambda conversation, _: cart_facts(conversation.context),
    "page": lambda conversation, _: page_facts(conversation.context),
    "context": lambda conversation, _: dict(conversation.context),
    "slots": lambda conversation, _: dict(conversation.slots),
}
"""What was known before the turn."""
