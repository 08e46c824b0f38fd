"""Committing a step: head, log, outbox, handoff, trace and profile, behind the version's fence."""

from collections.abc import Mapping
from sqlite3 import Cursor

from orchestrator.adapters.sql.drafts import Draft
from orchestrator.adapters.sql.rows import Decoder, micros, moment
from orchestrator.adapters.sqlite.accept import INSERT_MESSAGE, learn
from orchestrator.copies import replace
from orchestrator.errors import Fenced, NotFound
from orchestrator.types import Committed, Conversation, Marks, Message

STANDS = (
    "SELECT version, last_seq, processed_seq, customer_seq, status, updated_at, customer_delivered, customer_read, "
    "desk_read, context, controller_kind, controller_name, team, wake_at FROM conversations WHERE id = ?"
)
CHANGED = "UPDATE conversations SET version = ?1, last_seq = ?2, processed_seq = ?3, updated_at = ?4, head = ?5"
FENCE = " WHERE id = ?6 AND version = ?1 - 1"
# SQLite rewrites every index on a column that is SET, changed or not: most turns change nothing that lists look for.
STAYED = CHANGED + FENCE
MOVED = f"{CHANGED}, status = ?7, controller_kind = ?8, controller_name = ?9, team = ?10, wake_at = ?11{FENCE}"
HEARD = "UPDATE conversations SET customer_seq = ?1, processed_seq = min(processed_seq, ?2) WHERE id = ?3"
UNDERSTOOD = (
    "UPDATE messages SET language = ?1, translations = ?2, understanding = ?3 WHERE id = ?4 AND conversation_id = ?5"
)
# Whether it arrived nobody knows: it is not tried again, and the log goes on showing it.
UNSURE = (
    "UPDATE outbox SET state = 'unknown', reason = 'unknown' WHERE conversation_id = ?1 AND state = 'pending' "
    "AND reason = 'unanswered' AND message_id IN (SELECT m.id FROM messages m WHERE m.id = outbox.message_id "
    "AND m.role = 'bot')"
)
# Every pending row of the conversation: what an agent or the system said stays in line.
WITHDRAW = (
    "UPDATE messages SET withdrawn = 1 WHERE role = 'bot' AND id IN "
    "(SELECT message_id FROM outbox WHERE conversation_id = ?1 AND state = 'pending')"
)
DROP = (
    "DELETE FROM outbox WHERE conversation_id = ?1 AND state = 'pending' AND message_id IN "
    "(SELECT m.id FROM messages m WHERE m.id = outbox.message_id AND m.withdrawn = 1)"
)
# Behind a row that waits to be tried again a new one would be blocked anyway: out of the way of `due` until then.
INSERT_OUTGOING = (
    "INSERT INTO outbox (id, app_id, conversation_id, channel_id, address, message_id, epoch, due_at, attempts, "
    "renderings, done, state, external_id, error, reason, seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, max(?8, coalesce("
    "(SELECT max(due_at) FROM outbox WHERE conversation_id = ?3 AND state = 'pending'), ?8)), "
    "?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
)
WAITING = "SELECT 1 FROM outbox WHERE conversation_id = ? AND state = 'pending' LIMIT 1"
HANDOFF = (
    "INSERT INTO handoffs (id, app_id, conversation_id, state, team, priority, reason, language, agent_id, note, "
    "offered_at, accepted_at, ended_at, expires_at, packet) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (id) DO UPDATE SET state = excluded.state, team = excluded.team, priority = excluded.priority, "
    "reason = excluded.reason, language = excluded.language, agent_id = excluded.agent_id, note = excluded.note, "
    "offered_at = excluded.offered_at, accepted_at = excluded.accepted_at, ended_at = excluded.ended_at, "
    "expires_at = excluded.expires_at, packet = excluded.packet"
)
OWE = (
    "INSERT INTO debts (message_id, target, source, app_id, conversation_id, at) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT DO NOTHING"
)
REPAY = "DELETE FROM debts WHERE message_id = ? AND target = ?"
TRACE = "INSERT INTO traces (id, app_id, conversation_id, turn_id, at, body) VALUES (?, ?, ?, ?, ?, ?)"


