"""PostgresStore: the ports Store, Records, Letters, Accounts and Translations on PostgreSQL."""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from orchestrator.adapters.postgres import accept as accepting
from orchestrator.adapters.postgres import (
    accounts,
    beside,
    letters,
    outbox,
    records,
    retention,
    translations,
)
from orchestrator.adapters.postgres import amend as amending
from orchestrator.adapters.postgres import commit as committing
from orchestrator.adapters.postgres import load as loading
from orchestrator.adapters.postgres.bots import PostgresBots
from orchestrator.adapters.postgres.channels import PostgresChannels
from orchestrator.adapters.postgres.lane import Lane
from orchestrator.adapters.postgres.people import PostgresPeople
from orchestrator.adapters.postgres.pool import Connection, Pool, connect
from orchestrator.adapters.postgres.roads import Roads
from orchestrator.adapters.postgres.schema import PATIENCE, prepare
from orchestrator.adapters.postgres.stored import PostgresStoredChannels
from orchestrator.adapters.postgres.url import checked, shown
from orchestrator.adapters.sql import drafts
from orchestrator.adapters.sql.recent import Recent
from orchestrator.adapters.sql.rows import Decoder, micros
from orchestrator.adapters.sql.tails import Tails
from orchestrator.adapters.sqlite.records import View
from orchestrator.ports import Clock
from orchestrator.types import (
    Accepted,
    Action,
    Agent,
    Amendment,
    ApiKey,
    Commit,
    Committed,
    Conversation,
    Customer,
    Debt,
    DeliveryState,
    Handoff,
    HandoffState,
    Kind,
    Loaded,
    Lockout,
    Marks,
    Message,
    Moved,
    Outgoing,
    QueueDepth,
    Received,
    Reviewed,
    ReviewState,
    SendReason,
    Session,
    Started,
    Trace,
    Usage,
)

J = TypeVar("J")
R = TypeVar("R")

CONNECTIONS, ADDRESSES = 10, 10_000
"""Addresses that are believed to have a conversation: a hint, which the database may contradict."""


