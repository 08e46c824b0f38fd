"""Stored channels on PostgreSQL: orchestrator.ports.ChannelRecords."""

from collections.abc import Sequence

import asyncpg

from orchestrator.adapters.postgres.accounts import NOBODY, storable
from orchestrator.adapters.postgres.bots import Ask
from orchestrator.adapters.postgres.pool import Connection
from orchestrator.adapters.postgres.text import kept, plain
from orchestrator.adapters.sql.stored import channel_row, no_channel, taken, to_channel
from orchestrator.adapters.sqlite.stored import READ
from orchestrator.copies import replace
from orchestrator.types import ChannelEntry

ADD = "INSERT INTO stored_channels (id, app_id, revision, record, sealed) VALUES ($1, $2, $3, $4, $5)"
CHANGE = (
    "UPDATE stored_channels SET revision = $3, record = $4, sealed = $5 "
    "WHERE id = $1 AND app_id = $2 AND revision = $3 - 1"
)


class PostgresStoredChannels:
    """`ask` runs a function on a connection of the store's pool."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask

    async def entries(self, app_id: str = "") -> Sequence[ChannelEntry]:
        found: Sequence[ChannelEntry] = await self.ask(entries, app_id)
        return found

    async def entry(self, app_id: str, channel_id: str) -> ChannelEntry:
        found: ChannelEntry = await self.ask(entry, app_id, channel_id)
        return found

    async def keep(self, entry: ChannelEntry) -> ChannelEntry:
        kept_entry: ChannelEntry = await self.ask(keep, replace(entry, revision=entry.revision + 1))
        return kept_entry

    async def drop(self, app_id: str, channel_id: str) -> None:
        await self.ask(drop, app_id, channel_id)


async def entries(db: Connection, app_id: str) -> Sequence[ChannelEntry]:
    rows = await db.fetch(f"{READ} WHERE $1 IN ('', app_id) ORDER BY id", kept(app_id))
    return [to_channel(plain(row)) for row in rows]


async def entry(db: Connection, app_id: str, channel_id: str) -> ChannelEntry:
    row = await db.fetchrow(f"{READ} WHERE app_id = $1 AND id = $2", kept(app_id), kept(channel_id))
    if row is None:
        raise no_channel(app_id, channel_id)
    return to_channel(plain(row))


async def keep(db: Connection, entry: ChannelEntry) -> ChannelEntry:
    try:
        done = await db.execute(ADD if entry.revision == 1 else CHANGE, *storable(channel_row(entry)))
    except asyncpg.UniqueViolationError:
        raise taken(entry) from None
    if done == NOBODY:
        raise taken(entry)
    return entry


async def drop(db: Connection, app_id: str, channel_id: str) -> None:
    sql = "DELETE FROM stored_channels WHERE app_id = $1 AND id = $2"
    if await db.execute(sql, kept(app_id), kept(channel_id)) == "DELETE 0":
        raise no_channel(app_id, channel_id)
