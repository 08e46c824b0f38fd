"""Rows to types and back. Times are microseconds since 1970 in UTC."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from orchestrator import codec
from orchestrator.adapters.sql.amend import Extra
from orchestrator.adapters.sql.recent import Recent
from orchestrator.copies import replace
from orchestrator.errors import Malformed
from orchestrator.types import (
    Conversation,
    Customer,
    Handoff,
    Marks,
    Message,
    Outgoing,
    Packet,
    Part,
    Trace,
    Understanding,
    Unsupported,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LARGEST = 2**63 - 1
Row = tuple[Any, ...]

HEAD = (
    "c.id, c.version, c.last_seq, c.processed_seq, c.status, c.updated_at, "
    "c.customer_delivered, c.customer_read, c.desk_read, c.context, c.head"
)
MESSAGE = (
    "id, app_id, conversation_id, seq, role, author, at, language, visibility, epoch, turn_id, external_id, "
    "withdrawn, parts, translations, understanding, extra"
)
OUTGOING = (
    "id, app_id, conversation_id, channel_id, address, message_id, seq, epoch, due_at, attempts, renderings, done, "
    "state, external_id, error, reason"
)
HANDOFF = (
    "id, app_id, conversation_id, state, team, priority, reason, language, agent_id, note, offered_at, accepted_at, "
    "ended_at, expires_at"
)


def micros(at: datetime) -> int:
    """Raises Malformed for a time without a zone: nobody can say when that was."""
    try:
        since = at - EPOCH
    except TypeError:
        raise Malformed("a time without a time zone can't be kept") from None
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def maybe_micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def moment(value: int) -> datetime:
    seconds, rest = divmod(value, 1_000_000)
    return EPOCH + timedelta(0, seconds, rest)


def maybe_moment(value: int | None) -> datetime | None:
    return None if value is None else moment(value)


def bounded(number: int) -> int:
    """A caller's count or place as SQLite can compare it."""
    return max(0, min(number, LARGEST))


class Decoder:
    """Decodes heads, remembering the recent ones by their very text: what is remembered can't be wrong."""

    def __init__(self, size: int = 512 * 1024) -> None:
        self.heads: Recent[str, tuple[str, str, Conversation]] = Recent(size)

    def conversation(self, row: Row) -> Conversation:
        """From the columns of HEAD."""
        id, version, last_seq, processed_seq, status, updated_at, delivered, read, desk, context, head = row
        base = self.head(id, head, context)
        return replace(
            base,
            version=version,
            last_seq=last_seq,
            processed_seq=processed_seq,
            status=status,
            updated_at=moment(updated_at),
            context=base.context,
            marks=Marks(customer_delivered=delivered, customer_read=read, desk_read=desk),
        )

    def head(self, id: str, head: str, context: str) -> Conversation:
        """What the two texts say; what the columns say may be of any time."""
        known = self.heads.get(id)
        if known is not None and known[0] == head and known[1] == context:
            return known[2]
        found = replace(codec.conversation.load(head), context=codec.anything.load(context))
        self.remember(head, context, found)
        return found

    def remember(self, head: str, context: str, conversation: Conversation) -> None:
        self.heads.put(conversation.id, (head, context, conversation), len(head) + len(context))

    def context(self, id: str, context: str) -> Mapping[str, Any]:
        known = self.heads.get(id)
        return known[2].context if known is not None and known[1] == context else codec.anything.load(context)


def message(row: Row) -> Message:
    """From the columns of MESSAGE."""
    found = Message(
        id=row[0],
        app_id=row[1],
        conversation_id=row[2],
        seq=row[3],
        role=row[4],
        author=row[5],
        at=moment(row[6]),
        language=row[7],
        visibility=row[8],
        epoch=row[9],
        turn_id=row[10],
        external_id=row[11],
        withdrawn=bool(row[12]),
        parts=readable_parts(row[13]),
        translations=readable_translations(row[14]),
        understanding=readable_understanding(row[15]),
    )
    return found if row[16] is None else beside(found, row[16])


def beside(message: Message, data: str) -> Message:
    """With what few messages have."""
    try:
        known = Extra.model_validate_json(data)
    except ValidationError:
        return message
    return replace(
        message,
        quotes=known.quotes,
        edited_at=known.edited_at,
        deleted_at=known.deleted_at,
        reactions=known.reactions,
    )


def message_weight(row: Row) -> int:
    return len(row[13]) + len(row[14] or "") + len(row[15] or "")


# One row that can't be read (written by other code, or a number JSON has no word for) must not stop its conversation.


def readable_parts(data: str) -> tuple[Part, ...]:
    try:
        return codec.parts.load(data)
    except Malformed:
        return (Unsupported(what="unreadable", note="this message can't be read from the database"),)


def readable_translations(data: str | None) -> Mapping[str, tuple[Part, ...]]:
    try:
        return {} if data is None else codec.translations.load(data)
    except Malformed:
        return {}


def readable_understanding(data: str | None) -> Understanding | None:
    try:
        return None if data is None else codec.understanding.load(data)
    except Malformed:
        return None


def outgoing(row: Row) -> Outgoing:
    """From the columns of OUTGOING."""
    return Outgoing(
        id=row[0],
        app_id=row[1],
        conversation_id=row[2],
        channel_id=row[3],
        address=row[4],
        message_id=row[5],
        seq=row[6],
        epoch=row[7],
        due_at=moment(row[8]),
        attempts=row[9],
        renderings=codec.load_renderings(row[10]),
        done=row[11],
        state=row[12],
        external_id=row[13],
        error=row[14],
        reason=row[15],
    )


@lru_cache(maxsize=64)
def packet(data: str) -> Packet:
    """A turn at the desk loads its packet each time, and decoding one takes a millisecond."""
    return codec.packet.load(data)


def handoff(row: Row, packet: Packet) -> Handoff:
    """From the columns of HANDOFF."""
    return Handoff(
        id=row[0],
        app_id=row[1],
        conversation_id=row[2],
        state=row[3],
        team=row[4],
        priority=row[5],
        reason=row[6],
        language=row[7],
        agent_id=row[8],
        note=row[9],
        offered_at=moment(row[10]),
        accepted_at=maybe_moment(row[11]),
        ended_at=maybe_moment(row[12]),
        expires_at=maybe_moment(row[13]),
        packet=packet,
    )


def customer(row: Row) -> Customer:
    """From id, app_id, profile, created_at, updated_at."""
    return Customer(
        id=row[0],
        app_id=row[1],
        profile=codec.anything.load(row[2]),
        created_at=moment(row[3]),
        updated_at=moment(row[4]),
    )


def trace(row: Row) -> Trace:
    return codec.trace.load(row[0])


def meant(message: Message, understood: Message) -> Message:
    """The message as it is in the log, with what was understood of it."""
    return replace(
        message,
        language=understood.language,
        translations=understood.translations,
        understanding=understood.understanding,
    )
