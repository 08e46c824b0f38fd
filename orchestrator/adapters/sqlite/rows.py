"""Rows to types and back. Times are microseconds since 1970 in UTC."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from orchestrator import codec
from orchestrator.adapters.sqlite.recent import Recent
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
MICROSECOND = timedelta(microseconds=1)
LARGEST = 2**63 - 1
LONGEST_CACHED = 8192
"""Characters of a row worth keeping decoded: a cache of few but huge messages would eat the memory."""

Row = tuple[Any, ...]

HEAD = (
    "c.id, c.version, c.last_seq, c.processed_seq, c.status, c.updated_at, "
    "c.customer_delivered, c.customer_read, c.desk_read, c.context, c.head"
)
MESSAGE = (
    "id, rev, app_id, conversation_id, seq, role, author, at, language, visibility, epoch, turn_id, external_id, "
    "withdrawn, parts, translations, understanding"
)
OUTGOING = (
    "id, app_id, conversation_id, channel_id, address, message_id, seq, epoch, due_at, attempts, renderings, done, "
    "state, external_id, error"
)
HANDOFF = (
    "id, app_id, conversation_id, state, team, priority, reason, language, agent_id, note, offered_at, accepted_at, "
    "ended_at, expires_at"
)


def micros(at: datetime) -> int:
    """Raises Malformed for a time without a zone: nobody can say when that was."""
    try:
        return (at - EPOCH) // MICROSECOND
    except TypeError:
        raise Malformed("a time without a time zone can't be kept") from None


def maybe_micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def moment(value: int) -> datetime:
    return EPOCH + timedelta(microseconds=value)


def maybe_moment(value: int | None) -> datetime | None:
    return None if value is None else moment(value)


def bounded(number: int) -> int:
    """A caller's number as SQLite can compare it."""
    return max(-LARGEST, min(number, LARGEST))


class Decoder:
    """Decodes heads and messages, remembering the recent ones: a turn reads the same history again and again.

    A head is known by its very text, so any thread may ask. A message is known by its `rev`, which whoever changes
    the row changes too, also in another process: only what is committed may be remembered, never a writer's draft.
    """

    def __init__(self, conversations: int = 1024, messages: int = 4096) -> None:
        self.heads: Recent[str, tuple[str, str, Conversation]] = Recent(conversations)
        self.messages: Recent[str, tuple[int, Message]] = Recent(messages)

    def conversation(self, row: Row) -> Conversation:
        """From the columns of HEAD."""
        id, version, last_seq, processed_seq, status, updated_at, delivered, read, desk, context, head = row
        known = self.heads.get(id)
        if known is None or known[0] != head or known[1] != context:
            base = codec.conversation.load(head)
            known = self.remember_head(head, context, replace(base, context=codec.anything.load(context)))
        return moved(
            known[2],
            version=version,
            last_seq=last_seq,
            processed_seq=processed_seq,
            status=status,
            updated_at=moment(updated_at),
            context=known[2].context,
            marks=Marks(customer_delivered=delivered, customer_read=read, desk_read=desk),
        )

    def remember_head(self, head: str, context: str, conversation: Conversation) -> tuple[str, str, Conversation]:
        """`conversation` is what the two texts say; its columns may be of any time."""
        known = (head, context, conversation)
        if len(head) + len(context) < LONGEST_CACHED:
            self.heads.put(conversation.id, known)
        return known

    def context(self, id: str, context: str) -> Mapping[str, Any]:
        known = self.heads.get(id)
        return known[2].context if known is not None and known[1] == context else codec.anything.load(context)

    def message(self, row: Row) -> Message:
        """From the columns of MESSAGE, of a row that is committed."""
        found = self.known(row[0], row[1])
        if found is None:
            found = message(row)
            self.remember(row[1], found, len(row[14]) + len(row[15] or "") + len(row[16] or ""))
        return found

    def known(self, id: str, rev: int) -> Message | None:
        found = self.messages.get(id)
        return found[1] if found is not None and found[0] == rev else None

    def remember(self, rev: int, message: Message, length: int) -> None:
        if length < LONGEST_CACHED:
            self.messages.put(message.id, (rev, message))


def moved(
    base: Conversation,
    *,
    version: int,
    last_seq: int,
    processed_seq: int,
    status: Any,
    updated_at: datetime,
    context: Mapping[str, Any],
    marks: Marks,
) -> Conversation:
    """`base` with what the store keeps in columns. Spelled out: dataclasses.replace takes twice as long."""
    return Conversation(
        app_id=base.app_id,
        id=base.id,
        channel_id=base.channel_id,
        address=base.address,
        customer_id=base.customer_id,
        controller=base.controller,
        language=base.language,
        created_at=base.created_at,
        updated_at=updated_at,
        version=version,
        last_seq=last_seq,
        processed_seq=processed_seq,
        epoch=base.epoch,
        status=status,
        bot=base.bot,
        slots=base.slots,
        context=context,
        aggregates=base.aggregates,
        handoff=base.handoff,
        choices=base.choices,
        awaiting=base.awaiting,
        returned=base.returned,
        marks=marks,
        wake_at=base.wake_at,
    )


def message(row: Row) -> Message:
    """From the columns of MESSAGE."""
    return Message(
        id=row[0],
        app_id=row[2],
        conversation_id=row[3],
        seq=row[4],
        role=row[5],
        author=row[6],
        at=moment(row[7]),
        language=row[8],
        visibility=row[9],
        epoch=row[10],
        turn_id=row[11],
        external_id=row[12],
        withdrawn=bool(row[13]),
        parts=readable_parts(row[14]),
        translations=readable_translations(row[15]),
        understanding=readable_understanding(row[16]),
    )


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


def numbered(message: Message, seq: int) -> Message:
    """The message with its place in the log. Spelled out, as in `moved`."""
    return Message(
        id=message.id,
        app_id=message.app_id,
        conversation_id=message.conversation_id,
        role=message.role,
        parts=message.parts,
        at=message.at,
        seq=seq,
        author=message.author,
        language=message.language,
        translations=message.translations,
        understanding=message.understanding,
        visibility=message.visibility,
        epoch=message.epoch,
        turn_id=message.turn_id,
        external_id=message.external_id,
        withdrawn=message.withdrawn,
    )
