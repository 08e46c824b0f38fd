"""Everything a turn needs, in one visit to the reader."""

from sqlite3 import Cursor

from orchestrator import codec
from orchestrator.adapters.sqlite.rows import HANDOFF, HEAD, MESSAGE, Decoder, handoff, packet
from orchestrator.errors import NotFound
from orchestrator.types import Action, Awaiting, Handoff, Loaded, Message

LOAD = f"SELECT {HEAD}, k.profile FROM conversations c LEFT JOIN customers k ON k.id = c.customer_id WHERE c.id = ?"
TAIL = "FROM messages WHERE conversation_id = ? AND withdrawn = 0 ORDER BY seq DESC LIMIT ?"
WINDOW = f"SELECT id, rev {TAIL}"
ROWS = f"SELECT {MESSAGE} {TAIL}"
OPEN_HANDOFF = f"SELECT {HANDOFF}, packet FROM handoffs WHERE id = ?"
LATE = "SELECT actions FROM late_answers WHERE conversation_id = ? AND turn_id = ?"


def load(db: Cursor, decoder: Decoder, conversation_id: str, history: int) -> Loaded:
    row = db.execute(LOAD, (conversation_id,)).fetchone()
    if row is None:
        raise NotFound(f"there is no conversation {conversation_id!r}")
    conversation = decoder.conversation(row[:-1])
    messages = tail(db, decoder, conversation_id, conversation.last_seq - conversation.processed_seq + history)
    pending, before = split(messages, conversation.processed_seq, history)
    return Loaded(
        conversation=conversation,
        pending=pending,
        history=before,
        profile=codec.anything.load(row[-1] or "{}"),
        handoff=open_handoff(db, conversation.handoff.id) if conversation.handoff else None,
        late=late(db, conversation_id, conversation.awaiting) if conversation.awaiting else None,
    )


def tail(db: Cursor, decoder: Decoder, conversation_id: str, count: int) -> list[Message]:
    """The last `count` messages, oldest first. Rows are fetched only when one is not known decoded."""
    if count <= 0:
        return []
    window = db.execute(WINDOW, (conversation_id, count)).fetchall()
    known = [decoder.known(id, rev) for id, rev in window]
    found = [message for message in known if message is not None]
    if len(found) < len(window):
        found = [decoder.message(row) for row in db.execute(ROWS, (conversation_id, count)).fetchall()]
    found.reverse()
    return found


def split(messages: list[Message], processed_seq: int, history: int) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """What waits for a turn, and the last `history` of all else."""
    pending: list[Message] = []
    other: list[Message] = []
    for message in messages:
        waits = message.seq > processed_seq and message.role == "customer" and message.visibility == "public"
        (pending if waits else other).append(message)
    return tuple(pending), tuple(other[-history:] if history else ())


def open_handoff(db: Cursor, handoff_id: str) -> Handoff | None:
    row = db.execute(OPEN_HANDOFF, (handoff_id,)).fetchone()
    return handoff(row, packet(row[-1])) if row else None


def late(db: Cursor, conversation_id: str, awaiting: Awaiting) -> tuple[Action, ...] | None:
    row = db.execute(LATE, (conversation_id, awaiting.turn_id)).fetchone()
    return codec.actions.load(row[0]) if row else None
