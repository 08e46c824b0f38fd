"""What goes into and comes out of the store in one piece."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.types.actions import Action
from orchestrator.types.conversation import Conversation, Marks
from orchestrator.types.customer import Profile
from orchestrator.types.delivery import Outgoing
from orchestrator.types.handoff import Handoff
from orchestrator.types.message import Message
from orchestrator.types.parts import Part
from orchestrator.types.trace import Trace
from orchestrator.types.translation import Debt


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A durable inbound event; `duplicate` when it had been accepted before (then nothing changed)."""

    conversation: Conversation
    message: Message | None
    duplicate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """All a turn needs: the head, what waits (`seq > processed_seq`, customers' messages only), what came before.

    `history` is the last messages that do not wait, oldest first: also an answer given after the first one that does
    had come in; internal notes too, withdrawn ones not.
    `late` is a bot's late answer to the turn the head awaits, None when it has not come.
    """

    conversation: Conversation
    pending: tuple[Message, ...]
    history: tuple[Message, ...]
    profile: Profile = field(default_factory=dict)
    handoff: Handoff | None = None
    late: tuple[Action, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Everything one step changes, committed together or not at all.

    `conversation` carries the new head and the `version` it was computed from. `messages` get their
    `seq` from the store. `understood` replaces language, translations and understanding of messages
    already in the log. An `Outgoing`'s `message_id` names one of `messages` and takes its `seq`.
    `withdraw_pending` marks the bots' undelivered messages of this conversation withdrawn, and drops
    them from the outbox; one that another process is sending goes before what this commit says, and is not tried
    again. `owed` are translations to catch up on, `repaid` those that `understood` now has.
    With `hold` the committer sends the outbox itself: see `Store.due`.
    """

    conversation: Conversation
    messages: tuple[Message, ...] = ()
    understood: tuple[Message, ...] = ()
    outbox: tuple[Outgoing, ...] = ()
    handoff: Handoff | None = None
    trace: Trace | None = None
    profile: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    withdraw_pending: bool = False
    hold: float = 0.0
    owed: tuple[Debt, ...] = ()
    repaid: tuple[Debt, ...] = ()
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """A change to a message that is in the log already; what is None or empty stays as it is.

    `parts` alone replaces them while they still are `before` (a file that was fetched). With `edited_at` its author
    did so, and an earlier edit than the last says nothing; with `deleted_at` they took it back, and it stays so. Then
    what was understood of it is void, and a translation is owed. `reaction` is who and what; nothing takes it back.
    """

    conversation_id: str
    message_id: str
    parts: tuple[Part, ...] | None = None
    before: tuple[Part, ...] | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    quotes: str = ""
    reaction: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How far the customer's side of a conversation has come since a platform reported on what it was sent."""

    app_id: str
    conversation_id: str
    marks: Marks


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """The head and the messages as they now stand in the database.

    `held` tells whether the outbox rows are the committer's to send at once: nothing of the conversation waits before
    them, but for what a `hold` of its own covers.
    """

    conversation: Conversation
    messages: tuple[Message, ...] = ()
    held: bool = True
