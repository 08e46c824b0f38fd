"""Changing what stands in the log, and finding it by what the platform calls it."""

from datetime import datetime

from orchestrator import codec
from orchestrator.adapters.postgres.pool import Connection
from orchestrator.adapters.postgres.text import kept, plain
from orchestrator.adapters.sql import drafts
from orchestrator.adapters.sql.amend import amended, extra, owed
from orchestrator.adapters.sql.rows import MESSAGE, OUTGOING, message, outgoing
from orchestrator.types import Amendment, Message, Outgoing

# The head first, as everywhere: see accept_1.sql.
LOCK = "SELECT FROM conversations c WHERE c.id = $1 FOR NO KEY UPDATE"
BY_ID = f"SELECT {MESSAGE} FROM messages WHERE id = $1 AND conversation_id = $2"
AMEND = (
    "UPDATE messages SET parts = $3, translations = $4, understanding = $5, extra = $6 "
    "WHERE id = $1 AND conversation_id = $2"
)
OWE = (
    "INSERT INTO debts (message_id, target, source, app_id, conversation_id, at) VALUES ($1, $2, $3, $4, $5, $6) "
    "ON CONFLICT DO NOTHING"
)
LOG_CHANGED = "UPDATE conversations SET version = version + 1 WHERE id = $1"
SENT_AS = (
    f"SELECT {MESSAGE} FROM messages WHERE (conversation_id, id) = (SELECT o.conversation_id, o.message_id "
    "FROM outbox o WHERE o.channel_id = $1 AND o.external_id = $2 AND o.external_id <> '' UNION ALL "
    "SELECT p.conversation_id, p.message_id FROM pieces p WHERE p.channel_id = $1 AND p.external_id = $2 LIMIT 1)"
)

LETTER = (
    f"SELECT {OUTGOING} FROM outbox WHERE (conversation_id, id) = (SELECT o.conversation_id, o.id "
    "FROM outbox o WHERE o.channel_id = $1 AND o.external_id = $2 AND o.external_id <> '' UNION ALL "
    "SELECT p.conversation_id, p.outgoing_id FROM pieces p WHERE p.channel_id = $1 AND p.external_id = $2 LIMIT 1)"
)


async def amend(db: Connection, change: Amendment, at: datetime) -> Message | None:
    key = (kept(change.message_id), kept(change.conversation_id))
    async with db.transaction():
        await db.execute(LOCK, key[1])
        row = await db.fetchrow(BY_ID, *key)
        before = message(plain(row)) if row else None
        after = amended(before, change) if before else None
        if before is None or after is None or after is before:
            return None
        texts = (codec.parts.dump(after.parts).decode(), *drafts.meanings(after), extra(after))
        await db.execute(AMEND, *key, *texts)
        for debt in owed(before, after, at):
            await db.execute(OWE, *drafts.debt(debt))
        await db.execute(LOG_CHANGED, key[1])
    return after


async def message_sent_as(db: Connection, channel_id: str, external_id: str) -> Message | None:
    row = await db.fetchrow(SENT_AS, channel_id, kept(external_id))
    return message(plain(row)) if row else None


async def letter_sent_as(db: Connection, channel_id: str, external_id: str) -> Outgoing | None:
    row = await db.fetchrow(LETTER, channel_id, kept(external_id))
    return outgoing(plain(row)) if row else None
