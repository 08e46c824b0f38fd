"""Stored channels on SQLite: orchestrator.ports.ChannelRecords."""

from collections.abc import Sequence
from sqlite3 import Cursor, IntegrityError

from orchestrator.adapters.sql.stored import channel_row, no_channel, taken, to_channel
from orchestrator.adapters.sqlite.bots import Run
from orchestrator.copies import replace
from orchestrator.types import ChannelEntry

ADD = "INSERT INTO stored_channels (id, app_id, revision, record, sealed) VALUES (?, ?, ?, ?, ?)"
CHANGE = (
    "UPDATE stored_channels SET revision = ?3, record = ?4, sealed = ?5 "
    "WHERE id = ?1 AND app_id = ?2 AND revision = ?3 - 1"
)
READ = "SELECT revision, record, sealed FROM stored_channels"


class SqliteStoredChannels:
    """`read` and `write` run a function on a cursor in the store's own threads."""

    def __init__(self, read: Run, write: Run) -> None:
        self.read = read
        self.write = write

    async def entries(self, app_id: str = "") -> Sequence[ChannelEntry]:
        found: Sequence[ChannelEntry] = await self.read(entries, app_id)
        return found

    async def entry(self, app_id: str, channel_id: str) -> ChannelEntry:
        found: ChannelEntry = await self.read(entry, app_id, channel_id)
        return found

    async def keep(self, entry: ChannelEntry) -> ChannelEntry:
        kept: ChannelEntry = await self.write(keep, replace(entry, revision=entry.revision + 1))
        return kept

    async def drop(self, app_id: str, channel_id: str) -> None:
        await self.write(drop, app_id, channel_id)


def entries(db: Cursor, app_id: str) -> Sequence[ChannelEntry]:
    sql = f"{READ} WHERE ?1 IN ('', app_id) ORDER BY id"
    return [to_channel(row) for row in db.execute(sql, (app_id,)).fetchall()]


def entry(db: Cursor, app_id: str, channel_id: str) -> ChannelEntry:
    row = db.execute(f"{READ} WHERE app_id = ? AND id = ?", (app_id, channel_id)).fetchone()
    if row is None:
        raise no_channel(app_id, channel_id)
    return to_channel(row)


def keep(db: Cursor, entry: ChannelEntry) -> ChannelEntry:
    try:
        changed = db.execute(ADD if entry.revision == 1 else CHANGE, channel_row(entry)).rowcount
    except IntegrityError:
        raise taken(entry) from None
    if not changed:
        raise taken(entry)
    return entry


def drop(db: Cursor, app_id: str, channel_id: str) -> None:
    if not db.execute("DELETE FROM stored_channels WHERE app_id = ? AND id = ?", (app_id, channel_id)).rowcount:
        raise no_channel(app_id, channel_id)
