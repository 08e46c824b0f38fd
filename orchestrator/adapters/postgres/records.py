"""Reading for desk and API. Lists are newest first; pages end as those of adapters/sqlite/records.py do, and why."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from orchestrator.adapters.postgres.load import case_of, profile_of
from orchestrator.adapters.postgres.pool import Connection
from orchestrator.adapters.postgres.text import kept, plain
from orchestrator.adapters.sql.rows import (
    HANDOFF,
    HEAD,
    LARGEST,
    MESSAGE,
    OUTGOING,
    Decoder,
    bounded,
    handoff,
    micros,
    moment,
    outgoing,
    trace,
)
from orchestrator.adapters.sql.rows import message as to_message
from orchestrator.adapters.sqlite.records import View
from orchestrator.errors import NotFound
from orchestrator.types import Conversation, Customer, Handoff, HandoffState, Message, Outgoing, Packet, Trace

Filters = list[tuple[str, Any]]
"""Conditions with one {} each, where its value goes."""

CONVERSATION = f"SELECT {HEAD} FROM conversations c WHERE c.id = $1 AND c.app_id = $2"
FIND = (
    f"SELECT {HEAD} FROM identities i JOIN conversations c ON c.id = i.conversation_id "
    "WHERE i.channel_id = $1 AND i.address = $2"
)
MESSAGE_BY_ID = f"SELECT {MESSAGE} FROM messages WHERE id = $1 AND app_id = $2"
MESSAGE_BY_EXTERNAL = (
    f"SELECT {MESSAGE} FROM messages WHERE (conversation_id, id) = (SELECT e.conversation_id, e.message_id "
    "FROM externals e WHERE e.channel_id = $1 AND e.external_id = $2)"
)
CUSTOMER = "id, app_id, profile, created_at, updated_at"
WAITING = f"SELECT {HANDOFF} FROM handoffs WHERE app_id = $1 AND state = 'offered' AND ($2 = '' OR team = $2)"
CASE = f"SELECT {HANDOFF}, packet FROM handoffs WHERE id = $1 AND app_id = $2"
TRACES = "SELECT body FROM traces WHERE conversation_id = $1 ORDER BY at DESC, id DESC LIMIT $2"
TRACE = "SELECT body FROM traces WHERE id = $1 AND app_id = $2"
DELIVERIES = f"SELECT {OUTGOING} FROM outbox WHERE conversation_id = $1 ORDER BY seq, id"
COUNTS = (
    "SELECT (SELECT count(*) FROM conversations WHERE processed_seq < customer_seq) AS unprocessed, "
    "(SELECT count(*) FROM outbox WHERE state = 'pending') AS outbox_pending, "
    "(SELECT count(*) FROM outbox WHERE state = 'failed') AS outbox_failed, "
    "(SELECT count(*) FROM handoffs WHERE state = 'offered') AS handoffs_waiting, "
    "(SELECT count(*) FROM conversations WHERE status = 'open') AS conversations_open"
)


async def one(db: Connection, sql: str, id: str, app_id: str, what: str) -> Any:
    """The row. Raises NotFound, also when it is another app's."""
    row = await db.fetchrow(sql, kept(id), kept(app_id))
    if row is None:
        raise NotFound(f"there is no {what} {id!r}")
    return row


async def newest(
    db: Connection, select: str, filters: Filters, by: str, before: datetime | None, limit: int
) -> list[Any]:
    """A page by descending `by`, which is also the last column of `select`."""
    if before is not None:
        filters = [*filters, (f"{by} < {{}}", micros(before))]
    rows = await ordered(db, select, filters, by, bounded(limit))
    if len(rows) < limit or not rows:
        return rows
    last = rows[-1][-1]
    ended = [row for row in rows if row[-1] != last]
    return [*ended, *await ordered(db, select, [*filters, (f"{by} = {{}}", last)], by, LARGEST)]


async def ordered(db: Connection, select: str, filters: Filters, by: str, limit: int) -> list[Any]:
    sql = f"{select} WHERE {conditions(filters)} ORDER BY {by} DESC LIMIT ${len(filters) + 1}"
    return await db.fetch(sql, *(value for _, value in filters), limit)


def conditions(filters: Filters) -> str:
    return " AND ".join(clause.format(f"${number}") for number, (clause, _) in enumerate(filters, 1))


async def conversation(db: Connection, decoder: Decoder, app_id: str, conversation_id: str) -> Conversation:
    return decoder.conversation(tuple(await one(db, CONVERSATION, conversation_id, app_id, "conversation")))


async def find_conversation(db: Connection, decoder: Decoder, channel_id: str, address: str) -> Conversation | None:
    row = await db.fetchrow(FIND, channel_id, kept(address))
    return decoder.conversation(tuple(row)) if row else None


