"""The data path: what happens to conversations, durably."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from orchestrator.types import (
    Accepted,
    Action,
    Amendment,
    Commit,
    Committed,
    Conversation,
    DeliveryState,
    Loaded,
    Marks,
    Message,
    Moved,
    Outgoing,
    Received,
    SendReason,
    Started,
)


class Store(Protocol):
    """The data path. Every method is durable when it returns. Raises Unavailable when the database can't write."""

    async def open(self) -> None:
        """Migrate, then serve. Raises DatabaseTooNew or Unavailable."""
        ...

    async def close(self) -> None: ...

    async def probe(self) -> None:
        """Write something and nothing: returns when the database can be written now, else raises Unavailable."""
        ...

    async def deployment(self) -> str:
        """The database's own id, made with it: a copy has the same. Raises Unavailable."""
        ...

    async def accept(self, fresh: Conversation, event: Received | Started, message_id: str) -> Accepted:
        """Insert-or-ignore on (channel, external id), numbering the message in its conversation.

        `fresh` is used (with a new Customer from the event's profile) when (channel, address) has no
        conversation yet; `event.context`, unless None, replaces the conversation's; `event.profile` is merged.
        Facts that came with `verified` true are replaced only by such. A message opens a closed conversation again.
        Raises Malformed for what can't be kept (half a character, a time without a zone).
        """
        ...

    async def status(
        self,
        channel_id: str,
        external_id: str,
        state: DeliveryState,
        error: str,
        tracker: str = "",
        reason: SendReason = "",
    ) -> Sequence[Moved]:
        """Delivery state only moves forward. A status of an unknown id is kept (for a day) until the id is known.

        By `tracker` ("<outbox id>.<rendering>") a message is found whose id never came: it learns its id, and what a
        killed process had sent of it is not sent again. Of a failed one the last part counts as not sent. What was
        delivered or read raises the customer's marks. Returns the conversations whose marks rose.
        """
        ...

    async def seen_up_to(self, channel_id: str, address: str, state: DeliveryState, at: datetime) -> Sequence[Moved]:
        """As `status`, "delivered" or "read", for everything that was said to this address by `at` and went out."""
        ...

    async def amend(self, change: Amendment) -> Message | None:
        """The message as it is now; None when there is none or nothing changed.

        Outside the fence, but it moves the version: a turn that read the message before reads it again.
        """
        ...

    async def refuse(self, conversation_id: str, reason: SendReason, error: str) -> int:
        """What still waits to be sent there becomes dead letters for that reason; returns how many."""
        ...

    async def load(self, conversation_id: str, *, history: int) -> Loaded:
        """One round trip. Raises NotFound."""
        ...

    async def commit(self, commit: Commit) -> Committed:
        """All of it in one transaction. Raises Fenced when the conversation's version moved on.

        Once no customer's message waits, `processed_seq` becomes `last_seq`. A conversation closed while one waits
        stays open.
        """
        ...

    async def mark(self, conversation_id: str, marks: Marks) -> Marks:
        """Raise the marks to at least these, but not beyond `last_seq`; returns them as they are now."""
        ...

    async def set_context(self, conversation_id: str, context: Mapping[str, Any], language: str) -> None:
        """Replace the page context, outside the fence; a non-empty `language` becomes the profile's hint."""
        ...

    async def answer_late(self, conversation_id: str, turn_id: str, actions: Sequence[Action]) -> bool:
        """Keep a bot's late answer; False when that turn has one already."""
        ...

    async def due(self, now: datetime, limit: int, *, hold: float = 0.0) -> Sequence[Outgoing]:
        """Outbox rows to send now: per conversation only the oldest undelivered one, oldest first.

        Where several processes share the database, each row is the caller's alone for `hold` seconds by the database's
        clock, or until it is settled; so are the rows of a commit with `hold`. One process alone needs no holding.

        Rows that were held when a person took over, and that nobody settled, come once in state "unknown": they may
        have gone out, and are not sent again.
        """
        ...

    async def settle(self, outgoing: Outgoing) -> Sequence[str]:
        """Keep the outcome of a try: state, attempts, done, due_at, external id, error. It is held no longer.

        Returns the ids of what still waits to be sent in that conversation, in order, the first hundred at most.
        """
        ...

    async def let_go(self, outgoing_ids: Sequence[str]) -> None:
        """These were held and not sent: whoever asks next gets them."""
        ...

    async def backlog(self, limit: int) -> Mapping[str, int]:
        """By app, conversations with messages no turn has processed; counted up to `limit` in all."""
        ...

    async def unfinished(self, now: datetime, limit: int) -> Sequence[str]:
        """Conversations with messages no turn has processed, or whose `wake_at` has come."""
        ...
