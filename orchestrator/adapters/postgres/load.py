"""Everything a turn needs, for a batch of turns in one statement.

What is remembered of a log (see adapters/sql/tails.py) is said in the question: while no commit has changed it, only
what was said since comes back. Nothing remembered is served on its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator import codec
from orchestrator.adapters.postgres.pool import Connection
from orchestrator.adapters.postgres.text import plain, told
from orchestrator.adapters.sql.rows import HANDOFF, HEAD, MESSAGE, Decoder, handoff, message, message_weight, packet
from orchestrator.adapters.sql.tails import Tail, Tails
from orchestrator.adapters.sqlite.load import split
from orchestrator.errors import NotFound
from orchestrator.types import Conversation, Handoff, Loaded, Message, Profile


def of(table: str, columns: str) -> str:
    return ", ".join(f"{table}.{name.strip()}" for name in columns.split(","))


LOAD = f"""
SELECT q.place::int, {HEAD}, k.profile, h.known, l.actions, n.fresh, m.said
FROM unnest($1::int[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
    AS q (place, id, history, version, last_seq, since)
JOIN conversations c ON c.id = q.id
LEFT JOIN customers k ON k.id = c.customer_id
LEFT JOIN LATERAL (
    SELECT ROW ({of("h", HANDOFF)}, h.packet) AS known FROM handoffs h
    WHERE h.id = c.handoff_id AND h.conversation_id = c.id
) AS h ON true
LEFT JOIN late_answers l ON l.conversation_id = c.id AND l.turn_id = c.awaiting_turn
CROSS JOIN LATERAL (
    SELECT c.version = q.version AND q.since <= greatest(c.processed_seq - q.history, 0) AS fresh
) AS n
CROSS JOIN LATERAL (
    SELECT array_agg(ROW ({of("m", MESSAGE)}) ORDER BY m.seq) AS said FROM (
        SELECT * FROM messages m WHERE m.conversation_id = c.id AND m.withdrawn = 0
        AND m.seq > CASE WHEN n.fresh THEN q.last_seq ELSE 0 END
        ORDER BY m.seq DESC LIMIT c.last_seq - c.processed_seq + q.history
    ) AS m
) AS m
"""
NOTHING = Tail(-1, 0, 0, (), 0)


@dataclass(frozen=True, slots=True)
class Wanted:
    conversation_id: str
    history: int
    tail: Tail | None


async def load(db: Connection, decoder: Decoder, tails: Tails, batch: Sequence[Wanted]) -> Sequence[Loaded | Exception]:
    rows = await asked(db, batch)
    results: list[Loaded | Exception] = []
    short = [place for place, one in enumerate(batch) if place in rows and scarce(one, rows[place])]
    if short:
        # Of what is remembered too much was withdrawn: read the log itself.
        anew = [Wanted(batch[place].conversation_id, batch[place].history, None) for place in short]
        for place, row in (await asked(db, anew)).items():
            rows[short[place]] = row
    for place, one in enumerate(batch):
        results.append(loaded(decoder, tails, one, rows.get(place)))
    return results


async def asked(db: Connection, batch: Sequence[Wanted]) -> dict[int, Any]:
    known = [one.tail or NOTHING for one in batch]
    rows = await db.fetch(
        LOAD,
        list(range(len(batch))),
        [one.conversation_id for one in batch],
        [one.history for one in batch],
        [tail.version for tail in known],
        [tail.last_seq for tail in known],
        [tail.since for tail in known],
    )
    return {row[0]: row for row in rows}


def scarce(wanted: Wanted, row: Any) -> bool:
    tail = wanted.tail
    if tail is None or not tail.since or not row[15]:
        return False
    before = split(tail.messages, row[4])[1]
    return len(before) < wanted.history


def loaded(decoder: Decoder, tails: Tails, wanted: Wanted, row: Any) -> Loaded | Exception:
    if row is None:
        return NotFound(f"there is no conversation {wanted.conversation_id!r}")
    conversation = decoder.conversation(tuple(row[1:12]))
    profile, case, late, fresh, said = row[12:17]
    log = remembered(tails, conversation, wanted, fresh, said or ())
    pending, before = split(log, conversation.processed_seq)
    return Loaded(
        conversation=conversation,
        pending=tuple(pending),
        history=tuple(before[-wanted.history :]) if wanted.history else (),
        profile=profile_of(profile),
        handoff=case_of(case) if conversation.handoff and case else None,
        late=codec.actions.load(late) if conversation.awaiting and late is not None else None,
    )


def remembered(tails: Tails, head: Conversation, wanted: Wanted, fresh: bool, said: Sequence[Any]) -> Sequence[Message]:
    """The end of the log: what was known of it and what is new; kept for the next turn."""
    rows = [plain(row) for row in said]
    weight = sum(message_weight(row) for row in rows)
    added = tuple(message(row) for row in rows)
    tail = wanted.tail
    if fresh and tail is not None:
        log = Tail(head.version, head.last_seq, tail.since, (*tail.messages, *added), tail.weight + weight)
    else:
        count = head.last_seq - head.processed_seq + wanted.history
        oldest = rows[0][3] - 1 if rows else head.last_seq
        tails.reach(count)
        log = Tail(head.version, head.last_seq, oldest if len(rows) == count else 0, added, weight)
    tails.put(head.id, log)
    return log.messages


def profile_of(data: str | None) -> Profile:
    profile = codec.anything.load(data or "{}")
    if data and "\\u001a" in data:
        return {told(key): told(value) if isinstance(value, str) else value for key, value in profile.items()}
    return profile


def case_of(row: Any) -> Handoff:
    *columns, data = plain(row)
    return handoff(tuple(columns), packet(data))
