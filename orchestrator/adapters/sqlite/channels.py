"""What processes tell each other of channels. One process alone has every lease it asks for, see adapters.alone."""

from collections.abc import Sequence
from sqlite3 import Cursor

from orchestrator.adapters.sql.rows import Row, micros, moment
from orchestrator.adapters.sqlite.bots import Run
from orchestrator.ports import Clock
from orchestrator.types import ChannelReport

REPORT = (
    "INSERT INTO channel_reports (channel_id, side, holder, app_id, trouble, until) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (channel_id, side, holder) DO UPDATE SET trouble = excluded.trouble, until = excluded.until"
)
FORGET = "DELETE FROM channel_reports WHERE until < ?"
GIVE_UP = "DELETE FROM channel_reports WHERE channel_id = ? AND side = ? AND holder = ?"
REPORTS = (
    "SELECT channel_id, side, holder, app_id, trouble, until FROM channel_reports "
    "WHERE until >= ?1 AND (?2 = '' OR app_id = ?2) ORDER BY channel_id, side, holder"
)


class SqliteChannels:
    """`read` and `write` run a function on a connection, in their lanes."""

    def __init__(self, read: Run, write: Run, clock: Clock) -> None:
        self.read = read
        self.write = write
        self.clock = clock

    def now(self) -> int:
        return micros(self.clock.now())

    async def lease(self, report: ChannelReport, seconds: float) -> bool:
        await self.write(tell, report, self.now())
        return True

    async def report(self, report: ChannelReport) -> None:
        if report.trouble:
            await self.write(tell, report, self.now())
        else:
            await self.write(give_up, report)

    async def give_up(self, report: ChannelReport) -> None:
        await self.write(give_up, report)

    async def reports(self, app_id: str = "") -> Sequence[ChannelReport]:
        found: Sequence[ChannelReport] = await self.read(reports, app_id, self.now())
        return found


def tell(db: Cursor, one: ChannelReport, now: int) -> None:
    db.execute(FORGET, (now,))
    db.execute(REPORT, row_of(one))


def row_of(one: ChannelReport) -> Row:
    return (one.channel_id, one.side, one.holder, one.app_id, one.trouble, micros(one.until))


def give_up(db: Cursor, one: ChannelReport) -> None:
    db.execute(GIVE_UP, (one.channel_id, one.side, one.holder))


def reports(db: Cursor, app_id: str, now: int) -> Sequence[ChannelReport]:
    return [reported(row) for row in db.execute(REPORTS, (now, app_id)).fetchall()]


def reported(row: Row) -> ChannelReport:
    channel_id, side, holder, app_id, trouble, until = row
    return ChannelReport(
        app_id=app_id, channel_id=channel_id, side=side, holder=holder, trouble=trouble, until=moment(until)
    )
