"""What is to be sent, who sends it, and what came of it."""

from collections.abc import Sequence
from datetime import datetime

from orchestrator import codec
from orchestrator.adapters.postgres.pool import Connection
from orchestrator.adapters.postgres.text import kept, packed, plain, together
from orchestrator.adapters.sql.rows import OUTGOING, bounded, micros, outgoing
from orchestrator.adapters.sqlite.outbox import ORPHAN_LIFETIME, moved, rewritten, tracked
from orchestrator.types import DeliveryState, Moved, Outgoing, SendReason

DUE = f"SELECT {OUTGOING} FROM parley_due_2($1, $2, $3, $4)"
SETTLE = "SELECT * FROM parley_settle_2($1::json)"
SETTLE_PIECES = "SELECT * FROM parley_settle_3($1::json)"
PIECES = b'"pieces":'
STATUS = "SELECT * FROM parley_status_3($1::json, $2, $3)"
SEEN = "SELECT * FROM parley_seen_1($1, $2, $3, $4)"
REFUSE = "SELECT parley_refuse_1($1, $2, $3)"
LET_GO = "UPDATE outbox SET held_by = NULL, held_until = NULL WHERE id = ANY ($1::text[]) AND held_by = $2"


async def due(db: Connection, holder: str, now: datetime, limit: int, hold: float) -> Sequence[Outgoing]:
    return [outgoing(plain(row)) for row in await db.fetch(DUE, micros(now), bounded(limit), holder, hold)]


def settled(row: Outgoing, holder: str) -> bytes:
    """Raises Malformed."""
    pieces = [{"nth": nth, "external_id": kept(id)} for nth, id in row.pieces.items()]
    return packed(
        ({"pieces": pieces} if len(row.renderings) > 1 else {})
        | {
            "id": row.id,
            "conversation_id": row.conversation_id,
            "channel_id": row.channel_id,
            "message_id": row.message_id,
            "seq": row.seq,
            "state": row.state,
            "attempts": row.attempts,
            "done": row.done,
            "due_at": micros(row.due_at),
            "external_id": row.external_id,
            "error": row.error,
            "reason": row.reason,
            "renderings": codec.dump_renderings(row.renderings).decode() if rewritten(row) else None,
            "holder": holder,
        }
    )


async def settle(db: Connection, batch: Sequence[bytes]) -> Sequence[Sequence[str]]:
    statement = SETTLE_PIECES if any(PIECES in one for one in batch) else SETTLE
    rows = await db.fetch(statement, together(placed(batch)))
    left = {row[0]: row[1] for row in rows}
    return [left[place] for place in range(len(batch))]


def placed(batch: Sequence[bytes]) -> list[bytes]:
    """Objects with their place in the batch, so that answers find their askers."""
    return [b'{"place":%d,%b' % (place, one[1:]) for place, one in enumerate(batch)]


def report(
    channel_id: str, external_id: str, state: DeliveryState, error: str, tracker: str, reason: SendReason
) -> bytes:
    """Raises Malformed."""
    id, nth = tracked(tracker)
    known = {"channel_id": channel_id, "external_id": external_id, "state": state, "error": error, "reason": reason}
    return packed(known | ({"outgoing_id": id, "nth": nth} if id else {}))


def keys(channel_id: str, external_id: str, tracker: str) -> list[tuple[str, str, str]]:
    """What stands once in a batch; nothing when the report names nothing."""
    named = {"event": external_id, "letter": tracked(tracker)[0]}
    return [(kind, channel_id, name) for kind, name in named.items() if name]


async def status(db: Connection, now: int, batch: Sequence[bytes]) -> Sequence[Sequence[Moved]]:
    found: list[list[Moved]] = [[] for _ in batch]
    for place, *row in await db.fetch(STATUS, together(placed(batch)), now, now - ORPHAN_LIFETIME):
        found[place].append(moved(plain(row)))
    return found


async def seen_up_to(
    db: Connection, channel_id: str, address: str, state: DeliveryState, at: datetime
) -> Sequence[Moved]:
    return [moved(plain(row)) for row in await db.fetch(SEEN, channel_id, kept(address), state, micros(at))]


async def refuse(db: Connection, conversation_id: str, reason: SendReason, error: str) -> int:
    return int(await db.fetchval(REFUSE, conversation_id, reason, kept(error)))


async def let_go(db: Connection, holder: str, outgoing_ids: Sequence[str]) -> None:
    await db.execute(LET_GO, list(outgoing_ids), holder)