async def conversations(
    db: Connection, decoder: Decoder, filters: Filters, before: datetime | None, limit: int
) -> Sequence[Conversation]:
    select = f"SELECT {HEAD}, c.updated_at FROM conversations c"
    rows = await newest(db, select, filters, "c.updated_at", before, limit)
    return [decoder.conversation(tuple(row)[:-1]) for row in rows]


def viewed(app_id: str, view: View, agent_id: str, team: str, customer_id: str) -> Filters:
    """queue: waits for anybody at the desk · mine: the agent has it."""
    filters: Filters = [("c.app_id = {}", app_id)]
    if view in ("queue", "mine"):
        filters.append(("c.controller_kind = 'desk' AND c.controller_name = {}", agent_id if view == "mine" else ""))
    if view == "open":
        # As a value it would hide from the planner that the partial index serves.
        filters[0] = ("c.status = 'open' AND c.app_id = {}", app_id)
    if team:
        filters.append(("c.team = {}", kept(team)))
    if customer_id:
        filters.append(("c.customer_id = {}", kept(customer_id)))
    return filters


async def messages(
    db: Connection, conversation_id: str, after: int, before: int, limit: int, public: bool
) -> Sequence[Message]:
    """Public ones leave out what was withdrawn: the customer never got it."""
    filters: Filters = [("conversation_id = {}", conversation_id)]
    if after > 0:
        filters.append(("seq > {}", bounded(after)))
    if before > 0:
        filters.append(("seq < {}", bounded(before)))
    where = conditions(filters) + (" AND visibility = 'public' AND withdrawn = 0" if public else "")
    onward = after > 0 >= before
    order = f"ORDER BY seq {'' if onward else 'DESC'} LIMIT ${len(filters) + 1}"
    sql = f"SELECT {MESSAGE} FROM messages WHERE {where} {order}"
    rows = await db.fetch(sql, *(value for _, value in filters), bounded(limit))
    found = [to_message(plain(row)) for row in rows]
    return found if onward else found[::-1]


async def message(db: Connection, app_id: str, message_id: str) -> Message:
    return to_message(plain(await one(db, MESSAGE_BY_ID, message_id, app_id, "message")))


async def message_by_external(db: Connection, channel_id: str, external_id: str) -> Message | None:
    row = await db.fetchrow(MESSAGE_BY_EXTERNAL, channel_id, kept(external_id))
    return to_message(plain(row)) if row else None


def customer(row: Any) -> Customer:
    """From id, app_id, profile, created_at, updated_at."""
    id, app_id, profile, created_at, updated_at = row
    times = {"created_at": moment(created_at), "updated_at": moment(updated_at)}
    return Customer(id=id, app_id=app_id, profile=profile_of(profile), **times)


async def customer_of(db: Connection, app_id: str, customer_id: str) -> Customer:
    sql = f"SELECT {CUSTOMER} FROM customers WHERE id = $1 AND app_id = $2"
    return customer(await one(db, sql, customer_id, app_id, "customer"))


async def customers(db: Connection, app_id: str, before: datetime | None, limit: int) -> Sequence[Customer]:
    select = f"SELECT {CUSTOMER} FROM customers"
    rows = await newest(db, select, [("app_id = {}", app_id)], "updated_at", before, limit)
    return [customer(row) for row in rows]


async def handoff_of(db: Connection, app_id: str, handoff_id: str) -> Handoff:
    return case_of(await one(db, CASE, handoff_id, app_id, "handoff"))


async def handoffs(
    db: Connection,
    app_id: str,
    state: HandoffState | None,
    conversation_id: str,
    before: datetime | None,
    limit: int,
) -> Sequence[Handoff]:
    filters: Filters = [("app_id = {}", app_id)]
    if state:
        filters.append(("state = {}", state))
    if conversation_id:
        filters.append(("conversation_id = {}", conversation_id))
    rows = await newest(db, f"SELECT {HANDOFF}, packet, offered_at FROM handoffs", filters, "offered_at", before, limit)
    return [case_of(tuple(row)[:-1]) for row in rows]


async def waiting(db: Connection, app_id: str, team: str) -> Sequence[Handoff]:
    rows = [plain(row) for row in await db.fetch(WAITING, app_id, kept(team))]
    return [handoff(row, Packet(reason=row[6], rule="")) for row in rows]


async def traces(db: Connection, conversation_id: str, limit: int) -> Sequence[Trace]:
    return [trace(tuple(row)) for row in await db.fetch(TRACES, conversation_id, bounded(limit))]


async def trace_of(db: Connection, app_id: str, trace_id: str) -> Trace:
    return trace(tuple(await one(db, TRACE, trace_id, app_id, "trace")))


async def deliveries(db: Connection, conversation_id: str) -> Sequence[Outgoing]:
    return [outgoing(plain(row)) for row in await db.fetch(DELIVERIES, conversation_id)]


async def counts(db: Connection) -> Mapping[str, int]:
    return dict(await db.fetchrow(COUNTS) or {})


async def deployment(db: Connection) -> str:
    return str(await db.fetchval("SELECT id FROM deployment"))
