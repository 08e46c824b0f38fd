"""Nouns with everything filled in that a test does not care about: `message(text="hi", role="bot")`."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator.types import (
    Agent,
    ApiKey,
    Awaiting,
    BotCall,
    Commit,
    Controller,
    Conversation,
    Decision,
    HandOff,
    Handoff,
    HandoffRef,
    Intent,
    Language,
    Message,
    Outgoing,
    Packet,
    Received,
    Rendering,
    RuleCheck,
    Say,
    Sentiment,
    Session,
    Spoken,
    StageRun,
    Started,
    Text,
    Trace,
    Understanding,
)

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
counter = itertools.count(1)


def unique(prefix: str) -> str:
    """An id nobody has used in this process; those of one prefix sort by age."""
    return f"{prefix}-{next(counter):08}"


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def texts(text: str) -> tuple[Text]:
    return (Text(text=text),)


def conversation(**more: Any) -> Conversation:
    values: dict[str, Any] = {
        "app_id": "shop",
        "id": unique("conversation"),
        "channel_id": "web",
        "address": unique("visitor"),
        "customer_id": unique("customer"),
        "controller": Controller(kind="bot", name="guide"),
        "bot": "guide",
        "language": Spoken(code="en"),
        "created_at": NOON,
        "updated_at": NOON,
    }
    return Conversation(**(values | more))


def received(text: str = "hello", **more: Any) -> Received:
    values: dict[str, Any] = {"address": "visitor", "external_id": unique("event"), "parts": texts(text), "at": NOON}
    return Received(**(values | more))


def started(**more: Any) -> Started:
    values: dict[str, Any] = {"address": "visitor", "external_id": unique("event"), "at": NOON}
    return Started(**(values | more))


def message(head: Conversation, text: str = "hi there", **more: Any) -> Message:
    """A bot's line in that conversation."""
    values: dict[str, Any] = {
        "id": unique("message"),
        "app_id": head.app_id,
        "conversation_id": head.id,
        "role": "bot",
        "author": head.bot,
        "parts": texts(text),
        "at": NOON,
        "epoch": head.epoch,
    }
    return Message(**(values | more))


def understanding(**more: Any) -> Understanding:
    values: dict[str, Any] = {
        "language": Language(code="es", confidence=0.98, engine="langid", reason="detected"),
        "pivot": "how much is it?",
        "sentiment": Sentiment(score=-0.25, label="negative", confidence=0.5, engine="vader"),
        "intents": (Intent(name="price", score=0.9, engine="tfidf"),),
        "stages": (StageRun(stage="language", outcome="ok", engine="langid", ms=0.4),),
    }
    return Understanding(**(values | more))


def outgoing(said: Message, head: Conversation, **more: Any) -> Outgoing:
    values: dict[str, Any] = {
        "id": unique("outgoing"),
        "app_id": head.app_id,
        "conversation_id": head.id,
        "channel_id": head.channel_id,
        "address": head.address,
        "message_id": said.id,
        "seq": 0,
        "epoch": head.epoch,
        "due_at": NOON,
        "renderings": (Rendering(parts=said.parts),),
    }
    return Outgoing(**(values | more))


def packet(**more: Any) -> Packet:
    values: dict[str, Any] = {"reason": "asked for a person", "rule": "wish", "evidence": (1,), "team": "support"}
    return Packet(**(values | more))


def handoff(head: Conversation, **more: Any) -> Handoff:
    values: dict[str, Any] = {
        "id": unique("handoff"),
        "app_id": head.app_id,
        "conversation_id": head.id,
        "state": "offered",
        "team": "support",
        "priority": "normal",
        "reason": "asked for a person",
        "packet": packet(),
        "offered_at": NOON,
        "language": "es",
    }
    return Handoff(**(values | more))


def reference(case: Handoff) -> HandoffRef:
    return HandoffRef(id=case.id, state=case.state, team=case.team, priority=case.priority, agent_id=case.agent_id)


def awaiting(**more: Any) -> Awaiting:
    values: dict[str, Any] = {"turn_id": unique("turn"), "bot": "guide", "epoch": 0, "until": later(60)}
    return Awaiting(**(values | more))


def trace(head: Conversation, **more: Any) -> Trace:
    values: dict[str, Any] = {
        "id": unique("trace"),
        "app_id": head.app_id,
        "conversation_id": head.id,
        "turn_id": unique("turn"),
        "at": NOON,
        "ms": 12.5,
        "epoch": head.epoch,
        "outcome": "answered",
        "seqs": (1,),
        "stages": (StageRun(stage="language", outcome="ok"),),
        "decisions": (Decision(route="bot", checks=(RuleCheck(rule="wish", held=False, values={"wish": 0.1}),)),),
        "bots": (BotCall(bot="guide", outcome="ok", ms=3.0),),
        "actions": (Say(parts=texts("hi there")), HandOff(reason="why not")),
    }
    return Trace(**(values | more))


def commit(head: Conversation, *said: Message, at: datetime = NOON, **more: Any) -> Commit:
    """What a turn commits: the head as given, with everything it had to process processed."""
    return Commit(conversation=replace(head, processed_seq=head.last_seq), messages=said, at=at, **more)


def agent(**more: Any) -> Agent:
    name = unique("agent")
    values: dict[str, Any] = {
        "app_id": "shop",
        "id": name,
        "email": f"{name}@shop.test",
        "name": "Ada",
        "password_hash": "$argon2id$...",
        "created_at": NOON,
    }
    return Agent(**(values | more))


def session(**more: Any) -> Session:
    values: dict[str, Any] = {
        "digest": unique("digest"),
        "app_id": "shop",
        "agent_id": "agent",
        "csrf": "token",
        "expires_at": later(3600),
    }
    return Session(**(values | more))


def api_key(**more: Any) -> ApiKey:
    values: dict[str, Any] = {
        "id": unique("key"),
        "app_id": "shop",
        "name": "reporting",
        "digest": unique("digest"),
        "hint": "pk_12",
        "scopes": ("read", "write"),
        "created_at": NOON,
    }
    return ApiKey(**(values | more))