class PostgresStore:
    """Any number of processes on one database. What each turn does travels in lanes, together with other turns'.

    `connections` is the most this process holds at once, `patience` how many seconds `open` waits for the server.
    """

    def __init__(self, url: str, clock: Clock, *, connections: int = CONNECTIONS, patience: float = PATIENCE) -> None:
        self.url = checked(url)
        self.clock = clock
        self.patience = patience
        self.holder = uuid.uuid4().hex
        self.decoder = Decoder()
        self.tails = Tails()
        self.pool = Pool(lambda: connect(self.url), connections)
        self.roads = Roads(self.pool)
        self.ask, self.require_open = self.roads.ask, self.roads.require_open
        self.bots = PostgresBots(self.ask)
        self.people = PostgresPeople(self.ask)
        self.channels = PostgresChannels(self.ask, clock)
        self.stored = PostgresStoredChannels(self.ask)
        self.known: Recent[tuple[str, str], bool] = Recent(ADDRESSES)
        self.accepts: Lane[accepting.Hearing, Accepted] = self.roads.lane(
            lambda db, batch: accepting.accept(db, self.decoder, self.now(), batch)
        )
        self.loads: Lane[loading.Wanted, Loaded] = self.roads.lane(
            lambda db, batch: loading.load(db, self.decoder, self.tails, batch)
        )
        self.commits: Lane[committing.Step, tuple[Committed, str]] = self.roads.lane(
            lambda db, batch: committing.commit(db, self.decoder, batch)
        )
        self.settles = self.roads.lane(outbox.settle)
        self.statuses = self.timed(outbox.status)
        self.marks = self.roads.lane(beside.mark)
        self.pages = self.timed(beside.set_context)
        self.answers = self.timed(beside.answer_late)

    @property
    def place(self) -> str:
        return shown(self.url)

    async def open(self) -> None:
        await prepare(self.url, self.patience)
        self.roads.open()

    async def close(self) -> None:
        """Finishes what is queued."""
        await self.roads.close()

    def now(self) -> int:
        return micros(self.clock.now())

    def timed(self, call: Callable[[Connection, int, Sequence[J]], Awaitable[Sequence[R | Exception]]]) -> Lane[J, R]:
        """A lane whose work wants to know the time."""
        return self.roads.lane(lambda db, batch: call(db, self.now(), batch))

    # Store

    async def probe(self) -> None:
        await self.ask(beside.probe)

    async def deployment(self) -> str:
        return await self.ask(records.deployment)

    async def accept(self, fresh: Conversation, event: Received | Started, message_id: str) -> Accepted:
        self.require_open()
        arrival = drafts.arrival(fresh, event, message_id, self.now())
        place = (fresh.channel_id, fresh.address)
        hearing = accepting.hearing(arrival, brief=self.known.get(place) is not None)
        accepted = await self.accepts.submit(hearing, *accepting.keys(arrival))
        self.known.put(place, True, 1)
        if arrival.row is not None:
            self.tails.accepted(accepted, len(arrival.row[13]))
        return accepted

    async def status(
        self,
        channel_id: str,
        external_id: str,
        state: DeliveryState,
        error: str,
        tracker: str = "",
        reason: SendReason = "",
    ) -> Sequence[Moved]:
        self.require_open()
        keys = outbox.keys(channel_id, external_id, tracker)
        report = outbox.report(channel_id, external_id, state, error, tracker, reason)
        return await self.statuses.submit(report, *keys) if keys else ()

    async def seen_up_to(self, channel_id: str, address: str, state: DeliveryState, at: datetime) -> Sequence[Moved]:
        return await self.ask(outbox.seen_up_to, channel_id, address, state, at)

    async def amend(self, change: Amendment) -> Message | None:
        return await self.ask(amending.amend, change, self.clock.now())

    async def refuse(self, conversation_id: str, reason: SendReason, error: str) -> int:
        return await self.ask(outbox.refuse, conversation_id, reason, error)

    async def load(self, conversation_id: str, *, history: int) -> Loaded:
        self.require_open()
        wanted = loading.Wanted(conversation_id, history, self.tails.recent.get(conversation_id))
        return await self.loads.submit(wanted, conversation_id)

    async def commit(self, wanted: Commit) -> Committed:
        self.require_open()
        draft = drafts.draft(wanted)
        head = wanted.conversation
        committed, context = await self.commits.submit(committing.step(draft, self.holder), head.id)
        self.decoder.remember(draft.head, context, committed.conversation)
        if not wanted.withdraw_pending:
            self.tails.committed(committed, wanted.understood, draft.weight)
        return committed

    async def mark(self, conversation_id: str, marks: Marks) -> Marks:
        self.require_open()
        return await self.marks.submit(beside.marked(conversation_id, marks), conversation_id)

    async def set_context(self, conversation_id: str, context: Mapping[str, Any], language: str) -> None:
        self.require_open()
        await self.pages.submit(beside.turned(conversation_id, context, language), conversation_id)

    async def answer_late(self, conversation_id: str, turn_id: str, actions: Sequence[Action]) -> bool:
        self.require_open()
        return await self.answers.submit(beside.given(conversation_id, turn_id, actions), conversation_id)

    async def due(self, now: datetime, limit: int, *, hold: float = 0.0) -> Sequence[Outgoing]:
        return await self.ask(outbox.due, self.holder, now, limit, hold)

    async def settle(self, outgoing: Outgoing) -> Sequence[str]:
        self.require_open()
        return await self.settles.submit(outbox.settled(outgoing, self.holder), outgoing.conversation_id)

    async def let_go(self, outgoing_ids: Sequence[str]) -> None:
        await self.ask(outbox.let_go, self.holder, outgoing_ids)

    async def backlog(self, limit: int) -> Mapping[str, int]:
        return await self.ask(letters.backlog, limit)

    async def unfinished(self, now: datetime, limit: int) -> Sequence[str]:
        return await self.ask(beside.unfinished, now, limit)

    # Records

    async def conversation(self, app_id: str, conversation_id: str) -> Conversation:
        return await self.ask(records.conversation, self.decoder, app_id, conversation_id)

    async def find_conversation(self, channel_id: str, address: str) -> Conversation | None:
        return await self.ask(records.find_conversation, self.decoder, channel_id, address)

    async def conversations(
        self,
        app_id: str,
        *,
        view: View = "all",
        agent_id: str = "",
        team: str = "",
        customer_id: str = "",
        before: datetime | None = None,
        limit: int = 50,
    ) -> Sequence[Conversation]:
        filters = records.viewed(app_id, view, agent_id, team, customer_id)
        return await self.ask(records.conversations, self.decoder, filters, before, limit)

    async def messages(
        self, conversation_id: str, *, after: int = 0, before: int = 0, limit: int = 100, public: bool = False
    ) -> Sequence[Message]:
        return await self.ask(records.messages, conversation_id, after, before, limit, public)

    async def message(self, app_id: str, message_id: str) -> Message:
        return await self.ask(records.message, app_id, message_id)

    async def message_by_external(self, channel_id: str, external_id: str) -> Message | None:
        return await self.ask(records.message_by_external, channel_id, external_id)

    async def message_sent_as(self, channel_id: str, external_id: str) -> Message | None:
        return await self.ask(amending.message_sent_as, channel_id, external_id)

    async def letter_sent_as(self, channel_id: str, external_id: str) -> Outgoing | None:
        return await self.ask(amending.letter_sent_as, channel_id, external_id)

    async def customer(self, app_id: str, customer_id: str) -> Customer:
        return await self.ask(records.customer_of, app_id, customer_id)

    async def customers(self, app_id: str, *, before: datetime | None = None, limit: int = 50) -> Sequence[Customer]:
        return await self.ask(records.customers, app_id, before, limit)

    async def handoff(self, app_id: str, handoff_id: str) -> Handoff:
        return await self.ask(records.handoff_of, app_id, handoff_id)

    async def handoffs(
        self,
        app_id: str,
        *,
        state: HandoffState | None = None,
        conversation_id: str = "",
        before: datetime | None = None,
        limit: int = 50,
    ) -> Sequence[Handoff]:
        return await self.ask(records.handoffs, app_id, state, conversation_id, before, limit)

    async def waiting(self, app_id: str, *, team: str = "") -> Sequence[Handoff]:
        return await self.ask(records.waiting, app_id, team)

    async def traces(self, conversation_id: str, *, limit: int = 50) -> Sequence[Trace]:
        return await self.ask(records.traces, conversation_id, limit)

    async def trace(self, app_id: str, trace_id: str) -> Trace:
        return await self.ask(records.trace_of, app_id, trace_id)

    async def deliveries(self, conversation_id: str) -> Sequence[Outgoing]:
        return await self.ask(records.deliveries, conversation_id)

    async def counts(self) -> Mapping[str, int]:
        return await self.ask(records.counts)

    # Letters

    async def queues(self) -> Sequence[QueueDepth]:
        return await self.ask(letters.queues)

    async def dead(self, app_id: str, *, channel_id: str = "", before: str = "", limit: int = 50) -> Sequence[Outgoing]:
        return await self.ask(letters.dead, app_id, channel_id, before, limit)

    async def dead_letter(self, app_id: str, outgoing_id: str) -> Outgoing:
        return await self.ask(letters.dead_letter, app_id, outgoing_id)

    async def revive(self, app_id: str, outgoing_id: str, now: datetime, reason: SendReason = "") -> Outgoing:
        return await self.ask(letters.revive, app_id, outgoing_id, now, reason)

    async def drop(self, app_id: str, outgoing_id: str) -> None:
        await self.ask(letters.drop, app_id, outgoing_id)

    # Accounts

    async def add_agent(self, agent: Agent) -> None:
        await self.ask(accounts.add_agent, agent)

    async def save_agent(self, agent: Agent) -> None:
        await self.ask(accounts.save_agent, agent)

    async def count_miss(self, app_id: str, agent_id: str, now: datetime, lockout: Lockout) -> None:
        await self.ask(accounts.count_miss, app_id, agent_id, now, lockout)

    async def clear_misses(self, agent: Agent, now: datetime, password_hash: str) -> Agent | None:
        return await self.ask(accounts.clear_misses, agent, now, password_hash)

    async def agent(self, app_id: str, agent_id: str) -> Agent:
        return await self.ask(accounts.agent, app_id, agent_id)

    async def agent_by_email(self, app_id: str, email: str) -> Agent | None:
        return await self.ask(accounts.agent_by_email, app_id, email)

    async def agents(self, app_id: str) -> Sequence[Agent]:
        return await self.ask(accounts.agents, app_id)

    async def add_session(self, session: Session) -> None:
        await self.ask(accounts.add_session, session, self.now())

    async def session(self, digest: str, now: datetime) -> Session | None:
        return await self.ask(accounts.session, digest, now)

    async def end_session(self, digest: str) -> None:
        await self.ask(accounts.end_session, digest)

    async def end_sessions(self, app_id: str, agent_id: str) -> None:
        await self.ask(accounts.end_sessions, app_id, agent_id)

    async def add_key(self, key: ApiKey) -> None:
        await self.ask(accounts.add_key, key)

    async def key(self, digest: str) -> ApiKey | None:
        return await self.ask(accounts.key, digest)

    async def keys(self, app_id: str) -> Sequence[ApiKey]:
        return await self.ask(accounts.keys, app_id)

    async def revoke_key(self, app_id: str, key_id: str) -> None:
        await self.ask(accounts.revoke_key, app_id, key_id)

    # Translations

    async def owed(self, app_id: str, *, limit: int) -> Sequence[Debt]:
        return await self.ask(translations.owed, app_id, limit)

    async def forgive(self, before: datetime) -> None:
        await self.ask(translations.forgive, micros(before))

    async def review(self, entry: Reviewed) -> None:
        await self.ask(translations.review, entry)

    async def reviewed_one(self, app_id: str, entry_id: str) -> Reviewed:
        return await self.ask(translations.reviewed_one, app_id, entry_id)

    async def reviewed(
        self, app_id: str, *, state: ReviewState | None = None, since: datetime | None = None, limit: int = 200
    ) -> Sequence[Reviewed]:
        return await self.ask(translations.reviewed, app_id, state, since, limit)

    async def spend(self, uses: Sequence[Usage]) -> None:
        await self.ask(translations.spend, uses)

    async def spent(self, app_id: str, since: date) -> Sequence[Usage]:
        return await self.ask(translations.spent, app_id, since)

    # Retention

    async def prune(self, kind: Kind, before: datetime, limit: int) -> int:
        return await self.ask(retention.prune, kind, micros(before), limit)
