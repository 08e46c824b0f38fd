"""The Handoff packet: everything the person who takes over needs to know, gathered without reading the whole log."""

from collections.abc import Iterator, Sequence

from orchestrator.decide.aggregates import LOW
from orchestrator.decide.summary import summarise
from orchestrator.types import Conversation, Decision, HandoffOrder, Message, Packet, Profile

TRANSCRIPT = 30


def packet(
    conversation: Conversation,
    *,
    order: HandoffOrder,
    messages: Sequence[Message],
    decision: Decision | None = None,
    profile: Profile,
    channel_kind: str = "",
    evidence: Sequence[int] = (),
    pivot: str = "en",
    told: str = "",
) -> Packet:
    """`messages` are the latest, oldest first, and may hold some without a `seq` yet; `evidence` are the turn's.

    `conversation` is the head before the offer changed it. `told` is the bot's own summary, put before ours.
    """
    transcript = tuple(message for message in messages if not message.withdrawn)[-TRANSCRIPT:]
    check = next((check for check in decision.checks if check.held), None) if decision else None
    values = dict(check.values) if check else {}
    sums = conversation.aggregates
    return Packet(
        reason=order.reason,
        rule=decision.rule if decision else "",
        evidence=tuple(sorted({*evidence, *shown_by(values, messages, sums.misunderstood)})),
        values=values,
        transcript=transcript,
        sentiment=sums.scores,
        intents=sums.intents,
        slots=dict(conversation.slots),
        tried=tuple(dict.fromkeys(tried(conversation, messages))),
        profile=dict(profile),
        context=dict(conversation.context),
        channel_id=conversation.channel_id,
        channel_kind=channel_kind,
        language=conversation.language.code,
        team=order.team,
        priority=order.priority,
        summary=" ".join(filter(None, (told.strip(), summarise(conversation, order, transcript, profile, pivot)))),
    )


def shown_by(values: dict[str, object], messages: Sequence[Message], streak: int) -> Iterator[int]:
    """The messages that made a rule about a streak hold: the unhappy ones, or those the bot did not understand."""
    heard = [message for message in messages if message.role == "customer" and message.seq]
    if "sentiment.lows" in values or "sentiment.average" in values:
        for message in reversed(heard):
            felt = message.understanding.sentiment if message.understanding else None
            if felt is None or felt.score > LOW:
                break
            yield message.seq
    if "bot.misunderstood" in values and streak:
        yield from (message.seq for message in heard[-streak:])


def tried(conversation: Conversation, messages: Sequence[Message]) -> Iterator[str]:
    """Who and what has been tried: `bot:name`, `intent:name`, in the order they came up."""
    for message in messages:
        if message.role == "bot" and message.author:
            yield f"bot:{message.author}"
    if conversation.bot and conversation.aggregates.bot_failures:
        yield f"bot:{conversation.bot}"
    yield from (f"intent:{intent}" for intent in conversation.aggregates.intents)
