"""Removing what is old, a batch at a time, by one process at a time."""

from collections.abc import Sequence

from orchestrator.adapters.postgres.pool import Connection
from orchestrator.adapters.sql.rows import bounded
from orchestrator.types import Kind

ALONE = f"SELECT pg_try_advisory_xact_lock({0x5061726C}, 1)"
"""An advisory lock beside that of migrations: whoever doesn't get it leaves the work to whoever has it."""

# Ids sort by creation: the oldest come first, and no index on the time has to be kept for this.
TRACES = (
    "DELETE FROM traces t USING (SELECT id, conversation_id FROM traces ORDER BY id LIMIT $2) AS old "
    "WHERE t.id = old.id AND t.conversation_id = old.conversation_id AND t.at < $1"
)
# What a turn holds is left for the next time, here and below: nobody waits for this job. Each is looked for once: a
# subquery that a plan runs again finds others in place of those already gone, and more than LIMIT go.
DELIVERIES = (
    "WITH old AS MATERIALIZED (SELECT id, conversation_id FROM outbox "
    "WHERE state IN ('unknown', 'sent', 'delivered', 'read') AND due_at < $1 ORDER BY due_at LIMIT $2 "
    "FOR UPDATE SKIP LOCKED), gone AS (DELETE FROM outbox o USING old "
    "WHERE o.id = old.id AND o.conversation_id = old.conversation_id RETURNING o.id), "
    "cut AS (DELETE FROM pieces p USING gone g WHERE p.outgoing_id = g.id) SELECT count(*) FROM gone"
)
LATE_ANSWERS = (
    "WITH old AS MATERIALIZED (SELECT conversation_id, turn_id FROM late_answers WHERE at < $1 "
    "ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED) DELETE FROM late_answers l USING old "
    "WHERE l.conversation_id = old.conversation_id AND l.turn_id = old.turn_id"
)
SESSIONS = (
    "WITH old AS MATERIALIZED (SELECT digest FROM sessions WHERE expires_at < $1 "
    "ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED) DELETE FROM sessions s USING old WHERE s.digest = old.digest"
)
ROWS: dict[Kind, str] = {
    "traces": TRACES,
    "late answers": LATE_ANSWERS,
    "sessions": SESSIONS,
}

CLOSED = (
    "SELECT id, customer_id FROM conversations WHERE status = 'closed' AND updated_at < $1 "
    "AND processed_seq >= customer_seq ORDER BY updated_at LIMIT $2 FOR UPDATE SKIP LOCKED"
)
BELONGINGS = ("messages", "outbox", "pieces", "handoffs", "traces", "late_answers", "debts", "identities")
EXTERNALS = (
    "DELETE FROM externals e USING messages m WHERE m.conversation_id = ANY ($1::text[]) AND m.external_id <> '' "
    "AND e.channel_id = m.channel_id AND e.external_id = m.external_id AND e.conversation_id = m.conversation_id"
)
CUSTOMERS = (
    "DELETE FROM customers k WHERE k.id = ANY ($1::text[]) "
    "AND NOT EXISTS (SELECT FROM conversations c WHERE c.customer_id = k.id)"
)


async def prune(db: Connection, kind: Kind, before: int, limit: int) -> int:
    """How many went; a conversation counts as one."""
    async with db.transaction():
        if not await db.fetchval(ALONE):
            return 0
        if kind == "conversations":
            return await conversations(db, before, limit)
        if kind == "deliveries":
            return int(await db.fetchval(DELIVERIES, before, bounded(limit)))
        return gone(await db.execute(ROWS[kind], before, bounded(limit)))


def gone(status: str) -> int:
    """From PostgreSQL's "DELETE 12"."""
    return int(status.rpartition(" ")[2])


async def conversations(db: Connection, before: int, limit: int) -> int:
    found = await db.fetch(CLOSED, before, bounded(limit))
    ids: Sequence[str] = [row[0] for row in found]
    await db.execute(EXTERNALS, ids)
    for table in BELONGINGS:
        await db.execute(f"DELETE FROM {table} WHERE conversation_id = ANY ($1::text[])", ids)
    await db.execute("DELETE FROM conversations WHERE id = ANY ($1::text[])", ids)
    await db.execute(CUSTOMERS, [row[1] for row in found])
    return len(ids)
