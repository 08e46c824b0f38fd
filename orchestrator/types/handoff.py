"""Handing a conversation to a person, with everything that person needs to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from orchestrator.types.customer import Profile
from orchestrator.types.message import Message

HandoffState = Literal["offered", "accepted", "declined", "expired", "returned", "resolved"]
"""offered → accepted → returned (to the bot) | resolved; an offer may also be declined (withdrawn) or expire."""

Priority = Literal["low", "normal", "high", "urgent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """The Handoff packet, schema version 1: what the desk shows and an outside desk receives.

    `evidence` are the `seq`s that made the rule hold, `values` what it held on; `transcript` the last
    messages with their translations; `sentiment` the last scores, oldest first.
    """

    version: Literal[1] = 1
    reason: str
    rule: str
    evidence: tuple[int, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    transcript: tuple[Message, ...] = ()
    sentiment: tuple[float, ...] = ()
    intents: tuple[str, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)
    tried: tuple[str, ...] = ()
    profile: Profile = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    channel_id: str = ""
    channel_kind: str = ""
    language: str = ""
    team: str = ""
    priority: Priority = "normal"
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    id: str
    app_id: str
    conversation_id: str
    state: HandoffState
    team: str
    priority: Priority
    reason: str
    packet: Packet
    offered_at: datetime
    language: str = ""
    agent_id: str = ""
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    expires_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """Where a customer stands: 1 is next; `open` is False outside business hours; `agents` are online in the team."""

    position: int
    waiting: int
    open: bool = True
    agents: int = 0
