"""What processes tell each other of channels."""

from collections.abc import Sequence

from orchestrator.adapters.postgres.bots import Ask
from orchestrator.adapters.postgres.pool import Connection
from orchestrator.adapters.postgres.text import kept, plain
from orchestrator.adapters.sql.rows import micros
from orchestrator.adapters.sqlite.channels import reported, row_of
from orchestrator.ports import Clock
from orchestrator.types import ChannelReport

LEASE = "SELECT parley_lease_1($1, $2, $3, $4)"
LEAVE = "DELETE FROM channel_leases WHERE channel_id = $1 AND side = $2 AND holder = $3"
REPORT = (
    "INSERT INTO channel_reports (channel_id, side, holder, app_id, trouble, until) VALUES ($1, $2, $3, $4, $5, $6) "
    "ON CONFLICT (channel_id, side, holder) DO UPDATE SET trouble = excluded.trouble, until = excluded.until"
)
FORGET = "DELETE FROM channel_reports WHERE until < $1"
TAKE_BACK = "DELETE FROM channel_reports WHERE channel_id = $1 AND side = $2 AND holder = $3"
REPORTS = (
    "SELECT channel_id, side, holder, app_id, trouble, until FROM channel_reports "
    "WHERE until >= $1 AND ($2 = '' OR app_id = $2) ORDER BY channel_id, side, holder"
)


class PostgresChannels:
    """Leases go by the database's clock, reports by this machine's. `ask` runs a function on a connection."""

    def __init__(self, ask: Ask, clock: Clock) -> None:
        self.ask = ask
        self.clock = clock

    def now(self) -> int:
        return micros(self.clock.now())

    async def lease(self, report: ChannelReport, seconds: float) -> bool:
        held: bool = await self.ask(lease, report, seconds, self.now())
        return held

    async def report(self, report: ChannelReport) -> None:
        if report.trouble:
            await self.ask(tell, report, self.now())
        else:
            await self.ask(take_back, report)

    async def give_up(self, report: ChannelReport) -> None:
        await self.ask(give_up, report)

    async def reports(self, app_id: str = "") -> Sequence[ChannelReport]:
        found: Sequence[ChannelReport] = await self.ask(reports, app_id, self.now())
        return found


async def lease(db: Connection, one: ChannelReport, seconds: float, now: int) -> bool:
    if not await db.fetchval(LEASE, one.channel_id, one.side, one.holder, seconds):
        return False
    await tell(db, one, now)
    return True


async def tell(db: Connection, one: ChannelReport, now: int) -> None:
    await db.execute(FORGET, now)
    await db.execute(REPORT, *(kept(value) if isinstance(value, str) else value for value in row_of(one)))


async def take_back(db: Connection, one: ChannelReport) -> None:
    await db.execute(TAKE_BACK, one.channel_id, one.side, one.holder)


async def give_up(db: Connection, one: ChannelReport) -> None:
    await take_back(db, one)
    await db.execute(LEAVE, one.channel_id, one.side, one.holder)


async def reports(db: Connection, app_id: str, now: int) -> Sequence[ChannelReport]:
    return [reported(plain(row)) for row in await db.fetch(REPORTS, now, app_id)]
