"""What waits in each channel, and dead letters: outbox rows whose delivery failed for good."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from orchestrator.adapters.postgres.pool import Connection
from orchestrator.adapters.postgres.text import kept, plain
from orchestrator.adapters.sql.rows import OUTGOING, bounded, micros, moment, outgoing
from orchestrator.errors import NotFound
from orchestrator.types import Outgoing, QueueDepth, SendReason

BACKLOG = (
    "SELECT app_id, count(*) FROM (SELECT app_id FROM conversations WHERE processed_seq < customer_seq LIMIT $1) AS w "
    "GROUP BY app_id"
)
TURNS = (
    "SELECT m.app_id, m.channel_id, count(DISTINCT c.id), min(m.at) FROM conversations c JOIN messages m "
    "ON m.conversation_id = c.id AND m.seq > c.processed_seq WHERE c.processed_seq < c.customer_seq "
    "AND m.role = 'customer' AND m.visibility = 'public' GROUP BY m.app_id, m.channel_id"
)
SENDS = (
    "SELECT o.app_id, o.channel_id, count(*), min(m.at) FROM outbox o JOIN messages m "
    "ON m.id = o.message_id AND m.conversation_id = o.conversation_id "
    "WHERE o.state = 'pending' GROUP BY o.app_id, o.channel_id"
)
DEAD_COUNTS = "SELECT app_id, channel_id, count(*) FROM outbox WHERE state = 'failed' GROUP BY app_id, channel_id"
DEAD = (
    f"SELECT {OUTGOING} FROM outbox WHERE app_id = $1 AND state = 'failed' AND ($2 = '' OR channel_id = $2) "
    "AND ($3 = '' OR id < $3) ORDER BY id DESC LIMIT $4"
)
DEAD_ONE = f"SELECT {OUTGOING} FROM outbox WHERE id = $1 AND app_id = $2 AND state = 'failed'"
REVIVE = (
    "UPDATE outbox SET state = 'pending', attempts = 0, due_at = $3, reason = $4, held_by = NULL, held_until = NULL, "
    f"withdrawn = 0 WHERE id = $1 AND app_id = $2 AND state = 'failed' RETURNING {OUTGOING}"
)
# The head first, as everywhere: see accept_1.sql.
LOCK = (
    "SELECT FROM conversations c WHERE c.id = (SELECT o.conversation_id FROM outbox o "
    "WHERE o.id = $1 AND o.app_id = $2 AND o.state = 'failed') FOR NO KEY UPDATE"
)
DROP = (
    "DELETE FROM outbox WHERE id = $1 AND app_id = $2 AND state = 'failed' RETURNING conversation_id, message_id, done"
)
WITHDRAW = (
    "WITH gone AS (UPDATE messages SET withdrawn = 1 WHERE id = $1 AND conversation_id = $2 AND withdrawn = 0 "
    "RETURNING conversation_id) "
    "UPDATE conversations c SET version = c.version + 1 FROM gone g WHERE c.id = g.conversation_id"
)


async def backlog(db: Connection, limit: int) -> Mapping[str, int]:
    return {app_id: count for app_id, count in await db.fetch(BACKLOG, bounded(limit))}


async def queues(db: Connection) -> Sequence[QueueDepth]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for app_id, channel_id, count, oldest in await db.fetch(TURNS):
        found.setdefault((app_id, channel_id), {}).update(turns=count, oldest_turn=moment(oldest))
    for app_id, channel_id, count, oldest in await db.fetch(SENDS):
        found.setdefault((app_id, channel_id), {}).update(sends=count, oldest_send=moment(oldest))
    for app_id, channel_id, count in await db.fetch(DEAD_COUNTS):
        found.setdefault((app_id, channel_id), {}).update(dead=count)
    return [QueueDepth(app_id=app, channel_id=channel, **values) for (app, channel), values in sorted(found.items())]


async def dead(db: Connection, app_id: str, channel_id: str, before: str, limit: int) -> Sequence[Outgoing]:
    rows = await db.fetch(DEAD, app_id, channel_id, before, bounded(limit))
    return [outgoing(plain(row)) for row in rows]


async def dead_letter(db: Connection, app_id: str, outgoing_id: str) -> Outgoing:
    row = await db.fetchrow(DEAD_ONE, kept(outgoing_id), app_id)
    if row is None:
        raise unknown(app_id, outgoing_id)
    return outgoing(plain(row))


def unknown(app_id: str, outgoing_id: str) -> NotFound:
    return NotFound(f"app {app_id!r} has no dead letter {outgoing_id!r}; see 'parley queue dead list'")


async def revive(db: Connection, app_id: str, outgoing_id: str, now: datetime, reason: SendReason) -> Outgoing:
    row = await db.fetchrow(REVIVE, kept(outgoing_id), app_id, micros(now), reason)
    if row is None:
        raise unknown(app_id, outgoing_id)
    return outgoing(plain(row))


async def drop(db: Connection, app_id: str, outgoing_id: str) -> None:
    async with db.transaction():
        await db.execute(LOCK, kept(outgoing_id), app_id)
        row = await db.fetchrow(DROP, kept(outgoing_id), app_id)
        if row is None:
            raise unknown(app_id, outgoing_id)
        conversation_id, message_id, done = row
        if not done:
            await db.execute(WITHDRAW, message_id, conversation_id)
