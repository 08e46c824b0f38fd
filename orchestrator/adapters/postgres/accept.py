"""Taking in what customers say: a batch of events in one call of parley_accept_1."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticSerializationError

from orchestrator import codec
from orchestrator.adapters.postgres.lane import Again
from orchestrator.adapters.postgres.pool import Connection
from orchestrator.adapters.postgres.text import kept, packed, plain, together
from orchestrator.adapters.sql.drafts import Arrival, columns, heard
from orchestrator.adapters.sql.profile import Facts
from orchestrator.adapters.sql.rows import Decoder, message, micros
from orchestrator.adapters.sql.unfit import unfit
from orchestrator.errors import Conflict
from orchestrator.types import Accepted, Conversation, Received

ACCEPT = "SELECT * FROM parley_accept_1($1::json, $2)"


@dataclass(frozen=True, slots=True)
class Hearing:
    """An event, and its object for parley_accept_1 but for its place in the batch.

    `brief` ones leave out what begins a conversation: where the address has one already, most of the object.
    """

    arrival: Arrival
    packed: bytes
    brief: bool


def hearing(arrival: Arrival, *, brief: bool = False) -> Hearing:
    """Raises Malformed."""
    fresh, event = arrival.fresh, arrival.event
    said = {
        "app_id": fresh.app_id,
        "channel_id": fresh.channel_id,
        "address": fresh.address,
        "conversation_id": fresh.id,
        "context": arrival.context,
        "facts": dumped(arrival.facts),
        "external_id": event.external_id,
    }
    if arrival.row is not None:
        said |= {"message_id": arrival.message_id, "at": arrival.row[6], "parts": arrival.row[13]}
    try:
        if not brief:
            said |= opened(fresh)
            said["page"] = arrival.context or codec.anything.dump(fresh.context).decode()
    except PydanticSerializationError as error:
        raise unfit(error) from None
    return Hearing(arrival, packed(said), brief)


def opened(fresh: Conversation) -> dict[str, Any]:
    """The columns of a conversation that begins."""
    kind, name, team, wake_at = columns(fresh)
    return {
        "customer_id": fresh.customer_id,
        "head": codec.conversation.dump(fresh).decode(),
        "version": fresh.version,
        "status": fresh.status,
        "controller_kind": kind,
        "controller_name": name,
        "team": team,
        "wake_at": wake_at,
        **named(fresh),
        "created_at": micros(fresh.created_at),
        "updated_at": micros(fresh.updated_at),
    }


def named(head: Conversation) -> dict[str, str | None]:
    """What a turn loads besides the head."""
    return {
        "handoff_id": head.handoff.id if head.handoff else None,
        "awaiting_turn": head.awaiting.turn_id if head.awaiting else None,
    }


def dumped(facts: Facts) -> str | None:
    """As JSON that jsonb can hold too; None when nothing is said."""
    if not facts:
        return None
    return codec.anything.dump(
        {kept(key): kept(value) if isinstance(value, str) else value for key, value in facts.items()}
    ).decode()


def keys(arrival: Arrival) -> tuple[Any, ...]:
    """What stands once in a batch."""
    channel_id, event = arrival.fresh.channel_id, arrival.event
    address = ("address", channel_id, arrival.fresh.address)
    return (address, ("event", channel_id, event.external_id)) if event.external_id else (address,)


async def accept(
    db: Connection, decoder: Decoder, now: int, batch: Sequence[Hearing]
) -> Sequence[Accepted | Exception]:
    rows = await asked(db, now, dict(enumerate(batch)))
    if len(rows) < len(batch):
        # Where we remembered a conversation there is none any more: say all there is to say.
        missing = {place: one for place, one in enumerate(batch) if place not in rows and one.brief}
        rows |= await asked(db, now, {place: hearing(one.arrival) for place, one in missing.items()})
    return [outcome(decoder, one.arrival, rows.get(place)) for place, one in enumerate(batch)]


async def asked(db: Connection, now: int, batch: Mapping[int, Hearing]) -> dict[int, Any]:
    objects = [b'{"place":%d,%b' % (place, one.packed[1:]) for place, one in batch.items()]
    return {row[0]: row for row in await db.fetch(ACCEPT, together(objects), now)} if objects else {}


def outcome(decoder: Decoder, arrival: Arrival, row: Any) -> Accepted | Exception:
    if row is None:
        return Again()  # the conversation was removed between two looks
    if row[1] == "alien":
        return Conflict(f"channel {arrival.fresh.channel_id!r} is another app's; give this one a name of its own")
    conversation = decoder.conversation(tuple(row[2:13]))
    again = row[1] == "again"
    if row[13] is not None:
        # What few messages have is not in that row; nobody asks a redelivery for it.
        said = message((*plain(row[13]), None))
    elif isinstance(arrival.event, Received):
        said = heard(conversation, arrival.event, arrival.message_id, conversation.last_seq)
    else:
        said = None
    return Accepted(conversation=conversation, message=said, duplicate=again)
