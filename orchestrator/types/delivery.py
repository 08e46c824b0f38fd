"""What is to be sent to a platform, and how far it has come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from orchestrator.types.message import Role
from orchestrator.types.parts import Part

DeliveryState = Literal["pending", "unknown", "sent", "delivered", "read", "failed"]
"""Order of progress: pending < unknown < sent < delivered < read; `failed` is final (a dead letter).

`unknown`: it may have gone out; it is not sent again, holds up nothing, and a later status says more.
"""

SendReason = Literal["", "window_closed", "opted_out", "token_expired", "quota_spent", "unanswered", "unknown"]
"""As `errors.SendFailed.reason`. On a message that went out, `window_closed` means: a template went in its place.

`unanswered`: the platform never said whether it took it, and knows a repeat when it sees one: it is tried again. When a
person takes over first it becomes `unknown`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """One message of the platform: parts that all fit its limits. `role` is who says it: some platforms mark bots."""

    parts: tuple[Part, ...]
    role: Role = "bot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A row of the outbox: one message for one channel. `id` doubles as the idempotency key.

    `renderings` are the message as it was fitted to the channel; `done` counts those that went out, so that a
    retry goes on where the last try stopped. `reason` says more of `error` where what to do next depends on it.
    `pieces` are what the platform calls the renderings that went out in this try, by their number: the store keeps them
    and never gives them back.
    """

    id: str
    app_id: str
    conversation_id: str
    channel_id: str
    address: str
    message_id: str
    seq: int
    epoch: int
    due_at: datetime
    attempts: int = 0
    renderings: tuple[Rendering, ...] = ()
    done: int = 0
    state: DeliveryState = "pending"
    external_id: str = ""
    error: str = ""
    reason: SendReason = ""
    pieces: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a platform said to one rendering: its id for it, "" when it gives none."""

    external_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDepth:
    """What waits in one channel: conversations for a turn, messages to be sent, dead letters; each with its oldest."""

    app_id: str
    channel_id: str
    turns: int = 0
    oldest_turn: datetime | None = None
    sends: int = 0
    oldest_send: datetime | None = None
    dead: int = 0
