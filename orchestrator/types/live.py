"""Live updates for desks, widgets and webhooks: news of what the database already holds, or of typing."""

from dataclasses import dataclass
from typing import Literal

from orchestrator.types.conversation import Conversation, Marks
from orchestrator.types.delivery import DeliveryState, SendReason
from orchestrator.types.handoff import Handoff, QueueView
from orchestrator.types.message import Message, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAdded:
    """Also published again when a message's understanding or translation is known."""

    app_id: str
    conversation_id: str
    message: Message
    kind: Literal["message"] = "message"


@dataclass(frozen=True, slots=True, kw_only=True)
class TypingChanged:
    app_id: str
    conversation_id: str
    role: Role
    author: str
    on: bool
    kind: Literal["typing"] = "typing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafting:
    """What a bot has of its answer so far; "" takes it back. Of a turn that began with the head at `version`.

    Whoever knows a later version has the answer itself, or it will never come: somebody else speaks now.
    """

    app_id: str
    conversation_id: str
    author: str
    version: int
    text: str
    kind: Literal["drafting"] = "drafting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    app_id: str
    conversation_id: str
    marks: Marks
    kind: Literal["marks"] = "marks"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationChanged:
    """The head changed; `handoff` and `queue` are those of now, None when there are none."""

    app_id: str
    conversation_id: str
    conversation: Conversation
    handoff: Handoff | None = None
    queue: QueueView | None = None
    kind: Literal["conversation"] = "conversation"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryChanged:
    """A message did not go out as it should; `error` and `reason` as in the outbox."""

    app_id: str
    conversation_id: str
    message_id: str
    state: DeliveryState
    error: str = ""
    reason: SendReason = ""
    kind: Literal["delivery"] = "delivery"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut:
    """An agent's session was ended, perhaps in another process; `digest` is the session's. No conversation's news."""

    app_id: str
    agent_id: str
    digest: str
    conversation_id: str = ""
    kind: Literal["signed_out"] = "signed_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterChanged:
    """A registered bot or a stored channel is not as it was: processes look again.

    Nobody's conversation, but the topic they read.
    """

    app_id: str
    conversation_id: str = "~roster"
    kind: Literal["roster"] = "roster"


Live = (
    MessageAdded | TypingChanged | Drafting | Marked | ConversationChanged | DeliveryChanged | SignedOut | RosterChanged
)