def commit(db: Cursor, decoder: Decoder, draft: Draft) -> tuple[Committed, str]:
    """What stands now, and the text of the context."""
    head = draft.commit.conversation
    row = db.execute(STANDS, (head.id,)).fetchone()
    if row is None:
        raise NotFound(f"there is no conversation {head.id!r}")
    version, last_seq, processed_seq, customer_seq, status, updated_at, delivered, read, desk, context, *place = row
    if version != head.version:
        raise Fenced(f"conversation {head.id!r} moved on from version {head.version} to {version}; load it again")
    # Once every customer message is processed nothing waits: then the whole log counts as processed, so that
    # `processed_seq < last_seq` means work. A customer who wrote while a turn closed the conversation finds it open.
    waits = customer_seq > head.processed_seq
    after = replace(
        head,
        version=version + 1,
        last_seq=last_seq + len(draft.messages),
        processed_seq=max(processed_seq, head.processed_seq) if waits else last_seq + len(draft.messages),
        status="open" if waits else head.status,
        updated_at=moment(max(updated_at, micros(head.updated_at))),
        context=decoder.context(head.id, context),
        marks=Marks(customer_delivered=delivered, customer_read=read, desk_read=desk),
    )
    write(db, draft, after, stayed=status == after.status and tuple(place) == draft.columns)
    messages = said(db, draft, last_seq)
    change(db, draft)
    held = send(db, draft, {message.id: message.seq for message in messages})
    return Committed(conversation=after, messages=messages, held=held), context


def write(db: Cursor, draft: Draft, after: Conversation, *, stayed: bool) -> None:
    values = (after.version, after.last_seq, after.processed_seq, micros(after.updated_at), draft.head, after.id)
    db.execute(STAYED, values) if stayed else db.execute(MOVED, (*values, after.status, *draft.columns))


def said(db: Cursor, draft: Draft, last_seq: int) -> tuple[Message, ...]:
    """Append the messages."""
    for seq, row in enumerate(draft.messages, last_seq + 1):
        db.execute(INSERT_MESSAGE, (*row, seq))
    messages = tuple(replace(message, seq=seq) for seq, message in enumerate(draft.commit.messages, last_seq + 1))
    heard = [message.seq for message in messages if message.role == "customer" and message.visibility == "public"]
    if heard:
        processed = max(draft.commit.conversation.processed_seq, heard[0] - 1)
        db.execute(HEARD, (heard[-1], processed, draft.commit.conversation.id))
    return messages


def change(db: Cursor, draft: Draft) -> None:
    """What was learnt: of messages in the log, the handoff, the customer; and the trace."""
    head = draft.commit.conversation
    for row in draft.understood:
        db.execute(UNDERSTOOD, row)
    if draft.handoff is not None:
        db.execute(HANDOFF, draft.handoff)
    if draft.trace is not None:
        db.execute(TRACE, draft.trace)
    for row in draft.owed:
        db.execute(OWE, row)
    for debt in draft.commit.repaid:
        db.execute(REPAY, (debt.message_id, debt.target))
    learn(db, head.customer_id, draft.commit.profile, micros(draft.commit.at), trusted=False)


def send(db: Cursor, draft: Draft, seqs: Mapping[str, int]) -> bool:
    """Withdraw what must not go out any more, then queue the new. Whether nothing waits before that."""
    head = draft.commit.conversation
    if draft.commit.withdraw_pending:
        db.execute(UNSURE, (head.id,))
        if db.execute(WITHDRAW, (head.id,)).rowcount:
            db.execute(DROP, (head.id,))
    held = not draft.outbox or db.execute(WAITING, (head.id,)).fetchone() is None
    for row, outgoing in zip(draft.outbox, draft.commit.outbox, strict=True):
        db.execute(INSERT_OUTGOING, (*row, seqs.get(outgoing.message_id, outgoing.seq)))
    return held
