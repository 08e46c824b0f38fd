"""What translating keeps: debts, reviewed translations, the use of engines."""

from collections.abc import Sequence
from datetime import date, datetime

from orchestrator.adapters.postgres.accounts import storable
from orchestrator.adapters.postgres.pool import Connection
from orchestrator.adapters.postgres.text import kept, plain
from orchestrator.adapters.sql.rows import bounded, micros
from orchestrator.adapters.sqlite.translations import REVIEWED, debt, entry, row_of
from orchestrator.errors import NotFound
from orchestrator.types import Debt, Reviewed, ReviewState, Usage

# The LIMIT inside keeps the planner from joining all debts before it takes the oldest.
OWED = (
    "SELECT d.message_id, d.app_id, d.conversation_id, d.source, d.target, d.at FROM debts d "
    "CROSS JOIN LATERAL (SELECT FROM conversations c WHERE c.id = d.conversation_id AND c.status = 'open' LIMIT 1) c "
    "WHERE d.app_id = $1 ORDER BY d.at, d.message_id LIMIT $2"
)
REVIEW = (
    f"INSERT INTO reviewed AS r ({REVIEWED}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
    "ON CONFLICT (id) DO UPDATE SET source = $3, target = $4, text = $5, translation = $6, updated_at = $9, "
    "state = $10, decided_by = $11 WHERE r.app_id = $2"
)
REVIEWED_ONE = f"SELECT {REVIEWED} FROM reviewed WHERE id = $1 AND app_id = $2"
SPEND = (
    "INSERT INTO usage AS u (app_id, engine, day, requests, characters) "
    "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) AS n (a, e, d, r, c) "
    "ORDER BY a, e, d ON CONFLICT (app_id, engine, day) DO UPDATE "
    "SET requests = u.requests + excluded.requests, characters = u.characters + excluded.characters"
)
SPENT = (
    "SELECT app_id, engine, day, requests, characters FROM usage WHERE app_id = $1 AND day >= $2 ORDER BY day, engine"
)


async def owed(db: Connection, app_id: str, limit: int) -> Sequence[Debt]:
    return [debt(plain(row)) for row in await db.fetch(OWED, app_id, bounded(limit))]


async def forgive(db: Connection, before: int) -> None:
    await db.execute("DELETE FROM debts WHERE at < $1", before)


async def review(db: Connection, entry: Reviewed) -> None:
    if await db.execute(REVIEW, *storable(row_of(entry))) == "INSERT 0 0":
        raise NotFound(f"there is no reviewed translation {entry.id!r}")


async def reviewed_one(db: Connection, app_id: str, entry_id: str) -> Reviewed:
    row = await db.fetchrow(REVIEWED_ONE, kept(entry_id), app_id)
    if row is None:
        raise NotFound(f"there is no reviewed translation {entry_id!r}")
    return entry(plain(row))


async def reviewed(
    db: Connection, app_id: str, state: ReviewState | None, since: datetime | None, limit: int
) -> Sequence[Reviewed]:
    also = " AND state = $4" if state else ""
    sql = (
        f"SELECT {REVIEWED} FROM reviewed WHERE app_id = $1 AND updated_at >= $2{also} "
        "ORDER BY updated_at DESC, id DESC LIMIT $3"
    )
    rows = await db.fetch(sql, app_id, micros(since) if since else 0, bounded(limit), *([state] if state else []))
    return [entry(plain(row)) for row in rows]


async def spend(db: Connection, uses: Sequence[Usage]) -> None:
    """Uses of one engine on one day add up before they are sent: a statement may touch a row only once."""
    sums: dict[tuple[str, str, str], tuple[int, int]] = {}
    for use in uses:
        key = (use.app_id, use.engine, use.day.isoformat())
        requests, characters = sums.get(key, (0, 0))
        sums[key] = (requests + use.requests, characters + use.characters)
    if sums:
        columns = zip(*((*key, *counts) for key, counts in sums.items()), strict=True)
        await db.execute(SPEND, *map(list, columns))


async def spent(db: Connection, app_id: str, since: date) -> Sequence[Usage]:
    rows = await db.fetch(SPENT, app_id, since.isoformat())
    return [
        Usage(app_id=app, engine=engine, day=date.fromisoformat(day), requests=requests, characters=characters)
        for app, engine, day, requests, characters in rows
    ]
