"""Taking in what customers say: once each, numbered, durable."""

from sqlite3 import Cursor

from orchestrator import codec
from orchestrator.adapters.sql.drafts import Arrival, columns, heard
from orchestrator.adapters.sql.profile import Facts, merged
from orchestrator.adapters.sql.rows import HEAD, MESSAGE, Decoder, Row, message, micros
from orchestrator.copies import replace
from orchestrator.errors import Conflict
from orchestrator.types import Accepted, Conversation, Received

FIND = (
    f"SELECT {HEAD}, i.app_id FROM identities i JOIN conversations c ON c.id = i.conversation_id "
    "WHERE i.channel_id = ? AND i.address = ?"
)
BY_EXTERNAL = f"SELECT {MESSAGE} FROM messages WHERE channel_id = ? AND external_id = ? AND external_id <> ''"
BY_ID = f"SELECT {HEAD} FROM conversations c WHERE c.id = ?"
INSERT_MESSAGE = (
    "INSERT INTO messages (id, app_id, conversation_id, channel_id, role, author, at, language, visibility, epoch, "
    "turn_id, external_id, withdrawn, parts, translations, understanding, extra, seq) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
INSERT_NEW = f"{INSERT_MESSAGE} ON CONFLICT (channel_id, external_id) WHERE external_id <> '' DO NOTHING"
# Not `updated_at`: the turn that follows says when, and an index less has to be written here.
SAID = "UPDATE conversations SET last_seq = ?1, customer_seq = ?1 WHERE id = ?2"
REOPENED = "UPDATE conversations SET status = 'open' WHERE id = ?"
TURNED = "UPDATE conversations SET context = ? WHERE id = ?"
INSERT_CONVERSATION = (
    "INSERT INTO conversations (id, app_id, customer_id, version, last_seq, processed_seq, customer_seq, status, "
    "controller_kind, controller_name, team, wake_at, created_at, updated_at, context, head) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
INSERT_IDENTITY = (
    "INSERT INTO identities (channel_id, address, app_id, customer_id, conversation_id) VALUES (?, ?, ?, ?, ?)"
)
INSERT_CUSTOMER = (
    "INSERT INTO customers (id, app_id, created_at, updated_at) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
)
FACTS = "SELECT profile, verified FROM customers WHERE id = ?"
LEARN = "UPDATE customers SET profile = ?, verified = ?, updated_at = ? WHERE id = ?"


def accept(db: Cursor, decoder: Decoder, arrival: Arrival) -> Accepted:
    fresh = arrival.fresh
    row = db.execute(FIND, (fresh.channel_id, fresh.address)).fetchone()
    if row is None:
        return first(db, decoder, arrival)
    if row[-1] != fresh.app_id:
        raise Conflict(f"channel {fresh.channel_id!r} is another app's; give this one a name of its own")
    return next_one(db, decoder, arrival, row[:-1])


def next_one(db: Cursor, decoder: Decoder, arrival: Arrival, row: Row) -> Accepted:
    """The address has a conversation."""
    id, last_seq, status = row[0], row[2], row[4]
    if arrival.row is not None:
        last_seq, status = last_seq + 1, "open"
        if not db.execute(INSERT_NEW, (*arrival.row[:2], id, *arrival.row[3:], last_seq)).rowcount:
            return again(db, decoder, arrival)
        db.execute(SAID, (last_seq, id))
    if status != row[4]:
        db.execute(REOPENED, (id,))
    if arrival.context is not None:
        db.execute(TURNED, (arrival.context, id))
    context = row[9] if arrival.context is None else arrival.context
    conversation = decoder.conversation((*row[:2], last_seq, row[3], status, *row[5:9], context, row[10]))
    learn(db, conversation.customer_id, arrival.facts, arrival.now, trusted=True)
    return accepted(arrival, conversation, duplicate=arrival.row is None)


def first(db: Cursor, decoder: Decoder, arrival: Arrival) -> Accepted:
    """A new address: its customer, identity and conversation."""
    fresh = arrival.fresh
    if arrival.row is not None and (found := redelivered(db, decoder, arrival)) is not None:
        return found
    seq = 0 if arrival.row is None else 1
    context = arrival.context or codec.anything.dump(fresh.context).decode()
    head = codec.conversation.dump(fresh).decode()
    times = (micros(fresh.created_at), micros(fresh.updated_at))
    owner = (fresh.id, fresh.app_id, fresh.customer_id)
    db.execute(
        INSERT_CONVERSATION,
        (*owner, fresh.version, seq, 0, seq, fresh.status, *columns(fresh), *times, context, head),
    )
    db.execute(INSERT_IDENTITY, (fresh.channel_id, fresh.address, fresh.app_id, fresh.customer_id, fresh.id))
    db.execute(INSERT_CUSTOMER, (fresh.customer_id, fresh.app_id, *times))
    if arrival.row is not None:
        db.execute(INSERT_MESSAGE, (*arrival.row, seq))
    learn(db, fresh.customer_id, arrival.facts, arrival.now, trusted=True)
    decoder.remember(head, context, replace(fresh, context=codec.anything.load(context)))
    columns_now = (fresh.version, seq, 0, fresh.status, times[1], 0, 0, 0, context, head)
    return accepted(arrival, decoder.conversation((fresh.id, *columns_now)), duplicate=False)


def accepted(arrival: Arrival, conversation: Conversation, *, duplicate: bool) -> Accepted:
    event, seq = arrival.event, conversation.last_seq
    said = heard(conversation, event, arrival.message_id, seq) if isinstance(event, Received) else None
    return Accepted(conversation=conversation, message=said, duplicate=duplicate)


def again(db: Cursor, decoder: Decoder, arrival: Arrival) -> Accepted:
    """Raises Conflict in place of the IntegrityError nobody expects: the row was refused, yet is not there."""
    found = redelivered(db, decoder, arrival)
    if found is None:
        raise Conflict(f"message {arrival.event.external_id!r} can't be numbered; send it again")
    return found


def redelivered(db: Cursor, decoder: Decoder, arrival: Arrival) -> Accepted | None:
    """What was accepted when this event came the first time."""
    key = (arrival.fresh.channel_id, arrival.event.external_id)
    row = db.execute(BY_EXTERNAL, key).fetchone()
    if row is None:
        return None
    said = message(row)
    head = db.execute(BY_ID, (said.conversation_id,)).fetchone()
    return Accepted(conversation=decoder.conversation(head), message=said, duplicate=True)


def learn(db: Cursor, customer_id: str, facts: Facts, now: int, *, trusted: bool) -> None:
    if not facts:
        return
    row = db.execute(FACTS, (customer_id,)).fetchone()
    if row is None:
        return
    profile, keys = codec.anything.load(row[0]), codec.names.load(row[1])
    after, verified = merged(profile, frozenset(keys), facts, trusted=trusted)
    if after != profile or verified != frozenset(keys):
        texts = (codec.anything.dump(after).decode(), codec.names.dump(tuple(sorted(verified))).decode())
        db.execute(LEARN, (*texts, now, customer_id))
