"""Reading for desk and API. Lists are newest first.

A page never ends between rows of the same moment: `before` names moments, so what was left of one would be lost. It
may hold more than `limit` rows then.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from sqlite3 import Cursor
from typing import Any, Literal

from orchestrator.adapters.sql.rows import (
    HANDOFF,
    HEAD,
    MESSAGE,
    OUTGOING,
    Decoder,
    Row,
    bounded,
    customer,
    handoff,
    micros,
    outgoing,
    packet,
    trace,
)
from orchestrator.adapters.sql.rows import message as to_message
from orchestrator.adapters.sqlite.load import OPEN_HANDOFF
from orchestrator.errors import NotFound
from orchestrator.types import (
    Conversation,
    Customer,
    Handoff,
    HandoffState,
    Message,
    Outgoing,
    Packet,
    Trace,
)

View = Literal["all", "queue", "mine", "open"]
Filters = list[tuple[str, Any]]

CONVERSATION = f"SELECT {HEAD} FROM conversations c WHERE c.id = ? AND c.app_id = ?"
FIND = (
    f"SELECT {HEAD} FROM identities i JOIN conversations c ON c.id = i.conversation_id "
    "WHERE i.channel_id = ? AND i.address = ?"
)
MESSAGE_BY_ID = f"SELECT {MESSAGE} FROM messages WHERE id = ? AND app_id = ?"
MESSAGE_BY_EXTERNAL = f"SELECT {MESSAGE} FROM messages WHERE channel_id = ? AND external_id = ? AND external_id <> ''"
CUSTOMER = "id, app_id, profile, created_at, updated_at"
WAITING = f"SELECT {HANDOFF} FROM handoffs WHERE app_id = ? AND state = 'offered' AND (?2 = '' OR team = ?2)"
TRACES = "SELECT body FROM traces WHERE conversation_id = ? ORDER BY at DESC, id DESC LIMIT ?"
DELIVERIES = f"SELECT {OUTGOING} FROM outbox WHERE conversation_id = ? ORDER BY seq, id"
COUNTS = {
    "unprocessed": "SELECT count(*) FROM conversations WHERE processed_seq < customer_seq",
    "outbox_pending": "SELECT count(*) FROM outbox WHERE state = 'pending'",
    "outbox_failed": "SELECT count(*) FROM outbox WHERE state = 'failed'",
    "handoffs_waiting": "SELECT count(*) FROM handoffs WHERE state = 'offered'",
    "conversations_open": "SELECT count(*) FROM conversations WHERE status = 'open'",
}


def one(db: Cursor, sql: str, values: Sequence[Any], what: str) -> Row:
    """The row. Raises NotFound, also when it is another app's."""
    row: Row | None = db.execute(sql, values).fetchone()
    if row is None:
        raise NotFound(f"there is no {what} {values[0]!r}")
    return row


def newest(
    db: Cursor, select: str, filters: Filters, moment: str, before: datetime | None, limit: int
) -> Sequence[Row]:
    """A page by descending `moment`, which is also the last column of `select`; see the top of this file."""
    if before is not None:
        filters = [*filters, (f"{moment} < ?", micros(before))]
    rows = ordered(db, select, filters, moment, bounded(limit))
    if len(rows) < limit or not rows:
        return rows
    last = rows[-1][-1]
    ended = [row for row in rows if row[-1] != last]
    return [*ended, *ordered(db, select, [*filters, (f"{moment} = ?", last)], moment, -1)]


def ordered(db: Cursor, select: str, filters: Filters, moment: str, limit: int) -> list[Row]:
    where = " AND ".join(clause for clause, _ in filters)
    values = [value for _, value in filters]
    return db.execute(f"{select} WHERE {where} ORDER BY {moment} DESC LIMIT ?", (*values, limit)).fetchall()


def conversation(db: Cursor, decoder: Decoder, app_id: str, conversation_id: str) -> Conversation:
    return decoder.conversation(one(db, CONVERSATION, (conversation_id, app_id), "conversation"))


def find_conversation(db: Cursor, decoder: Decoder, channel_id: str, address: str) -> Conversation | None:
    row = db.execute(FIND, (channel_id, address)).fetchone()
    return decoder.conversation(row) if row else None


def conversations(
    db: Cursor,
    decoder: Decoder,
    filters: Filters,
    before: datetime | None,
    limit: int,
) -> Sequence[Conversation]:
    rows = newest(db, f"SELECT {HEAD}, c.updated_at FROM conversations c", filters, "c.updated_at", before, limit)
    return [decoder.conversation(row[:-1]) for row in rows]


