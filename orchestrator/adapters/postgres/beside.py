"""Beside the fence: marks, page context, late answers; and the sweep that finds what nobody works on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic_core import PydanticSerializationError

from orchestrator import codec
from orchestrator.adapters.postgres.accept import dumped
from orchestrator.adapters.postgres.outbox import placed
from orchestrator.adapters.postgres.pool import Connection
from orchestrator.adapters.postgres.text import packed, together
from orchestrator.adapters.sql.rows import LARGEST, bounded, micros
from orchestrator.adapters.sql.unfit import unfit
from orchestrator.adapters.sqlite.beside import missing
from orchestrator.types import Action, Marks

MARK = "SELECT * FROM parley_mark_1($1::json)"
CONTEXT = "SELECT * FROM parley_context_1($1::json, $2)"
LATE = (
    "SELECT q.place, parley_late_1(q.id, q.turn, q.given, $5) FROM (SELECT * FROM "
    "unnest($1::int[], $2::text[], $3::text[], $4::text[]) AS u (place, id, turn, given) ORDER BY u.id OFFSET 0) AS q"
)
UNFINISHED = "SELECT parley_unfinished_1($1, $2)"
# Taken and given back at once: what can't write can't do this either.
PROBE = "SELECT name FROM sweeps WHERE name = 'unfinished' FOR NO KEY UPDATE"


@dataclass(frozen=True, slots=True)
class Change:
    """Of one conversation, as an object for the function that does it."""

    conversation_id: str
    packed: bytes


def marked(conversation_id: str, marks: Marks) -> Change:
    places = {"delivered": marks.customer_delivered, "read": marks.customer_read, "desk": marks.desk_read}
    limited = {name: max(-LARGEST, min(seq, LARGEST)) for name, seq in places.items()}
    return Change(conversation_id, packed({"id": conversation_id, **limited}))


async def mark(db: Connection, batch: Sequence[Change]) -> Sequence[Marks | Exception]:
    rows = await db.fetch(MARK, together(placed([one.packed for one in batch])))
    found = {row[0]: Marks(customer_delivered=row[1], customer_read=row[2], desk_read=row[3]) for row in rows}
    return [found.get(place) or missing(one.conversation_id) for place, one in enumerate(batch)]


def turned(conversation_id: str, context: Mapping[str, Any], language: str) -> Change:
    """Raises Malformed."""
    facts = dumped({"language": language}) if language else None
    try:
        text = codec.anything.dump(context).decode()
    except PydanticSerializationError as error:
        raise unfit(error) from None
    return Change(conversation_id, packed({"id": conversation_id, "context": text, "facts": facts}))


async def set_context(db: Connection, now: int, batch: Sequence[Change]) -> Sequence[None | Exception]:
    rows = await db.fetch(CONTEXT, together(placed([one.packed for one in batch])), now)
    found = {row[0] for row in rows}
    return [None if place in found else missing(one.conversation_id) for place, one in enumerate(batch)]


@dataclass(frozen=True, slots=True)
class Late:
    conversation_id: str
    turn_id: str
    actions: str


def given(conversation_id: str, turn_id: str, actions: Sequence[Action]) -> Late:
    """Raises Malformed."""
    try:
        return Late(conversation_id, turn_id, codec.actions.dump(tuple(actions)).decode())
    except PydanticSerializationError as error:
        raise unfit(error) from None


async def answer_late(db: Connection, now: int, batch: Sequence[Late]) -> Sequence[bool | Exception]:
    columns = ([one.conversation_id for one in batch], [one.turn_id for one in batch], [one.actions for one in batch])
    taken = {row[0]: row[1] for row in await db.fetch(LATE, list(range(len(batch))), *columns, now)}
    return [
        missing(one.conversation_id) if taken[place] is None else bool(taken[place]) for place, one in enumerate(batch)
    ]


async def unfinished(db: Connection, now: datetime, limit: int) -> Sequence[str]:
    return list(dict.fromkeys(await db.fetchval(UNFINISHED, micros(now), bounded(limit))))


async def probe(db: Connection) -> None:
    await db.execute(PROBE)
