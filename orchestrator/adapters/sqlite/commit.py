"""Committing a step: head, log, outbox, handoff, trace and profile, behind the version's fence."""

from collections.abc import Mapping
from sqlite3 import Cursor

from orchestrator.adapters.sqlite.accept import INSERT_MESSAGE, learn
from orchestrator.adapters.sqlite.drafts import Draft
from orchestrator.adapters.sqlite.rows import Decoder, micros, moment, moved, numbered
from orchestrator.errors import Fenced, NotFound
from orchestrator.types import Committed, Marks, Message

# Once every customer message is processed nothing waits: then the whole log counts as processed, so that
# `processed_seq < last_seq` means work. A customer who wrote while a turn closed the conversation finds it open.
HEAD = (
    "UPDATE conversations SET version = version + 1, head = ?1, controller_kind = ?2, controller_name = ?3, "
    "team = ?4, wake_at = ?5, updated_at = max(updated_at, ?6), last_seq = last_seq + ?7, "
    "processed_seq = CASE WHEN customer_seq <= ?8 THEN last_seq + ?7 ELSE max(processed_seq, ?8) END, "
    "status = CASE WHEN customer_seq <= ?8 THEN ?9 ELSE 'open' END "
    "WHERE id = ?10 AND version = ?11 "
    "RETURNING last_seq, processed_seq, status, updated_at, customer_delivered, customer_read, desk_read, context"
)
EXISTS = "SELECT version FROM conversations WHERE id = ?"
HEARD = "UPDATE conversations SET customer_seq = ?1, processed_seq = min(processed_seq, ?2) WHERE id = ?3"
UNDERSTOOD = (
    "UPDATE messages SET language = ?1, translations = ?2, understanding = ?3, rev = ?6 "
    "WHERE id = ?4 AND conversation_id = ?5"
)
# Every pending row of the conversation: what an agent or the system said stays in line.
WITHDRAW = (
    "UPDATE messages SET withdrawn = 1, rev = ?2 WHERE role = 'bot' AND id IN "
    "(SELECT message_id FROM outbox WHERE conversation_id = ?1 AND state = 'pending')"
)
DROP = (
    "DELETE FROM outbox WHERE conversation_id = ?1 AND state = 'pending' AND message_id IN "
    "(SELECT m.id FROM messages m WHERE m.id = outbox.message_id AND m.withdrawn = 1)"
)
# Behind a row that waits to be tried again a new one would be blocked anyway: out of the way of `due` until then.
INSERT_OUTGOING = (
    "INSERT INTO outbox (id, app_id, conversation_id, channel_id, address, message_id, epoch, due_at, attempts, "
    "renderings, done, state, external_id, error, seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, max(?8, coalesce("
    "(SELECT max(due_at) FROM outbox WHERE conversation_id = ?3 AND state = 'pending'), ?8)), "
    "?9, ?10, ?11, ?12, ?13, ?14, ?15)"
)
HANDOFF = (
    "INSERT INTO handoffs (id, app_id, conversation_id, state, team, priority, reason, language, agent_id, note, "
    "offered_at, accepted_at, ended_at, expires_at, packet) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (id) DO UPDATE SET state = excluded.state, team = excluded.team, priority = excluded.priority, "
    "reason = excluded.reason, language = excluded.language, agent_id = excluded.agent_id, note = excluded.note, "
    "offered_at = excluded.offered_at, accepted_at = excluded.accepted_at, ended_at = excluded.ended_at, "
    "expires_at = excluded.expires_at, packet = excluded.packet"
)
TRACE = "INSERT INTO traces (id, app_id, conversation_id, turn_id, at, body) VALUES (?, ?, ?, ?, ?, ?)"


def commit(db: Cursor, decoder: Decoder, draft: Draft) -> tuple[Committed, str]:
    """What stands now, and the text of the context."""
    wanted = draft.commit
    head = wanted.conversation
    updated_at = micros(head.updated_at)
    written = db.execute(
        HEAD,
        (draft.head, *draft.columns, updated_at, len(draft.messages), head.processed_seq, head.status)
        + (head.id, head.version),
    ).fetchone()
    if written is None:
        raise moved_on(db, head.id, head.version)
    last_seq, processed_seq, status, updated_at, *marks, context = written
    messages = said(db, draft, last_seq - len(draft.messages))
    change(db, draft)
    send(db, draft, {message.id: message.seq for message in messages})
    committed = moved(
        head,
        version=head.version + 1,
        last_seq=last_seq,
        processed_seq=processed_seq,
        status=status,
        updated_at=moment(updated_at),
        context=decoder.context(head.id, context),
        marks=Marks(customer_delivered=marks[0], customer_read=marks[1], desk_read=marks[2]),
    )
    return Committed(conversation=committed, messages=messages), context


def moved_on(db: Cursor, conversation_id: str, version: int) -> Fenced | NotFound:
    row = db.execute(EXISTS, (conversation_id,)).fetchone()
    if row is None:
        return NotFound(f"there is no conversation {conversation_id!r}")
    return Fenced(f"conversation {conversation_id!r} moved on from version {version} to {row[0]}; load it again")


def said(db: Cursor, draft: Draft, last_seq: int) -> tuple[Message, ...]:
    """Append the messages, numbered."""
    for seq, row in enumerate(draft.messages, last_seq + 1):
        db.execute(INSERT_MESSAGE, (*row, seq))
    messages = tuple(numbered(message, seq) for seq, message in enumerate(draft.commit.messages, last_seq + 1))
    heard = [message.seq for message in messages if message.role == "customer" and message.visibility == "public"]
    if heard:
        processed = max(draft.commit.conversation.processed_seq, heard[0] - 1)
        db.execute(HEARD, (heard[-1], processed, draft.commit.conversation.id))
    return messages


def change(db: Cursor, draft: Draft) -> None:
    """What was learnt: of messages in the log, the handoff, the customer; and the trace."""
    head = draft.commit.conversation
    for row in draft.understood:
        db.execute(UNDERSTOOD, (*row, head.version + 1))
    if draft.handoff is not None:
        db.execute(HANDOFF, draft.handoff)
    if draft.trace is not None:
        db.execute(TRACE, draft.trace)
    learn(db, head.customer_id, draft.commit.profile, micros(draft.commit.at), trusted=False)


def send(db: Cursor, draft: Draft, seqs: Mapping[str, int]) -> None:
    """Withdraw what must not go out any more, then queue the new."""
    head = draft.commit.conversation
    if draft.commit.withdraw_pending and db.execute(WITHDRAW, (head.id, head.version + 1)).rowcount:
        db.execute(DROP, (head.id,))
    for row, outgoing in zip(draft.outbox, draft.commit.outbox, strict=True):
        db.execute(INSERT_OUTGOING, (*row, seqs.get(outgoing.message_id, outgoing.seq)))
