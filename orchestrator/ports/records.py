"""What else the database keeps: for the desk, the API, people and translations, and what is removed in time."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Literal, Protocol

from orchestrator.types import (
    Agent,
    ApiKey,
    ChannelReport,
    Conversation,
    Customer,
    Debt,
    Handoff,
    HandoffState,
    Kind,
    Lockout,
    Message,
    Outgoing,
    QueueDepth,
    Reviewed,
    ReviewState,
    SendReason,
    Session,
    Trace,
    Usage,
)


class Records(Protocol):
    """Reading for desk and API. Lists are newest first unless said otherwise; `before` pages by the last one got.

    Conversations and customers go by `updated_at`, handoffs by `offered_at`. A page holds more than `limit` rows when
    its last moment has more: `before` could not tell them apart.
    """

    async def conversation(self, app_id: str, conversation_id: str) -> Conversation:
        """Raises NotFound, also when it belongs to another app."""
        ...

    async def find_conversation(self, channel_id: str, address: str) -> Conversation | None: ...

    async def conversations(
        self,
        app_id: str,
        *,
        view: Literal["all", "queue", "mine", "open"] = "all",
        agent_id: str = "",
        team: str = "",
        customer_id: str = "",
        before: datetime | None = None,
        limit: int = 50,
    ) -> Sequence[Conversation]: ...

    async def messages(
        self, conversation_id: str, *, after: int = 0, before: int = 0, limit: int = 100, public: bool = False
    ) -> Sequence[Message]:
        """Oldest first. `after`/`before` are exclusive `seq`s (0: open); without `after`, the last `limit`."""
        ...

    async def message(self, app_id: str, message_id: str) -> Message: ...
    async def message_by_external(self, channel_id: str, external_id: str) -> Message | None: ...

    async def message_sent_as(self, channel_id: str, external_id: str) -> Message | None:
        """What we said, by the platform's id of it."""
        ...

    async def letter_sent_as(self, channel_id: str, external_id: str) -> Outgoing | None:
        """The same, as the outbox has it."""
        ...

    async def customer(self, app_id: str, customer_id: str) -> Customer: ...
    async def customers(
        self, app_id: str, *, before: datetime | None = None, limit: int = 50
    ) -> Sequence[Customer]: ...
    async def handoff(self, app_id: str, handoff_id: str) -> Handoff: ...

    async def handoffs(
        self,
        app_id: str,
        *,
        state: HandoffState | None = None,
        conversation_id: str = "",
        before: datetime | None = None,
        limit: int = 50,
    ) -> Sequence[Handoff]: ...

    async def waiting(self, app_id: str, *, team: str = "") -> Sequence[Handoff]:
        """Offered handoffs (packets left out), unordered: `desk.order` sorts them."""
        ...

    async def traces(self, conversation_id: str, *, limit: int = 50) -> Sequence[Trace]: ...
    async def trace(self, app_id: str, trace_id: str) -> Trace: ...
    async def deliveries(self, conversation_id: str) -> Sequence[Outgoing]: ...
    async def counts(self) -> Mapping[str, int]:
        """For /metrics: unprocessed, outbox_pending, outbox_failed, handoffs_waiting, conversations_open."""
        ...


class Letters(Protocol):
    """What waits, and what could not be delivered: a dead letter is an outbox row whose delivery failed for good."""

    async def queues(self) -> Sequence[QueueDepth]:
        """One for each app and channel where anything waits or is dead."""
        ...

    async def dead(self, app_id: str, *, channel_id: str = "", before: str = "", limit: int = 50) -> Sequence[Outgoing]:
        """The newest first; `before` pages by the id of the last one got."""
        ...

    async def dead_letter(self, app_id: str, outgoing_id: str) -> Outgoing:
        """Raises NotFound, also for one that is not dead."""
        ...

    async def revive(self, app_id: str, outgoing_id: str, now: datetime, reason: SendReason = "") -> Outgoing:
        """Send it after all: its tries are counted anew, what went out of it does not go again. Raises NotFound.

        With the reason "window_closed" the channel's template goes in its place.
        """
        ...

    async def drop(self, app_id: str, outgoing_id: str) -> None:
        """Never send it. A message of which nothing went out is marked withdrawn. Raises NotFound."""
        ...


