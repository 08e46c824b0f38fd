"""Facts every rule is tried on at start: of a conversation that goes well, and of one that does not."""

from datetime import UTC, datetime
from typing import Any

from orchestrator.decide.facts import BotOutcome, DeskPresence, facts
from orchestrator.types import (
    Aggregates,
    Controller,
    Conversation,
    Intent,
    Language,
    Sentiment,
    Spoken,
    Understanding,
)

EPOCH = datetime.fromtimestamp(0, UTC)


def conversation(**changes: Any) -> Conversation:
    return Conversation(
        app_id="sample",
        id="sample",
        channel_id="web",
        address="sample",
        customer_id="sample",
        controller=Controller(kind="bot"),
        language=Spoken(code="en"),
        created_at=EPOCH,
        updated_at=EPOCH,
        **changes,
    )


NEUTRAL: dict[str, Any] = facts(conversation(), profile={})
"""Every name there is, each with its default."""

# No number here is 0: dividing by it gives NaN, and comparing NaN looks like comparing different kinds.
CALM: dict[str, Any] = facts(
    conversation(
        aggregates=Aggregates(turns=1, customer_messages=1, sentiment=0.2, trend=0.2, lows=1, handoffs=1),
        context={"cart": {"total": 1, "currency": "EUR", "items": [{}]}},
    ),
    Understanding(
        language=Language(code="en"),
        sentiment=Sentiment(score=0.1, label="neutral"),
        intents=(Intent(name="other", score=0.1),),
        wants_person=0.1,
    ),
    profile={},
    desk=DeskPresence(agents=1, waiting=1),
)

ANGRY: dict[str, Any] = facts(
    conversation(
        aggregates=Aggregates(
            turns=4, customer_messages=5, sentiment=-0.8, trend=-0.4, lows=3, misunderstood=3, handoffs=1
        ),
        context={"cart": {"total": 99.5, "currency": "EUR", "items": [{}]}, "page": {"url": "https://shop.example/"}},
    ),
    Understanding(
        language=Language(code="en"),
        pivot="I want to talk to a person",
        sentiment=Sentiment(score=-0.9, label="negative"),
        intents=(Intent(name="refund", score=0.9),),
        wants_person=1.0,
        signals=("caps",),
    ),
    profile={"name": "A", "email": "a@example.org", "tier": "vip", "language": "es", "verified": True},
    channel_kind="webchat",
    bot=BotOutcome(name="bot", asked=True, failed=True, reason="too hard", team="support", priority="high"),
    hours_open=False,
    desk=DeskPresence(agents=2, waiting=3),
)
