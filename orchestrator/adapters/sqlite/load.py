"""Everything a turn needs, in one visit to the reader."""

from collections.abc import Sequence
from sqlite3 import Cursor

from orchestrator import codec
from orchestrator.adapters.sql.rows import HANDOFF, HEAD, MESSAGE, Decoder, handoff, message, message_weight, packet
from orchestrator.adapters.sql.tails import Tail, Tails
from orchestrator.errors import NotFound
from orchestrator.types import Action, Awaiting, Conversation, Handoff, Loaded, Message

LOAD = f"SELECT {HEAD}, k.profile FROM conversations c LEFT JOIN customers k ON k.id = c.customer_id WHERE c.id = ?"
ROWS = f"SELECT {MESSAGE} FROM messages WHERE conversation_id = ? AND withdrawn = 0 ORDER BY seq DESC LIMIT ?"
OPEN_HANDOFF = f"SELECT {HANDOFF}, packet FROM handoffs WHERE id = ?"
LATE = "SELECT actions FROM late_answers WHERE conversation_id = ? AND turn_id = ?"


def load(db: Cursor, decoder: Decoder, tails: Tails, conversation_id: str, history: int) -> Loaded:
    row = db.execute(LOAD, (conversation_id,)).fetchone()
    if row is None:
        raise NotFound(f"there is no conversation {conversation_id!r}")
    conversation = decoder.conversation(row[:-1])
    tail = tails.get(conversation_id, conversation.version, conversation.last_seq, conversation.processed_seq - history)
    pending, before = split(tail.messages if tail else (), conversation.processed_seq)
    if tail is None or (len(before) < history and tail.since):
        tail = read(db, tails, conversation, history)
        pending, before = split(tail.messages, conversation.processed_seq)
    return Loaded(
        conversation=conversation,
        pending=tuple(pending),
        history=tuple(before[-history:]) if history else (),
        profile=codec.anything.load(row[-1] or "{}"),
        handoff=open_handoff(db, conversation.handoff.id) if conversation.handoff else None,
        late=late(db, conversation_id, conversation.awaiting) if conversation.awaiting else None,
    )


def split(messages: Sequence[Message], processed_seq: int) -> tuple[list[Message], list[Message]]:
    """What waits for a turn, and all else: also what was said after the first line that waits."""
    pending: list[Message] = []
    other: list[Message] = []
    for said in messages:
        waits = said.seq > processed_seq and said.role == "customer" and said.visibility == "public"
        (pending if waits else other).append(said)
    return pending, other


def read(db: Cursor, tails: Tails, head: Conversation, history: int) -> Tail:
    """Enough of the log for `history` messages besides all that wait."""
    count = head.last_seq - head.processed_seq + history
    tails.reach(count)
    rows = db.execute(ROWS, (head.id, count)).fetchall()[::-1]
    oldest = rows[0][3] - 1 if rows else head.last_seq
    since = oldest if len(rows) == count else 0
    weight = sum(message_weight(row) for row in rows)
    tail = Tail(head.version, head.last_seq, since, tuple(message(row) for row in rows), weight)
    tails.put(head.id, tail)
    return tail


def open_handoff(db: Cursor, handoff_id: str) -> Handoff | None:
    row = db.execute(OPEN_HANDOFF, (handoff_id,)).fetchone()
    return handoff(row, packet(row[-1])) if row else None


def late(db: Cursor, conversation_id: str, awaiting: Awaiting) -> tuple[Action, ...] | None:
    row = db.execute(LATE, (conversation_id, awaiting.turn_id)).fetchone()
    return codec.actions.load(row[0]) if row else None
