"""What is to be sent, and what came of it."""

from collections.abc import Sequence
from datetime import datetime
from sqlite3 import Cursor

from orchestrator.adapters.sql.rows import OUTGOING, Row, bounded, micros, outgoing
from orchestrator.types import DeliveryState, Outgoing

DUE = (
    f"SELECT {OUTGOING} FROM outbox o WHERE state = 'pending' AND due_at <= ? AND NOT EXISTS (SELECT 1 FROM outbox p "
    "WHERE p.conversation_id = o.conversation_id AND p.state = 'pending' AND (p.seq, p.id) < (o.seq, o.id)) "
    "ORDER BY due_at, seq LIMIT ?"
)
STATE = "SELECT state FROM outbox WHERE id = ?"
SETTLE = "UPDATE outbox SET state = ?, attempts = ?, done = ?, due_at = ?, external_id = ?, error = ? WHERE id = ?"
# The rows behind one that is tried again later can't go before it: out of the way of `due` until then.
POSTPONE = "UPDATE outbox SET due_at = ?1 WHERE conversation_id = ?2 AND state = 'pending' AND seq > ?3 AND due_at < ?1"
LEFT = "SELECT id FROM outbox WHERE conversation_id = ? AND state = 'pending' ORDER BY seq, id LIMIT 100"
SENT_AFTER_ALL = "UPDATE messages SET withdrawn = 0 WHERE id = ? AND withdrawn = 1"
# Whoever has read the log must read it again.
LOG_CHANGED = "UPDATE conversations SET version = version + 1 WHERE id = ?"
BY_EXTERNAL = (
    "SELECT id, state, conversation_id, seq FROM outbox WHERE channel_id = ? AND external_id = ? AND external_id <> ''"
)
PROGRESS = "UPDATE outbox SET state = ?, error = ? WHERE id = ?"
SHOWN = (
    "UPDATE conversations SET customer_delivered = max(customer_delivered, ?1), "
    "customer_read = max(customer_read, ?2) WHERE id = ?3"
)
ORPHAN = "SELECT state, error FROM orphan_statuses WHERE channel_id = ? AND external_id = ?"
KEEP_ORPHAN = (
    "INSERT INTO orphan_statuses (channel_id, external_id, state, error, at) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (channel_id, external_id) DO UPDATE SET state = excluded.state, error = excluded.error"
)
ADOPT = "DELETE FROM orphan_statuses WHERE channel_id = ? AND external_id = ?"
FORGET = "DELETE FROM orphan_statuses WHERE at < ?"

RANK: dict[DeliveryState, int] = {"pending": 0, "sent": 1, "delivered": 2, "read": 3}
ORPHAN_LIFETIME = 86_400_000_000
"""Microseconds. A platform reports what we sent within minutes; older ones are of messages Parley never sent."""


def later(old: DeliveryState, new: DeliveryState) -> DeliveryState:
    """Whichever is further: a failure is final, but says nothing against a message that arrived."""
    if old == "failed":
        return old
    if new == "failed":
        return new if RANK[old] < RANK["delivered"] else old
    return new if RANK[new] > RANK[old] else old


def due(db: Cursor, now: datetime, limit: int) -> Sequence[Outgoing]:
    return [outgoing(row) for row in db.execute(DUE, (micros(now), bounded(limit))).fetchall()]


def settle(db: Cursor, row: Outgoing) -> Sequence[str]:
    found = db.execute(STATE, (row.id,)).fetchone()
    if found is not None:
        keep(db, row, found[0])
    elif row.state not in ("pending", "failed"):
        sent_after_all(db, row)
    return [id for (id,) in db.execute(LEFT, (row.conversation_id,)).fetchall()]


def keep(db: Cursor, row: Outgoing, old: DeliveryState) -> None:
    state = later(old, row.state)
    values = (row.attempts, row.done, micros(row.due_at), row.external_id, row.error, row.id)
    db.execute(SETTLE, (state, *values))
    if state == "pending":
        db.execute(POSTPONE, (micros(row.due_at), row.conversation_id, row.seq))
    if row.external_id:
        adopt(db, row.channel_id, row.external_id)


def sent_after_all(db: Cursor, row: Outgoing) -> None:
    """It was on its way when it was withdrawn: the customer has it, so the log says so."""
    if db.execute(SENT_AFTER_ALL, (row.message_id,)).rowcount:
        db.execute(LOG_CHANGED, (row.conversation_id,))


def adopt(db: Cursor, channel_id: str, external_id: str) -> None:
    """A status that came before we knew the id it is about."""
    orphan = db.execute(ORPHAN, (channel_id, external_id)).fetchone()
    if orphan is not None:
        db.execute(ADOPT, (channel_id, external_id))
        progress(db, channel_id, external_id, orphan[0], orphan[1])


def status(db: Cursor, channel_id: str, external_id: str, state: DeliveryState, error: str, now: int) -> None:
    if not external_id or progress(db, channel_id, external_id, state, error):
        return
    known = db.execute(ORPHAN, (channel_id, external_id)).fetchone()
    if known is None:
        db.execute(FORGET, (now - ORPHAN_LIFETIME,))
    elif later(known[0], state) == known[0]:
        return
    db.execute(KEEP_ORPHAN, (channel_id, external_id, state, error, now))


def progress(db: Cursor, channel_id: str, external_id: str, state: DeliveryState, error: str) -> bool:
    """Move the rows with that id forward; False when there is none."""
    rows: list[Row] = db.execute(BY_EXTERNAL, (channel_id, external_id)).fetchall()
    for id, old, conversation_id, seq in rows:
        new = later(old, state)
        if new != old:
            db.execute(PROGRESS, (new, error, id))
        if state in ("delivered", "read"):
            db.execute(SHOWN, (seq, seq if state == "read" else 0, conversation_id))
    return bool(rows)
