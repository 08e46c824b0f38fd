"""Removing what is old, a batch at a time: the writer serves turns in between."""

from sqlite3 import Cursor

from orchestrator.adapters.sql.rows import bounded
from orchestrator.types import Kind

# Ids sort by creation: the oldest come first, and no index on the time has to be kept for this.
TRACES = "DELETE FROM traces WHERE at < ?1 AND id IN (SELECT id FROM traces ORDER BY id LIMIT ?2)"
DELIVERIES = (
    "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox INDEXED BY outbox_settled "
    "WHERE state IN ('unknown', 'sent', 'delivered', 'read') AND due_at < ?1 ORDER BY due_at LIMIT ?2) RETURNING id"
)
LATE_ANSWERS = (
    "DELETE FROM late_answers WHERE (conversation_id, turn_id) IN "
    "(SELECT conversation_id, turn_id FROM late_answers WHERE at < ?1 ORDER BY at LIMIT ?2)"
)
SESSIONS = (
    "DELETE FROM sessions WHERE digest IN "
    "(SELECT digest FROM sessions WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)"
)
ROWS: dict[Kind, str] = {
    "traces": TRACES,
    "late answers": LATE_ANSWERS,
    "sessions": SESSIONS,
}

CLOSED = (
    "SELECT id, customer_id FROM conversations INDEXED BY conversations_closed WHERE status = 'closed' "
    "AND updated_at < ? AND processed_seq >= customer_seq ORDER BY updated_at LIMIT ?"
)
BELONGINGS = ("messages", "outbox", "pieces", "handoffs", "traces", "late_answers", "debts", "identities")
CUSTOMER = "DELETE FROM customers WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM conversations WHERE customer_id = ?1)"


def prune(db: Cursor, kind: Kind, before: int, limit: int) -> int:
    """How many went; a conversation counts as one."""
    if kind == "conversations":
        return conversations(db, before, limit)
    if kind == "deliveries":
        return deliveries(db, before, limit)
    return db.execute(ROWS[kind], (before, bounded(limit))).rowcount


def deliveries(db: Cursor, before: int, limit: int) -> int:
    gone = db.execute(DELIVERIES, (before, bounded(limit))).fetchall()
    db.executemany("DELETE FROM pieces WHERE outgoing_id = ?", gone)
    return len(gone)


def conversations(db: Cursor, before: int, limit: int) -> int:
    found = db.execute(CLOSED, (before, bounded(limit))).fetchall()
    for id, customer_id in found:
        for table in BELONGINGS:
            db.execute(f"DELETE FROM {table} WHERE conversation_id = ?", (id,))
        db.execute("DELETE FROM conversations WHERE id = ?", (id,))
        db.execute(CUSTOMER, (customer_id,))
    return len(found)
