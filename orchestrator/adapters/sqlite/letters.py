"""What waits in each channel, and dead letters: outbox rows whose delivery failed for good."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from sqlite3 import Cursor
from typing import Any

from orchestrator.adapters.sql.rows import OUTGOING, bounded, micros, moment, outgoing
from orchestrator.adapters.sqlite.outbox import LOG_CHANGED
from orchestrator.errors import NotFound
from orchestrator.types import Outgoing, QueueDepth, SendReason

BACKLOG = (
    "SELECT app_id, count(*) FROM (SELECT app_id FROM conversations WHERE processed_seq < customer_seq LIMIT ?) "
    "GROUP BY app_id"
)
TURNS = (
    "SELECT m.app_id, m.channel_id, count(DISTINCT c.id), min(m.at) FROM conversations c JOIN messages m "
    "ON m.conversation_id = c.id AND m.seq > c.processed_seq WHERE c.processed_seq < c.customer_seq "
    "AND m.role = 'customer' AND m.visibility = 'public' GROUP BY m.app_id, m.channel_id"
)
SENDS = (
    "SELECT o.app_id, o.channel_id, count(*), min(m.at) FROM outbox o JOIN messages m ON m.id = o.message_id "
    "WHERE o.state = 'pending' GROUP BY o.app_id, o.channel_id"
)
DEAD_COUNTS = "SELECT app_id, channel_id, count(*) FROM outbox WHERE state = 'failed' GROUP BY app_id, channel_id"
DEAD = (
    f"SELECT {OUTGOING} FROM outbox WHERE app_id = ?1 AND state = 'failed' AND (?2 = '' OR channel_id = ?2) "
    "AND (?3 = '' OR id < ?3) ORDER BY id DESC LIMIT ?4"
)
DEAD_ONE = f"SELECT {OUTGOING} FROM outbox WHERE id = ? AND app_id = ? AND state = 'failed'"
REVIVE = "UPDATE outbox SET state = 'pending', attempts = 0, due_at = ?, reason = ? WHERE id = ?"
DROP = "DELETE FROM outbox WHERE id = ?"
WITHDRAW = "UPDATE messages SET withdrawn = 1 WHERE id = ? AND withdrawn = 0"


def backlog(db: Cursor, limit: int) -> Mapping[str, int]:
    return dict(db.execute(BACKLOG, (bounded(limit),)).fetchall())


def queues(db: Cursor) -> Sequence[QueueDepth]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for app_id, channel_id, count, oldest in db.execute(TURNS).fetchall():
        found.setdefault((app_id, channel_id), {}).update(turns=count, oldest_turn=moment(oldest))
    for app_id, channel_id, count, oldest in db.execute(SENDS).fetchall():
        found.setdefault((app_id, channel_id), {}).update(sends=count, oldest_send=moment(oldest))
    for app_id, channel_id, count in db.execute(DEAD_COUNTS).fetchall():
        found.setdefault((app_id, channel_id), {}).update(dead=count)
    return [QueueDepth(app_id=app, channel_id=channel, **values) for (app, channel), values in sorted(found.items())]


def dead(db: Cursor, app_id: str, channel_id: str, before: str, limit: int) -> Sequence[Outgoing]:
    return [outgoing(row) for row in db.execute(DEAD, (app_id, channel_id, before, bounded(limit))).fetchall()]


def dead_letter(db: Cursor, app_id: str, outgoing_id: str) -> Outgoing:
    row = db.execute(DEAD_ONE, (outgoing_id, app_id)).fetchone()
    if row is None:
        raise NotFound(f"app {app_id!r} has no dead letter {outgoing_id!r}; see 'parley queue dead list'")
    return outgoing(row)


def revive(db: Cursor, app_id: str, outgoing_id: str, now: datetime, reason: SendReason) -> Outgoing:
    letter = dead_letter(db, app_id, outgoing_id)
    db.execute(REVIVE, (micros(now), reason, outgoing_id))
    return replace(letter, state="pending", attempts=0, due_at=now, reason=reason)


def drop(db: Cursor, app_id: str, outgoing_id: str) -> None:
    letter = dead_letter(db, app_id, outgoing_id)
    db.execute(DROP, (outgoing_id,))
    if not letter.done and db.execute(WITHDRAW, (letter.message_id,)).rowcount:
        db.execute(LOG_CHANGED, (letter.conversation_id,))
