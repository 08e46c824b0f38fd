"""Conversations, messages and understandings for tests of pure code: everything has a default."""

from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator.types import (
    Controller,
    Conversation,
    Handoff,
    Intent,
    Language,
    Message,
    Packet,
    Sentiment,
    Spoken,
    Text,
    Understanding,
)

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
"""A Wednesday."""


def conversation(**changes: Any) -> Conversation:
    return Conversation(
        **{
            "app_id": "shop",
            "id": "c1",
            "channel_id": "web",
            "address": "visitor",
            "customer_id": "p1",
            "controller": Controller(kind="bot", name="guide"),
            "language": Spoken(code="en"),
            "created_at": NOON,
            "updated_at": NOON,
            "bot": "guide",
            **changes,
        }
    )


def understood(score: float | None = None, *, intent: str = "", wish: float = 0.0, **changes: Any) -> Understanding:
    label = "negative" if score and score < 0 else "positive" if score else "neutral"
    return Understanding(
        **{
            "language": Language(code="en"),
            "sentiment": None if score is None else Sentiment(score=score, label=label),  # type: ignore[arg-type]
            "intents": (Intent(name=intent, score=0.8),) if intent else (),
            "wants_person": wish,
            **changes,
        }
    )


def message(text: str, seq: int = 0, role: str = "customer", **changes: Any) -> Message:
    return Message(
        **{
            "id": f"m{seq}",
            "app_id": "shop",
            "conversation_id": "c1",
            "role": role,
            "parts": (Text(text=text),),
            "at": NOON + timedelta(seconds=seq),
            "seq": seq,
            "language": "en",
            **changes,
        }
    )


def handoff(name: str = "h1", *, minutes: float = 0, priority: str = "normal", **changes: Any) -> Handoff:
    """Offered `minutes` before noon."""
    return Handoff(
        **{
            "id": name,
            "app_id": "shop",
            "conversation_id": f"c-{name}",
            "state": "offered",
            "team": "support",
            "priority": priority,
            "reason": "asked",
            "packet": Packet(reason="asked", rule="explicit-wish"),
            "offered_at": NOON - timedelta(minutes=minutes),
            **changes,
        }
    )
