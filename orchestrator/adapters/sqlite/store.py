"""SqliteStore: the ports Store, Records, Accounts and Translations on one SQLite file."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple

from pydantic_core import PydanticSerializationError

from orchestrator import codec
from orchestrator.adapters.sql import drafts
from orchestrator.adapters.sql.rows import Decoder, micros
from orchestrator.adapters.sql.tails import Tails
from orchestrator.adapters.sqlite import (
    accept,
    accounts,
    beside,
    commit,
    letters,
    load,
    outbox,
    records,
    retention,
    translations,
)
from orchestrator.adapters.sqlite import amend as amending
from orchestrator.adapters.sqlite.bots import SqliteBots
from orchestrator.adapters.sqlite.channels import SqliteChannels
from orchestrator.adapters.sqlite.faults import explain
from orchestrator.adapters.sqlite.lane import Lane, Work
from orchestrator.adapters.sqlite.people import SqlitePeople
from orchestrator.adapters.sqlite.schema import named, prepare
from orchestrator.adapters.sqlite.stored import SqliteStoredChannels
from orchestrator.adapters.sqlite.works import GroupCommit, Snapshot
from orchestrator.errors import Unavailable
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

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class SqliteStore:
    """One writer, which commits everything queued together; one reader for turns, one for desk and API."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self.clock = clock
        self.decoder = Decoder()
        self.tails = Tails()
        self.bots = SqliteBots(self.read, self.write)
        self.people = SqlitePeople(self.read, self.write)
        self.channels = SqliteChannels(self.read, self.write, clock)
        self.stored = SqliteStoredChannels(self.read, self.write)
        self.swept = ""
        self.lanes: list[Lane] = []
        self.works: tuple[GroupCommit | Snapshot, ...] = ()

    @property
    def place(self) -> str:
        return str(self.path)

    async def open(self) -> None:
        await asyncio.to_thread(prepare, self.path)
        try:
            readers = (Snapshot(self.path), Snapshot(self.path))
            self.works = (GroupCommit(self.path, readers), *readers)
        except sqlite3.Error as error:
            raise named(self.path, error) from error
        loop = asyncio.get_running_loop()
        names = ("writer", "turns", "records")
        works: tuple[Work, ...] = self.works
        self.lanes = [Lane(name, work, loop) for name, work in zip(names, works, strict=True)]

    async def close(self) -> None:
        """Finishes what is queued."""
        for lane in self.lanes:
            await lane.stop()
        for db in self.connections:
            db.close()
        self.works = ()

    @property
    def connections(self) -> list[sqlite3.Connection]:
        """The writer's first. It may be another one after the file was read-only for a while."""
        return [work.db for work in self.works]

    def write(self, call: Callable[[sqlite3.Cursor, *Ts], T], *args: *Ts) -> "asyncio.Future[T]":
        return self.lane(0).submit(call, *args)

    def turn(self, call: Callable[[sqlite3.Cursor, *Ts], T], *args: *Ts) -> "asyncio.Future[T]":
        return self.lane(1).submit(call, *args)

    def read(self, call: Callable[[sqlite3.Cursor, *Ts], T], *args: *Ts) -> "asyncio.Future[T]":
        return self.lane(2).submit(call, *args)

    def lane(self, number: int) -> Lane:
        if not self.lanes:
            raise Unavailable("the database is not open yet")
        return self.lanes[number]

    def now(self) -> int:
        return micros(self.clock.now())

    # Store

    async def probe(self) -> None:
        await self.write(beside.probe)

    async def deployment(self) -> str:
        return await self.read(records.deployment)

    async def accept(self, fresh: Conversation, event: Received | Started, message_id: str) -> Accepted:
        arrival = drafts.arrival(fresh, event, message_id, self.now())
        accepted = await self.write(accept.accept, self.decoder, arrival)
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
        return await self.write(outbox.status, channel_id, external_id, state, error, tracker, reason, self.now())

    async def seen_up_to(self, channel_id: str, address: str, state: DeliveryState, at: datetime) -> Sequence[Moved]:
        return await self.write(outbox.seen_up_to, channel_id, address, state, at)

    async def amend(self, change: Amendment) -> Message | None:
        return await self.write(amending.amend, change, self.clock.now())

    async def refuse(self, conversation_id: str, reason: SendReason, error: str) -> int:
        return await self.write(outbox.refuse, conversation_id, reason, error)

    async def load(self, conversation_id: str, *, history: int) -> Loaded:
        return await self.turn(load.load, self.decoder, self.tails, conversation_id, history)

    async def commit(self, wanted: Commit) -> Committed:
        draft = drafts.draft(wanted)
        committed, context = await self.write(commit.commit, self.decoder, draft)
        self.decoder.remember(draft.head, context, committed.conversation)
        if not wanted.withdraw_pending:
            self.tails.committed(committed, wanted.understood, draft.weight)
        return committed

    async def mark(self, conversation_id: str, marks: Marks) -> Marks:
        return await self.write(beside.mark, conversation_id, marks)

    async def set_context(self, conversation_id: str, context: Mapping[str, Any], language: str) -> None:
        try:
            text = codec.anything.dump(context).decode()
        except PydanticSerializationError as error:
            raise explain(error) from None
        await self.write(beside.set_context, conversation_id, text, language, self.now())

    async def answer_late(self, conversation_id: str, turn_id: str, actions: Sequence[Action]) -> bool:
        try:
            text = codec.actions.dump(tuple(actions)).decode()
        except PydanticSerializationError as error:
            raise explain(error) from None
        return await self.write(beside.answer_late, conversation_id, turn_id, text, self.now())

    async def due(self, now: datetime, limit: int, *, hold: float = 0.0) -> Sequence[Outgoing]:
        return await self.turn(outbox.due, now, limit)

    async def settle(self, outgoing: Outgoing) -> Sequence[str]:
        return await self.write(outbox.settle, outgoing)

    async def let_go(self, outgoing_ids: Sequence[str]) -> None:
        """Nothing is held: one process serves this database, see adapters.alone."""

    async def backlog(self, limit: int) -> Mapping[str, int]:
        return await self.read(letters.backlog, limit)

    async def unfinished(self, now: datetime, limit: int) -> Sequence[str]:
        found, self.swept = await self.turn(beside.unfinished, now, limit, self.swept)
        return found

    # Records

    async def conversation(self, app_id: str, conversation_id: str) -> Conversation:
        return await self.read(records.conversation, self.decoder, app_id, conversation_id)

    async def find_conversation(self, channel_id: str, address: str) -> Conversation | None:
        return await self.read(records.find_conversation, self.decoder, channel_id, address)

    async def conversations(
        self,
        app_id: str,
        *,
        view: records.View = "all",
        agent_id: str = "",
        team: str = "",
        customer_id: str = "",
        before: datetime | None = None,
        limit: int = 50,
    ) -> Sequence[Conversation]:
        filters = records.viewed(app_id, view, agent_id, team, customer_id)
        return await self.read(records.conversations, self.decoder, filters, before, limit)

    async def messages(
        self, conversation_id: str, *, after: int = 0, before: int = 0, limit: int = 100, public: bool = False
    ) -> Sequence[Message]:
        return await self.read(records.messages, conversation_id, after, before, limit, public)

    async def message(self, app_id: str, message_id: str) -> Message:
        return await self.read(records.message, app_id, message_id)

    async def message_by_external(self, channel_id: str, external_id: str) -> Message | None:
        return await self.read(records.message_by_external, channel_id, external_id)

    async def message_sent_as(self, channel_id: str, external_id: str) -> Message | None:
        return await self.read(amending.message_sent_as, channel_id, external_id)

    async def letter_sent_as(self, channel_id: str, external_id: str) -> Outgoing | None:
        return await self.read(amending.letter_sent_as, channel_id, external_id)

    async def customer(self, app_id: str, customer_id: str) -> Customer:
        return await self.read(records.customer_of, app_id, customer_id)

    async def customers(self, app_id: str, *, before: datetime | None = None, limit: int = 50) -> Sequence[Customer]:
        return await self.read(records.customers, app_id, before, limit)

    async def handoff(self, app_id: str, handoff_id: str) -> Handoff:
        return await self.read(records.handoff_of, app_id, handoff_id)

    async def handoffs(
        self,
        app_id: str,
        *,
        state: HandoffState | None = None,
        conversation_id: str = "",
        before: datetime | None = None,
        limit: int = 50,
    ) -> Sequence[Handoff]:
        return await self.read(records.handoffs, app_id, state, conversation_id, before, limit)

    async def waiting(self, app_id: str, *, team: str = "") -> Sequence[Handoff]:
        return await self.read(records.waiting, app_id, team)

    async def traces(self, conversation_id: str, *, limit: int = 50) -> Sequence[Trace]:
        return await self.read(records.traces, conversation_id, limit)

    async def trace(self, app_id: str, trace_id: str) -> Trace:
        return await self.read(records.trace_of, app_id, trace_id)

    async def deliveries(self, conversation_id: str) -> Sequence[Outgoing]:
        return await self.read(records.deliveries, conversation_id)

    async def counts(self) -> Mapping[str, int]:
        return await self.read(records.counts)

    # Letters

    async def queues(self) -> Sequence[QueueDepth]:
        return await self.read(letters.queues)

    async def dead(self, app_id: str, *, channel_id: str = "", before: str = "", limit: int = 50) -> Sequence[Outgoing]:
        return await self.read(letters.dead, app_id, channel_id, before, limit)

    async def dead_letter(self, app_id: str, outgoing_id: str) -> Outgoing:
        return await self.read(letters.dead_letter, app_id, outgoing_id)

    async def revive(self, app_id: str, outgoing_id: str, now: datetime, reason: SendReason = "") -> Outgoing:
        return await self.write(letters.revive, app_id, outgoing_id, now, reason)

    async def drop(self, app_id: str, outgoing_id: str) -> None:
        await self.write(letters.drop, app_id, outgoing_id)

    # Accounts

    async def add_agent(self, agent: Agent) -> None:
        await self.write(accounts.add_agent, agent)

    async def save_agent(self, agent: Agent) -> None:
        await self.write(accounts.save_agent, agent)

    async def count_miss(self, app_id: str, agent_id: str, now: datetime, lockout: Lockout) -> None:
        await self.write(accounts.count_miss, app_id, agent_id, now, lockout)

    async def clear_misses(self, agent: Agent, now: datetime, password_hash: str) -> Agent | None:
        return await self.write(accounts.clear_misses, agent, now, password_hash)

    async def agent(self, app_id: str, agent_id: str) -> Agent:
        return await self.read(accounts.agent, app_id, agent_id)

    async def agent_by_email(self, app_id: str, email: str) -> Agent | None:
        return await self.read(accounts.agent_by_email, app_id, email)

    async def agents(self, app_id: str) -> Sequence[Agent]:
        return await self.read(accounts.agents, app_id)

    async def add_session(self, session: Session) -> None:
        await self.write(accounts.add_session, session, self.now())

    async def session(self, digest: str, now: datetime) -> Session | None:
        return await self.read(accounts.session, digest, now)

    async def end_session(self, digest: str) -> None:
        await self.write(accounts.end_session, digest)

    async def end_sessions(self, app_id: str, agent_id: str) -> None:
        await self.write(accounts.end_sessions, app_id, agent_id)

    async def add_key(self, key: ApiKey) -> None:
        await self.write(accounts.add_key, key)

    async def key(self, digest: str) -> ApiKey | None:
        return await self.read(accounts.key, digest)

    async def keys(self, app_id: str) -> Sequence[ApiKey]:
        return await self.read(accounts.keys, app_id)

    async def revoke_key(self, app_id: str, key_id: str) -> None:
        await self.write(accounts.revoke_key, app_id, key_id)

    # Translations

    async def owed(self, app_id: str, *, limit: int) -> Sequence[Debt]:
        return await self.read(translations.owed, app_id, limit)

    async def forgive(self, before: datetime) -> None:
        await self.write(translations.forgive, micros(before))

    async def review(self, entry: Reviewed) -> None:
        await self.write(translations.review, translations.row_of(entry))

    async def reviewed_one(self, app_id: str, entry_id: str) -> Reviewed:
        return await self.read(translations.reviewed_one, app_id, entry_id)

    async def reviewed(
        self, app_id: str, *, state: ReviewState | None = None, since: datetime | None = None, limit: int = 200
    ) -> Sequence[Reviewed]:
        return await self.read(translations.reviewed, app_id, state, since, limit)

    async def spend(self, uses: Sequence[Usage]) -> None:
        await self.write(translations.spend, tuple(uses))

    async def spent(self, app_id: str, since: date) -> Sequence[Usage]:
        return await self.read(translations.spent, app_id, since)

    # Retention

    async def prune(self, kind: Kind, before: datetime, limit: int) -> int:
        return await self.write(retention.prune, kind, micros(before), limit)
