"""Registered bots on PostgreSQL: orchestrator.ports.BotRecords."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from orchestrator import codec
from orchestrator.adapters.postgres.accounts import NOBODY, storable
from orchestrator.adapters.postgres.pool import Connection
from orchestrator.adapters.postgres.text import kept, plain
from orchestrator.adapters.sql.bots import (
    MOST_NOTES,
    NOTE,
    entry_row,
    note_row,
    summed,
    to_count,
    to_entry,
    to_note,
    to_version,
    version_row,
)
from orchestrator.adapters.sql.rows import bounded, micros
from orchestrator.adapters.sqlite.bots import COUNTS, no_version, nobody, overtaken
from orchestrator.copies import replace
from orchestrator.types import BotCount, BotEntry, BotNote, BotNoteKind, BotVersion, Grade

Ask = Callable[..., Awaitable[Any]]

ADD = "INSERT INTO bots (app_id, name, revision, entry) VALUES ($1, $2, $3, $4)"
CHANGE = "UPDATE bots SET revision = $3, entry = $4 WHERE app_id = $1 AND name = $2 AND revision = $3 - 1"
ADD_VERSION = "INSERT INTO bot_versions (app_id, name, version, record, sealed, grade) VALUES ($1, $2, $3, $4, $5, $6)"
VERSION = "SELECT record, sealed, grade FROM bot_versions WHERE app_id = $1 AND name = $2"
COUNT = (
    "INSERT INTO bot_counts AS c (app_id, bot, version, arm, hour, what, count, total) "
    "SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::bigint[], "
    "$8::float8[]) ON CONFLICT (app_id, bot, version, arm, hour, what) "
    "DO UPDATE SET count = c.count + excluded.count, total = c.total + excluded.total"
)
FORGET = (
    "DELETE FROM bot_notes WHERE app_id = $1 AND bot = $2 AND kind = $3 AND id NOT IN (SELECT id FROM bot_notes "
    "WHERE app_id = $1 AND bot = $2 AND kind = $3 ORDER BY at DESC, id DESC LIMIT $4)"
)


class PostgresBots:
    """`ask` runs a function on a connection of the store's pool."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask

    async def entries(self, app_id: str = "") -> Sequence[BotEntry]:
        found: Sequence[BotEntry] = await self.ask(entries, app_id)
        return found

    async def entry(self, app_id: str, name: str) -> BotEntry:
        found: BotEntry = await self.ask(entry, app_id, name)
        return found

    async def keep(self, entry: BotEntry, version: BotVersion | None = None) -> BotEntry:
        kept_entry: BotEntry = await self.ask(keep, replace(entry, revision=entry.revision + 1), version)
        return kept_entry

    async def drop(self, app_id: str, name: str) -> None:
        await self.ask(drop, app_id, name)

    async def versions(self, app_id: str, name: str) -> Sequence[BotVersion]:
        found: Sequence[BotVersion] = await self.ask(versions, app_id, name)
        return found

    async def version(self, app_id: str, name: str, number: int) -> BotVersion:
        found: BotVersion = await self.ask(version, app_id, name, number)
        return found

    async def grade(self, app_id: str, name: str, number: int, grade: Grade) -> None:
        await self.ask(graded, app_id, name, number, codec.grade.dump(grade).decode())

    async def count(self, counts: Sequence[BotCount]) -> None:
        await self.ask(count, tuple(counts))

    async def counts(self, app_id: str, since: datetime, bot: str = "") -> Sequence[BotCount]:
        found: Sequence[BotCount] = await self.ask(counts_of, app_id, since, bot)
        return found

    async def forget(self, before: datetime) -> None:
        await self.ask(forget, micros(before))

    async def note(self, notes: Sequence[BotNote]) -> None:
        await self.ask(note, tuple(notes))

    async def notes(
        self, app_id: str, *, bot: str = "", kind: BotNoteKind | None = None, turn_id: str = "", limit: int = 50
    ) -> Sequence[BotNote]:
        found: Sequence[BotNote] = await self.ask(notes_of, app_id, bot, kind or "", turn_id, limit)
        return found


async def entries(db: Connection, app_id: str) -> Sequence[BotEntry]:
    sql = 'SELECT revision, entry FROM bots WHERE $1 IN (\'\', app_id) ORDER BY app_id COLLATE "C", name COLLATE "C"'
    return [to_entry(plain(row)) for row in await db.fetch(sql, kept(app_id))]


