"""Registered bots on SQLite: orchestrator.ports.BotRecords."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from sqlite3 import Cursor, IntegrityError
from typing import Any

from orchestrator import codec
from orchestrator.adapters.sql.bots import (
    MOST_NOTES,
    NOTE,
    count_row,
    entry_row,
    note_row,
    to_count,
    to_entry,
    to_note,
    to_version,
    version_row,
)
from orchestrator.adapters.sql.rows import bounded, micros
from orchestrator.copies import replace
from orchestrator.errors import Conflict, NotFound
from orchestrator.types import BotCount, BotEntry, BotNote, BotNoteKind, BotVersion, Grade

Run = Callable[..., Awaitable[Any]]

ADD = "INSERT INTO bots (app_id, name, revision, entry) VALUES (?, ?, ?, ?)"
CHANGE = "UPDATE bots SET revision = ?3, entry = ?4 WHERE app_id = ?1 AND name = ?2 AND revision = ?3 - 1"
ADD_VERSION = "INSERT INTO bot_versions (app_id, name, version, record, sealed, grade) VALUES (?, ?, ?, ?, ?, ?)"
COUNT = (
    "INSERT INTO bot_counts (app_id, bot, version, arm, hour, what, count, total) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (app_id, bot, version, arm, hour, what) DO UPDATE SET count = count + excluded.count, "
    "total = total + excluded.total"
)
COUNTS = "app_id, bot, version, arm, hour, what, count, total"
FORGET = (
    "DELETE FROM bot_notes WHERE app_id = ?1 AND bot = ?2 AND kind = ?3 AND id NOT IN (SELECT id FROM bot_notes "
    "WHERE app_id = ?1 AND bot = ?2 AND kind = ?3 ORDER BY at DESC, id DESC LIMIT ?4)"
)


class SqliteBots:
    """`read` and `write` run a function on a cursor in the store's own threads."""

    def __init__(self, read: Run, write: Run) -> None:
        self.read = read
        self.write = write

    async def entries(self, app_id: str = "") -> Sequence[BotEntry]:
        found: Sequence[BotEntry] = await self.read(entries, app_id)
        return found

    async def entry(self, app_id: str, name: str) -> BotEntry:
        found: BotEntry = await self.read(entry, app_id, name)
        return found

    async def keep(self, entry: BotEntry, version: BotVersion | None = None) -> BotEntry:
        kept: BotEntry = await self.write(keep, replace(entry, revision=entry.revision + 1), version)
        return kept

    async def drop(self, app_id: str, name: str) -> None:
        await self.write(drop, app_id, name)

    async def versions(self, app_id: str, name: str) -> Sequence[BotVersion]:
        found: Sequence[BotVersion] = await self.read(versions, app_id, name)
        return found

    async def version(self, app_id: str, name: str, number: int) -> BotVersion:
        found: BotVersion = await self.read(version, app_id, name, number)
        return found

    async def grade(self, app_id: str, name: str, number: int, grade: Grade) -> None:
        await self.write(graded, app_id, name, number, codec.grade.dump(grade).decode())

    async def count(self, counts: Sequence[BotCount]) -> None:
        await self.write(count, tuple(counts))

    async def counts(self, app_id: str, since: datetime, bot: str = "") -> Sequence[BotCount]:
        found: Sequence[BotCount] = await self.read(counts_of, app_id, since, bot)
        return found

    async def forget(self, before: datetime) -> None:
        await self.write(forget, micros(before))

    async def note(self, notes: Sequence[BotNote]) -> None:
        await self.write(note, tuple(notes))

    async def notes(
        self, app_id: str, *, bot: str = "", kind: BotNoteKind | None = None, turn_id: str = "", limit: int = 50
    ) -> Sequence[BotNote]:
        found: Sequence[BotNote] = await self.read(notes_of, app_id, bot, kind or "", turn_id, limit)
        return found


def entries(db: Cursor, app_id: str) -> Sequence[BotEntry]:
    sql = "SELECT revision, entry FROM bots WHERE ?1 IN ('', app_id) ORDER BY app_id, name"
    return [to_entry(row) for row in db.execute(sql, (app_id,)).fetchall()]


def entry(db: Cursor, app_id: str, name: str) -> BotEntry:
    row = db.execute("SELECT revision, entry FROM bots WHERE app_id = ? AND name = ?", (app_id, name)).fetchone()
    if row is None:
        raise nobody(app_id, name)
    return to_entry(row)