def viewed(app_id: str, view: View, agent_id: str, team: str, customer_id: str) -> Filters:
    """queue: waits for anybody at the desk · mine: the agent has it."""
    filters: Filters = [("c.app_id = ?", app_id)]
    if view in ("queue", "mine"):
        filters.append(("c.controller_kind = 'desk' AND c.controller_name = ?", agent_id if view == "mine" else ""))
    if view == "open":
        filters.append(("c.status = ?", "open"))
    if team:
        filters.append(("c.team = ?", team))
    if customer_id:
        filters[0] = ("+c.app_id = ?", app_id)
        filters.append(("c.customer_id = ?", customer_id))
    return filters


def messages(db: Cursor, conversation_id: str, after: int, before: int, limit: int, public: bool) -> Sequence[Message]:
    """Public ones leave out what was withdrawn: the customer never got it."""
    filters: Filters = [("conversation_id = ?", conversation_id)]
    if after > 0:
        filters.append(("seq > ?", bounded(after)))
    if before > 0:
        filters.append(("seq < ?", bounded(before)))
    where = " AND ".join(clause for clause, _ in filters)
    where += " AND visibility = 'public' AND withdrawn = 0" if public else ""
    onward = after > 0 >= before
    sql = f"SELECT {MESSAGE} FROM messages WHERE {where} ORDER BY seq {'' if onward else 'DESC'} LIMIT ?"
    rows = db.execute(sql, (*(value for _, value in filters), bounded(limit))).fetchall()
    found = [to_message(row) for row in rows]
    return found if onward else found[::-1]


def message(db: Cursor, app_id: str, message_id: str) -> Message:
    return to_message(one(db, MESSAGE_BY_ID, (message_id, app_id), "message"))


def message_by_external(db: Cursor, channel_id: str, external_id: str) -> Message | None:
    row = db.execute(MESSAGE_BY_EXTERNAL, (channel_id, external_id)).fetchone()
    return to_message(row) if row else None


def customer_of(db: Cursor, app_id: str, customer_id: str) -> Customer:
    sql = f"SELECT {CUSTOMER} FROM customers WHERE id = ? AND app_id = ?"
    return customer(one(db, sql, (customer_id, app_id), "customer"))


def customers(db: Cursor, app_id: str, before: datetime | None, limit: int) -> Sequence[Customer]:
    select = f"SELECT {CUSTOMER} FROM customers"
    return [customer(row) for row in newest(db, select, [("app_id = ?", app_id)], "updated_at", before, limit)]


def handoff_of(db: Cursor, app_id: str, handoff_id: str) -> Handoff:
    row = one(db, f"{OPEN_HANDOFF} AND app_id = ?", (handoff_id, app_id), "handoff")
    return handoff(row, packet(row[-1]))


def handoffs(
    db: Cursor,
    app_id: str,
    state: HandoffState | None,
    conversation_id: str,
    before: datetime | None,
    limit: int,
) -> Sequence[Handoff]:
    # The plus keeps SQLite from taking the app's index, where another one leads to fewer rows.
    filters: Filters = [("+app_id = ?" if conversation_id else "app_id = ?", app_id)]
    if state:
        filters.append(("state = ?", state))
    if conversation_id:
        filters.append(("conversation_id = ?", conversation_id))
    select = f"SELECT {HANDOFF}, packet, offered_at FROM handoffs"
    rows = newest(db, select, filters, "offered_at", before, limit)
    return [handoff(row, packet(row[-2])) for row in rows]


def waiting(db: Cursor, app_id: str, team: str) -> Sequence[Handoff]:
    rows = db.execute(WAITING, (app_id, team)).fetchall()
    return [handoff(row, Packet(reason=row[6], rule="")) for row in rows]


def traces(db: Cursor, conversation_id: str, limit: int) -> Sequence[Trace]:
    return [trace(row) for row in db.execute(TRACES, (conversation_id, bounded(limit))).fetchall()]


def trace_of(db: Cursor, app_id: str, trace_id: str) -> Trace:
    return trace(one(db, "SELECT body FROM traces WHERE id = ? AND app_id = ?", (trace_id, app_id), "trace"))


def deliveries(db: Cursor, conversation_id: str) -> Sequence[Outgoing]:
    return [outgoing(row) for row in db.execute(DELIVERIES, (conversation_id,)).fetchall()]


def counts(db: Cursor) -> Mapping[str, int]:
    return {name: db.execute(sql).fetchone()[0] for name, sql in COUNTS.items()}


def deployment(db: Cursor) -> str:
    (found,) = db.execute("SELECT id FROM deployment").fetchone()
    return str(found)