async def entry(db: Connection, app_id: str, name: str) -> BotEntry:
    sql = "SELECT revision, entry FROM bots WHERE app_id = $1 AND name = $2"
    row = await db.fetchrow(sql, kept(app_id), kept(name))
    if row is None:
        raise nobody(app_id, name)
    return to_entry(plain(row))


async def keep(db: Connection, entry: BotEntry, version: BotVersion | None) -> BotEntry:
    try:
        async with db.transaction():
            if entry.revision == 1:
                await db.execute(ADD, *storable(entry_row(entry)))
            elif await db.execute(CHANGE, *storable(entry_row(entry))) == NOBODY:
                raise overtaken(entry)
            if version is not None:
                await db.execute(ADD_VERSION, *storable(version_row(version)))
    except asyncpg.UniqueViolationError:
        raise overtaken(entry) from None
    return entry


async def drop(db: Connection, app_id: str, name: str) -> None:
    async with db.transaction():
        if await db.execute("DELETE FROM bots WHERE app_id = $1 AND name = $2", app_id, kept(name)) == "DELETE 0":
            raise nobody(app_id, name)
        await db.execute("DELETE FROM bot_versions WHERE app_id = $1 AND name = $2", app_id, name)
        for table in ("bot_counts", "bot_notes"):
            await db.execute(f"DELETE FROM {table} WHERE app_id = $1 AND bot = $2", app_id, name)


async def versions(db: Connection, app_id: str, name: str) -> Sequence[BotVersion]:
    rows = await db.fetch(f"{VERSION} ORDER BY version DESC", app_id, kept(name))
    return [to_version(plain(row)) for row in rows]


async def version(db: Connection, app_id: str, name: str, number: int) -> BotVersion:
    row = await db.fetchrow(f"{VERSION} AND version = $3", app_id, kept(name), bounded(number))
    if row is None:
        raise no_version(name, number)
    return to_version(plain(row))


async def graded(db: Connection, app_id: str, name: str, number: int, grade: str) -> None:
    sql = "UPDATE bot_versions SET grade = $4 WHERE app_id = $1 AND name = $2 AND version = $3"
    async with db.transaction():
        if await db.execute(sql, app_id, kept(name), bounded(number), grade) == NOBODY:
            raise no_version(name, number)
        await db.execute("UPDATE bots SET revision = revision + 1 WHERE app_id = $1 AND name = $2", app_id, name)


async def count(db: Connection, counts: tuple[BotCount, ...]) -> None:
    if counts:
        await db.execute(COUNT, *map(list, zip(*summed(counts), strict=True)))


async def counts_of(db: Connection, app_id: str, since: datetime, bot: str) -> Sequence[BotCount]:
    sql = (
        f"SELECT {COUNTS} FROM bot_counts WHERE app_id = $1 AND hour >= $2 AND $3 IN ('', bot) "
        "ORDER BY hour, bot, version, arm, what"
    )
    return [to_count(plain(row)) for row in await db.fetch(sql, app_id, micros(since), kept(bot))]


async def forget(db: Connection, before: int) -> None:
    await db.execute("DELETE FROM bot_counts WHERE hour < $1", before)


async def note(db: Connection, notes: tuple[BotNote, ...]) -> None:
    places = ", ".join(f"${number}" for number in range(1, len(NOTE.split(",")) + 1))
    sql = f"INSERT INTO bot_notes ({NOTE}) VALUES ({places}) ON CONFLICT (id) DO NOTHING"
    async with db.transaction():
        for one in notes:
            await db.execute(sql, *storable(note_row(one)))
        for app_id, bot, kind in sorted({(one.app_id, one.bot, one.kind) for one in notes}):
            await db.execute(FORGET, app_id, bot, kind, MOST_NOTES)


async def notes_of(db: Connection, app_id: str, bot: str, kind: str, turn_id: str, limit: int) -> Sequence[BotNote]:
    sql = (
        f"SELECT {NOTE} FROM bot_notes WHERE app_id = $1 AND $2 IN ('', bot) AND $3 IN ('', kind) "
        "AND $4 IN ('', turn_id) ORDER BY at DESC, id DESC LIMIT $5"
    )
    return [to_note(plain(row)) for row in await db.fetch(sql, app_id, kept(bot), kind, kept(turn_id), bounded(limit))]
