"""Changing what stands in the log, and finding it by what the platform calls it."""

from datetime import datetime
from sqlite3 import Cursor

from orchestrator import codec
from orchestrator.adapters.sql import drafts
from orchestrator.adapters.sql.amend import amended, extra, owed
from orchestrator.adapters.sql.rows import MESSAGE, OUTGOING, message, outgoing
from orchestrator.adapters.sqlite.commit import OWE
from orchestrator.adapters.sqlite.outbox import LOG_CHANGED
from orchestrator.types import Amendment, Message, Outgoing

BY_ID = f"SELECT {MESSAGE} FROM messages WHERE id = ? AND conversation_id = ?"
AMEND = (
    "UPDATE messages SET parts = ?, translations = ?, understanding = ?, extra = ? WHERE id = ? AND conversation_id = ?"
)
SENT_AS = (
    f"SELECT {MESSAGE} FROM messages WHERE id = (SELECT message_id FROM outbox WHERE channel_id = ?1 "
    "AND external_id = ?2 AND external_id <> '' UNION ALL "
    "SELECT message_id FROM pieces WHERE channel_id = ?1 AND external_id = ?2 LIMIT 1)"
)

LETTER = (
    f"SELECT {OUTGOING} FROM outbox WHERE id = (SELECT id FROM outbox WHERE channel_id = ?1 AND external_id = ?2 "
    "AND external_id <> '' UNION ALL "
    "SELECT outgoing_id FROM pieces WHERE channel_id = ?1 AND external_id = ?2 LIMIT 1)"
)


def amend(db: Cursor, change: Amendment, at: datetime) -> Message | None:
    key = (change.message_id, change.conversation_id)
    row = db.execute(BY_ID, key).fetchone()
    before = message(row) if row else None
    after = amended(before, change) if before else None
    if before is None or after is None or after is before:
        return None
    db.execute(AMEND, (codec.parts.dump(after.parts).decode(), *drafts.meanings(after), extra(after), *key))
    for debt in owed(before, after, at):
        db.execute(OWE, drafts.debt(debt))
    db.execute(LOG_CHANGED, (change.conversation_id,))
    return after


def message_sent_as(db: Cursor, channel_id: str, external_id: str) -> Message | None:
    row = db.execute(SENT_AS, (channel_id, external_id)).fetchone()
    return message(row) if row else None


def letter_sent_as(db: Cursor, channel_id: str, external_id: str) -> Outgoing | None:
    row = db.execute(LETTER, (channel_id, external_id)).fetchone()
    return outgoing(row) if row else None
