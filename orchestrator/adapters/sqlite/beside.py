"""Beside the fence: marks, page context, late answers; and the sweep that finds what nobody works on."""

from datetime import datetime
from sqlite3 import Cursor

from orchestrator.adapters.sql.rows import bounded, micros
from orchestrator.adapters.sqlite.accept import learn
from orchestrator.errors import NotFound
from orchestrator.types import Marks

MARKS = "SELECT last_seq, customer_delivered, customer_read, desk_read FROM conversations WHERE id = ?"
MARK = "UPDATE conversations SET customer_delivered = ?, customer_read = ?, desk_read = ? WHERE id = ?"
CONTEXT = "SELECT customer_id, context FROM conversations WHERE id = ?"
TURNED = "UPDATE conversations SET context = ? WHERE id = ?"
LATE = (
    "INSERT INTO late_answers (conversation_id, turn_id, actions, at) SELECT id, ?, ?, ? FROM conversations "
    "WHERE id = ? ON CONFLICT (conversation_id, turn_id) DO NOTHING"
)
# Should the wake-up be lost with the process, the sweep finds the answer.
WAKE = "UPDATE conversations SET wake_at = min(coalesce(wake_at, ?1), ?1) WHERE id = ?2"
EXISTS = "SELECT 1 FROM conversations WHERE id = ?"
UNPROCESSED = "SELECT id FROM conversations WHERE processed_seq < customer_seq AND id > ? ORDER BY id LIMIT ?"
WOKEN = "SELECT id FROM conversations WHERE wake_at IS NOT NULL AND wake_at <= ? ORDER BY wake_at LIMIT ?"


def mark(db: Cursor, conversation_id: str, marks: Marks) -> Marks:
    """A mark beyond the log counts as its end: else messages to come would be read already."""
    row = db.execute(MARKS, (conversation_id,)).fetchone()
    if row is None:
        raise missing(conversation_id)
    last_seq, *now = row
    wanted = (marks.customer_delivered, marks.customer_read, marks.desk_read)
    raised = [max(old, min(new, last_seq)) for old, new in zip(now, wanted, strict=True)]
    if raised != now:
        db.execute(MARK, (*raised, conversation_id))
    return Marks(customer_delivered=raised[0], customer_read=raised[1], desk_read=raised[2])


def set_context(db: Cursor, conversation_id: str, context: str, language: str, now: int) -> None:
    row = db.execute(CONTEXT, (conversation_id,)).fetchone()
    if row is None:
        raise missing(conversation_id)
    if row[1] != context:
        db.execute(TURNED, (context, conversation_id))
    if language:
        learn(db, row[0], {"language": language}, now, trusted=True)


def answer_late(db: Cursor, conversation_id: str, turn_id: str, actions: str, now: int) -> bool:
    if db.execute(LATE, (turn_id, actions, now, conversation_id)).rowcount:
        db.execute(WAKE, (now, conversation_id))
        return True
    if db.execute(EXISTS, (conversation_id,)).fetchone() is None:
        raise missing(conversation_id)
    return False


def unfinished(db: Cursor, now: datetime, limit: int, after: str) -> tuple[list[str], str]:
    """What is found, and where to go on: so that conversations nobody can work on never hide the others for good."""
    woken = [row[0] for row in db.execute(WOKEN, (micros(now), bounded(limit))).fetchall()]
    waiting = [row[0] for row in db.execute(UNPROCESSED, (after, bounded(limit))).fetchall()]
    following = waiting[-1] if len(waiting) == limit else ""
    return list(dict.fromkeys([*woken, *waiting])), following


def probe(db: Cursor) -> None:
    """The file's own version mark, written as it is: SQLite logs and syncs the page like any other."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    db.execute(f"PRAGMA user_version = {version:d}")


def missing(conversation_id: str) -> NotFound:
    return NotFound(f"there is no conversation {conversation_id!r}")
