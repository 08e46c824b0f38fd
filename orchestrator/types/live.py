"""Live updates for desks, widgets and webhooks: news of what the database already holds, or of typing."""

from dataclasses import dataclass
from typing import Literal

from orchestrator.types.conversation import Conversation, Marks
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
class SignedOut:
    """An agent's session was ended, perhaps in another process; `digest` is the session's. No conversation's news."""

    app_id: str
    agent_id: str
    digest: str
    conversation_id: str = ""
    kind: Literal["signed_out"] = "signed_out"


Live = MessageAdded | TypingChanged | Marked | ConversationChanged | SignedOut