def nobody(app_id: str, name: str) -> NotFound:
    return NotFound(f"app {app_id!r} has no registered bot {name!r}")


def keep(db: Cursor, entry: BotEntry, version: BotVersion | None) -> BotEntry:
    try:
        if entry.revision == 1:
            db.execute(ADD, entry_row(entry))
        elif not db.execute(CHANGE, entry_row(entry)).rowcount:
            raise overtaken(entry)
        if version is not None:
            db.execute(ADD_VERSION, version_row(version))
    except IntegrityError:
        raise overtaken(entry) from None
    return entry


def overtaken(entry: BotEntry) -> Conflict:
    return Conflict(f"bot {entry.name!r} was changed by somebody else meanwhile; look again, and repeat it if need be")


def drop(db: Cursor, app_id: str, name: str) -> None:
    if not db.execute("DELETE FROM bots WHERE app_id = ? AND name = ?", (app_id, name)).rowcount:
        raise nobody(app_id, name)
    db.execute("DELETE FROM bot_versions WHERE app_id = ? AND name = ?", (app_id, name))
    for table in ("bot_counts", "bot_notes"):
        db.execute(f"DELETE FROM {table} WHERE app_id = ? AND bot = ?", (app_id, name))


def versions(db: Cursor, app_id: str, name: str) -> Sequence[BotVersion]:
    sql = "SELECT record, sealed, grade FROM bot_versions WHERE app_id = ? AND name = ? ORDER BY version DESC"
    return [to_version(row) for row in db.execute(sql, (app_id, name)).fetchall()]


def version(db: Cursor, app_id: str, name: str, number: int) -> BotVersion:
    sql = "SELECT record, sealed, grade FROM bot_versions WHERE app_id = ? AND name = ? AND version = ?"
    row = db.execute(sql, (app_id, name, bounded(number))).fetchone()
    if row is None:
        raise no_version(name, number)
    return to_version(row)


def no_version(name: str, number: int) -> NotFound:
    return NotFound(f"bot {name!r} has no version {number}")


def graded(db: Cursor, app_id: str, name: str, number: int, grade: str) -> None:
    sql = "UPDATE bot_versions SET grade = ? WHERE app_id = ? AND name = ? AND version = ?"
    if not db.execute(sql, (grade, app_id, name, bounded(number))).rowcount:
        raise no_version(name, number)
    db.execute("UPDATE bots SET revision = revision + 1 WHERE app_id = ? AND name = ?", (app_id, name))


def count(db: Cursor, counts: tuple[BotCount, ...]) -> None:
    db.executemany(COUNT, [count_row(one) for one in counts])


def counts_of(db: Cursor, app_id: str, since: datetime, bot: str) -> Sequence[BotCount]:
    sql = (
        f"SELECT {COUNTS} FROM bot_counts WHERE app_id = ?1 AND hour >= ?2 AND ?3 IN ('', bot) "
        "ORDER BY hour, bot, version, arm, what"
    )
    return [to_count(row) for row in db.execute(sql, (app_id, micros(since), bot)).fetchall()]


def forget(db: Cursor, before: int) -> None:
    db.execute("DELETE FROM bot_counts WHERE hour < ?", (before,))


def note(db: Cursor, notes: tuple[BotNote, ...]) -> None:
    marks = ", ".join("?" * len(NOTE.split(",")))
    db.executemany(
        f"INSERT INTO bot_notes ({NOTE}) VALUES ({marks}) ON CONFLICT (id) DO NOTHING", [note_row(one) for one in notes]
    )
    for app_id, bot, kind in sorted({(one.app_id, one.bot, one.kind) for one in notes}):
        db.execute(FORGET, (app_id, bot, kind, MOST_NOTES))


def notes_of(db: Cursor, app_id: str, bot: str, kind: str, turn_id: str, limit: int) -> Sequence[BotNote]:
    sql = (
        f"SELECT {NOTE} FROM bot_notes WHERE app_id = ?1 AND ?2 IN ('', bot) AND ?3 IN ('', kind) "
        "AND ?4 IN ('', turn_id) ORDER BY at DESC, id DESC LIMIT ?5"
    )
    return [to_note(row) for row in db.execute(sql, (app_id, bot, kind, turn_id, bounded(limit))).fetchall()]
