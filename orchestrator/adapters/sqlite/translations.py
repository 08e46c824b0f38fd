"""What translating keeps: debts, reviewed translations, the use of engines."""

from collections.abc import Sequence
from datetime import date, datetime
from sqlite3 import Cursor

from orchestrator.adapters.sql.drafts import Params
from orchestrator.adapters.sql.rows import Row, bounded, micros, moment
from orchestrator.errors import NotFound
from orchestrator.types import Debt, Reviewed, ReviewState, Usage

OWED = (
    "SELECT d.message_id, d.app_id, d.conversation_id, d.source, d.target, d.at FROM debts d "
    "JOIN conversations c ON c.id = d.conversation_id AND c.status = 'open' "
    "WHERE d.app_id = ? ORDER BY d.at, d.message_id LIMIT ?"
)
REVIEWED = "id, app_id, source, target, text, translation, author, created_at, updated_at, state, decided_by"
# The first writer's words stay his: only what was decided of them changes, and what an admin mended.
REVIEW = (
    f"INSERT INTO reviewed ({REVIEWED}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
    "ON CONFLICT (id) DO UPDATE SET source = ?3, target = ?4, text = ?5, translation = ?6, updated_at = ?9, "
    "state = ?10, decided_by = ?11 WHERE app_id = ?2"
)
SPEND = (
    "INSERT INTO usage (app_id, engine, day, requests, characters) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (app_id, engine, day) DO UPDATE SET requests = requests + excluded.requests, "
    "characters = characters + excluded.characters"
)
SPENT = "SELECT app_id, engine, day, requests, characters FROM usage WHERE app_id = ? AND day >= ? ORDER BY day, engine"


def owed(db: Cursor, app_id: str, limit: int) -> Sequence[Debt]:
    return [debt(row) for row in db.execute(OWED, (app_id, bounded(limit))).fetchall()]


def debt(row: Row) -> Debt:
    message_id, app_id, conversation_id, source, target, at = row
    return Debt(
        message_id=message_id,
        app_id=app_id,
        conversation_id=conversation_id,
        source=source,
        target=target,
        at=moment(at),
    )


def forgive(db: Cursor, before: int) -> None:
    db.execute("DELETE FROM debts WHERE at < ?", (before,))


def row_of(entry: Reviewed) -> Params:
    return (
        entry.id,
        entry.app_id,
        entry.source,
        entry.target,
        entry.text,
        entry.translation,
        entry.author,
        micros(entry.created_at),
        micros(entry.updated_at),
        entry.state,
        entry.decided_by,
    )


def review(db: Cursor, row: Params) -> None:
    if not db.execute(REVIEW, row).rowcount:
        raise NotFound(f"there is no reviewed translation {row[0]!r}")


def reviewed_one(db: Cursor, app_id: str, entry_id: str) -> Reviewed:
    row = db.execute(f"SELECT {REVIEWED} FROM reviewed WHERE id = ? AND app_id = ?", (entry_id, app_id)).fetchone()
    if row is None:
        raise NotFound(f"there is no reviewed translation {entry_id!r}")
    return entry(row)


def reviewed(
    db: Cursor, app_id: str, state: ReviewState | None, since: datetime | None, limit: int
) -> Sequence[Reviewed]:
    where, values = "app_id = ?", [app_id]
    if state:
        where, values = f"{where} AND state = ?", [*values, state]
    after = micros(since) if since else 0
    sql = f"SELECT {REVIEWED} FROM reviewed WHERE {where} AND updated_at >= ? ORDER BY updated_at DESC, id DESC LIMIT ?"
    return [entry(row) for row in db.execute(sql, (*values, after, bounded(limit))).fetchall()]


def entry(row: Row) -> Reviewed:
    id, app_id, source, target, text, translation, author, created_at, updated_at, state, decided_by = row
    return Reviewed(
        id=id,
        app_id=app_id,
        source=source,
        target=target,
        text=text,
        translation=translation,
        author=author,
        created_at=moment(created_at),
        updated_at=moment(updated_at),
        state=state,
        decided_by=decided_by,
    )


def spend(db: Cursor, uses: Sequence[Usage]) -> None:
    for use in uses:
        db.execute(SPEND, (use.app_id, use.engine, use.day.isoformat(), use.requests, use.characters))


def spent(db: Cursor, app_id: str, since: date) -> Sequence[Usage]:
    rows = db.execute(SPENT, (app_id, since.isoformat())).fetchall()
    return [
        Usage(app_id=app, engine=engine, day=date.fromisoformat(day), requests=requests, characters=characters)
        for app, engine, day, requests, characters in rows
    ]
