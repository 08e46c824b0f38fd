"""What is to be sent, and what came of it."""

from collections.abc import Sequence
from datetime import datetime
from sqlite3 import Cursor

from orchestrator import codec
from orchestrator.adapters.sql.rows import OUTGOING, Row, bounded, micros, outgoing
from orchestrator.types import DeliveryState, Marks, Moved, Outgoing, SendReason

DUE = (
    f"SELECT {OUTGOING} FROM outbox o WHERE state = 'pending' AND due_at <= ? AND NOT EXISTS (SELECT 1 FROM outbox p "
    "WHERE p.conversation_id = o.conversation_id AND p.state = 'pending' AND (p.seq, p.id) < (o.seq, o.id)) "
    "ORDER BY due_at, seq LIMIT ?"
)
STANDS = "SELECT state, done, external_id FROM outbox WHERE id = ?"
SETTLE = (
    # Refused while it was being sent: it stays refused, for that reason.
    "UPDATE outbox SET state = ?1, attempts = ?2, done = ?3, due_at = ?4, external_id = ?5, "
    "error = iif(state = 'failed' AND ?9 <> 'failed', error, ?6), "
    "reason = iif(state = 'failed' AND ?9 <> 'failed', reason, ?7) "
    "WHERE id = ?8"
)
REWRITE = "UPDATE outbox SET renderings = ? WHERE id = ?"
# The rows behind one that is tried again later can't go before it: out of the way of `due` until then.
POSTPONE = "UPDATE outbox SET due_at = ?1 WHERE conversation_id = ?2 AND state = 'pending' AND seq > ?3 AND due_at < ?1"
LEFT = "SELECT id FROM outbox WHERE conversation_id = ? AND state = 'pending' ORDER BY seq, id LIMIT 100"
SENT_AFTER_ALL = "UPDATE messages SET withdrawn = 0 WHERE id = ? AND withdrawn = 1"
# Whoever has read the log must read it again.
LOG_CHANGED = "UPDATE conversations SET version = version + 1 WHERE id = ?"
# A row that still waits has more to send: what became of the last of it says nothing of the rest.
BY_EXTERNAL = (
    "SELECT id, state, conversation_id, seq FROM outbox "
    "WHERE channel_id = ? AND external_id = ? AND external_id <> '' AND state <> 'pending'"
)
BY_TRACKER = (
    "SELECT id, state, conversation_id, seq, message_id, renderings FROM outbox WHERE id = ? AND channel_id = ?"
)
PIECE = (
    "INSERT INTO pieces (channel_id, external_id, outgoing_id, conversation_id, message_id, nth) "
    "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
NTH = "SELECT outgoing_id, nth FROM pieces WHERE channel_id = ? AND external_id = ?"
PIECES = "SELECT external_id FROM pieces WHERE outgoing_id = ?"
GONE_OUT = "UPDATE outbox SET done = ?1 + 1, external_id = iif(?2 = '', external_id, ?2) WHERE id = ?3 AND done = ?1"
NAMED = "UPDATE outbox SET external_id = ?1 WHERE id = ?2 AND external_id = '' AND ?1 <> ''"
PROGRESS = "UPDATE outbox SET state = ?, error = ? WHERE id = ?"
# What did not arrive goes again when somebody revives it.
FAILED = "UPDATE outbox SET state = 'failed', error = ?, reason = ?, done = max(done - 1, 0) WHERE id = ?"
SHOWN = (
    "UPDATE conversations SET customer_delivered = max(customer_delivered, ?1), "
    "customer_read = max(customer_read, ?2) WHERE id = ?3 AND (customer_delivered < ?1 OR customer_read < ?2) "
    "RETURNING app_id, id, customer_delivered, customer_read, desk_read"
)
BEHIND = (
    "SELECT o.id, o.state, o.conversation_id, o.seq FROM identities i JOIN outbox o ON o.conversation_id = "
    "i.conversation_id JOIN messages m ON m.id = o.message_id WHERE i.channel_id = ? AND i.address = ? AND m.at <= ? "
    "AND o.state IN ('unknown', 'sent', 'delivered') ORDER BY o.seq"
)
REFUSE = "UPDATE outbox SET state = 'failed', reason = ?, error = ? WHERE conversation_id = ? AND state = 'pending'"
ORPHAN = "SELECT state, error FROM orphan_statuses WHERE channel_id = ? AND external_id = ?"
KEEP_ORPHAN = (
    "INSERT INTO orphan_statuses (channel_id, external_id, state, error, at) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (channel_id, external_id) DO UPDATE SET state = excluded.state, error = excluded.error"
)
ADOPT = "DELETE FROM orphan_statuses WHERE channel_id = ? AND external_id = ?"
FORGET = "DELETE FROM orphan_statuses WHERE at < ?"

RANK: dict[DeliveryState, int] = {"pending": 0, "unknown": 1, "sent": 2, "delivered": 3, "read": 4}
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
    for nth, external_id in row.pieces.items():
        db.execute(PIECE, (row.channel_id, external_id, row.id, row.conversation_id, row.message_id, nth))
    found = db.execute(STANDS, (row.id,)).fetchone()
    if found is not None:
        keep(db, row, *found)
    elif row.state not in ("pending", "failed") or row.reason == "unanswered":
        sent_after_all(db, row)
    return [id for (id,) in db.execute(LEFT, (row.conversation_id,)).fetchall()]


def keep(db: Cursor, row: Outgoing, old: DeliveryState, done: int, external_id: str) -> None:
    """What the platform said while it was being sent (`done`, `external_id`) stands where its answer never came.

    Nothing of another message that takes its place has gone out.
    """
    state = later(old, row.state)
    done = row.done if rewritten(row) else max(row.done, done)
    external_id = row.external_id or external_id
    values = (row.attempts, done, micros(row.due_at), external_id, row.error, row.reason, row.id)
    db.execute(SETTLE, (state, *values, row.state))
    if rewritten(row):
        db.execute(REWRITE, (codec.dump_renderings(row.renderings).decode(), row.id))
    if state == "pending":
        db.execute(POSTPONE, (micros(row.due_at), row.conversation_id, row.seq))
    else:
        adopt_all(db, row, external_id)


def sent_after_all(db: Cursor, row: Outgoing) -> None:
    """It was on its way when it was withdrawn: the customer has it, or may have it, so the log says so."""
    if db.execute(SENT_AFTER_ALL, (row.message_id,)).rowcount:
        db.execute(LOG_CHANGED, (row.conversation_id,))


def adopt_all(db: Cursor, row: Outgoing, external_id: str) -> None:
    known = db.execute(PIECES, (row.id,)).fetchall() if len(row.renderings) > 1 else []
    for name in dict.fromkeys([*(id for (id,) in known), external_id]):
        if name:
            adopt(db, row.channel_id, name)


def adopt(db: Cursor, channel_id: str, external_id: str) -> None:
    """A status that came before we knew the id it is about."""
    orphan = db.execute(ORPHAN, (channel_id, external_id)).fetchone()
    if orphan is not None:
        db.execute(ADOPT, (channel_id, external_id))
        if progress(db, channel_id, external_id, orphan[0], orphan[1]) is None:
            by_tracker(db, channel_id, "", orphan[0], orphan[1], "", *piece(db, channel_id, external_id))


def rewritten(row: Outgoing) -> bool:
    """Whether another message may go in its place than the one that was committed."""
    return row.reason == "window_closed"


def tracked(tracker: str) -> tuple[str, int]:
    """Outbox id and rendering; ("", 0) for what we never sent along."""
    id, _, nth = tracker.rpartition(".")
    return (id, int(nth)) if id and nth.isdecimal() and len(nth) < 6 else ("", 0)


def status(
    db: Cursor,
    channel_id: str,
    external_id: str,
    state: DeliveryState,
    error: str,
    tracker: str,
    reason: SendReason,
    now: int,
) -> Sequence[Moved]:
    moved = progress(db, channel_id, external_id, state, error, reason) if external_id else None
    if moved is None:
        place = tracked(tracker) if tracker else piece(db, channel_id, external_id)
        moved = by_tracker(db, channel_id, external_id, state, error, reason, *place)
    if moved is None and external_id:
        keep_orphan(db, channel_id, external_id, state, error, now)
    return moved or ()


def piece(db: Cursor, channel_id: str, external_id: str) -> tuple[str, int]:
    """Outbox id and rendering; ("", 0) for what is no piece of ours."""
    found: tuple[str, int] | None = db.execute(NTH, (channel_id, external_id)).fetchone()
    return found or ("", 0)


def keep_orphan(db: Cursor, channel_id: str, external_id: str, state: DeliveryState, error: str, now: int) -> None:
    known = db.execute(ORPHAN, (channel_id, external_id)).fetchone()
    if known is None:
        db.execute(FORGET, (now - ORPHAN_LIFETIME,))
    elif later(known[0], state) == known[0]:
        return
    db.execute(KEEP_ORPHAN, (channel_id, external_id, state, error, now))


def progress(
    db: Cursor, channel_id: str, external_id: str, state: DeliveryState, error: str, reason: SendReason = ""
) -> Sequence[Moved] | None:
    """Move the rows with that id forward; None when there is none."""
    rows: list[Row] = db.execute(BY_EXTERNAL, (channel_id, external_id)).fetchall()
    return [one for row in rows for one in move(db, row, state, error, reason)] if rows else None


def by_tracker(
    db: Cursor,
    channel_id: str,
    external_id: str,
    state: DeliveryState,
    error: str,
    reason: SendReason,
    id: str,
    nth: int,
) -> Sequence[Moved] | None:
    """As `progress`. A row that waits was being sent when the process died, or still is: None."""
    row: Row | None = db.execute(BY_TRACKER, (id, channel_id)).fetchone()
    if row is None:
        return None
    *place, message_id, renderings = row
    size = len(codec.load_renderings(renderings))
    if size > 1 and external_id:
        db.execute(PIECE, (channel_id, external_id, id, place[2], message_id, nth))
    if place[1] == "pending":
        if state != "failed":
            db.execute(GONE_OUT, (nth, external_id, id))
        return None
    if nth >= size - 1:
        db.execute(NAMED, (external_id, id))
    return move(db, tuple(place), state, error, reason) if state == "failed" or nth >= size - 1 else ()


def move(db: Cursor, row: Row, state: DeliveryState, error: str, reason: SendReason) -> Sequence[Moved]:
    """Of id, state, conversation and seq."""
    id, old, conversation_id, seq = row
    new = later(old, state)
    if new != old:
        db.execute(*((FAILED, (error, reason, id)) if new == "failed" else (PROGRESS, (new, error, id))))
    return shown(db, conversation_id, seq, state) if state in ("delivered", "read") else ()


def shown(db: Cursor, conversation_id: str, seq: int, state: DeliveryState) -> Sequence[Moved]:
    found = db.execute(SHOWN, (seq, seq if state == "read" else 0, conversation_id)).fetchall()
    return [moved(row) for row in found]


def moved(row: Row) -> Moved:
    app_id, conversation_id, delivered, read, desk = row
    marks = Marks(customer_delivered=delivered, customer_read=read, desk_read=desk)
    return Moved(app_id=app_id, conversation_id=conversation_id, marks=marks)


def seen_up_to(db: Cursor, channel_id: str, address: str, state: DeliveryState, at: datetime) -> Sequence[Moved]:
    last = 0, ""
    for id, old, conversation_id, seq in db.execute(BEHIND, (channel_id, address, micros(at))).fetchall():
        if (new := later(old, state)) != old:
            db.execute(PROGRESS, (new, "", id))
            last = seq, conversation_id
    return shown(db, last[1], last[0], state) if last[0] else ()


def refuse(db: Cursor, conversation_id: str, reason: SendReason, error: str) -> int:
    return db.execute(REFUSE, (reason, error, conversation_id)).rowcount