class Accounts(Protocol):
    """Agents, their sign-ins, and API keys."""

    async def add_agent(self, agent: Agent) -> None:
        """Raises Conflict when the app has an agent with that e-mail."""
        ...

    async def save_agent(self, agent: Agent) -> None: ...

    async def count_miss(self, app_id: str, agent_id: str, now: datetime, lockout: Lockout) -> None:
        """One more wrong password, however many are tried at once, wherever. While it is locked none counts."""
        ...

    async def clear_misses(self, agent: Agent, now: datetime, password_hash: str) -> Agent | None:
        """The password was right; its hash is kept in this form from now on.

        None, and nothing changes, when the account is locked by now, disabled, or has another password than `agent`.
        """
        ...

    async def agent(self, app_id: str, agent_id: str) -> Agent: ...
    async def agent_by_email(self, app_id: str, email: str) -> Agent | None: ...
    async def agents(self, app_id: str) -> Sequence[Agent]: ...
    async def add_session(self, session: Session) -> None: ...
    async def session(self, digest: str, now: datetime) -> Session | None:
        """None when unknown or expired."""
        ...

    async def end_session(self, digest: str) -> None: ...
    async def end_sessions(self, app_id: str, agent_id: str) -> None:
        """Sign an agent out everywhere."""
        ...

    async def add_key(self, key: ApiKey) -> None: ...
    async def key(self, digest: str) -> ApiKey | None:
        """None when unknown or revoked."""
        ...

    async def keys(self, app_id: str) -> Sequence[ApiKey]: ...
    async def revoke_key(self, app_id: str, key_id: str) -> None: ...


class Translations(Protocol):
    """What translating keeps beside the conversations. Debts are made and repaid by `Store.commit`."""

    async def owed(self, app_id: str, *, limit: int) -> Sequence[Debt]:
        """Of open conversations, the oldest first."""
        ...

    async def forgive(self, before: datetime) -> None:
        """Forget debts that are older."""
        ...

    async def review(self, entry: Reviewed) -> None:
        """Add it, or replace the one with its id. Raises NotFound when that is another app's."""
        ...

    async def reviewed_one(self, app_id: str, entry_id: str) -> Reviewed:
        """Raises NotFound."""
        ...

    async def reviewed(
        self, app_id: str, *, state: ReviewState | None = None, since: datetime | None = None, limit: int = 200
    ) -> Sequence[Reviewed]:
        """Those that changed at `since` or later, the latest change first."""
        ...

    async def spend(self, uses: Sequence[Usage]) -> None:
        """Add to what was used so far."""
        ...

    async def spent(self, app_id: str, since: date) -> Sequence[Usage]:
        """By engine and day, from that day on."""
        ...


class Channels(Protocol):
    """What processes tell each other of channels."""

    async def lease(self, report: ChannelReport, seconds: float) -> bool:
        """Whether its holder has that side of the channel to itself for so many seconds, by the store's clock.

        Asking again renews it. What nobody renews is anybody's.
        """
        ...

    async def report(self, report: ChannelReport) -> None:
        """Replace what this holder said of that side before. Without `trouble` nothing is left to say."""
        ...

    async def give_up(self, report: ChannelReport) -> None:
        """The holder leaves that side of the channel, at once, to whoever asks."""
        ...

    async def reports(self, app_id: str = "") -> Sequence[ChannelReport]:
        """What still counts, by channel; of every app where none is named."""
        ...


class Retention(Protocol):
    """Removing what is old. Nothing that a turn, a delivery or a sign-in still needs is old."""

    async def prune(self, kind: Kind, before: datetime, limit: int) -> int:
        """Remove at most `limit` older than `before`; returns how many went, 0 also while another process removes.

        "conversations" are closed ones that nothing waits in, counted each as one: with their messages, handoffs,
        traces, deliveries, debts and identities, and their customer when that was the last one of theirs.
        """
        ...
