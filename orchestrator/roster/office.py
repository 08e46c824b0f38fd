"""What people and programs see of an app's bots, registered or not, and checking them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from orchestrator import conformance
from orchestrator.conformance.target import Conditions, Target, subject
from orchestrator.engine import App, RunningBot
from orchestrator.errors import NotFound
from orchestrator.ports import BotRecords, Clock
from orchestrator.registry import own
from orchestrator.roster import trials
from orchestrator.roster.registrar import Registrar
from orchestrator.roster.roster import Roster
from orchestrator.roster.settings import read
from orchestrator.roster.trials import Figures
from orchestrator.types import BotCount, BotEntry, BotNote, BotVersion

RECENT = timedelta(hours=24)
LONGEST_CHECK = 10.0
"""Seconds of a turn while a bot is checked from the server; the command line can wait longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A bot of an app: `entry` when it is registered, `running` when this process has it, `trouble` when it can't."""

    name: str
    entry: BotEntry | None = None
    running: RunningBot | None = None
    version: BotVersion | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """Everything there is on one bot."""

    standing: Standing
    versions: Sequence[BotVersion] = ()
    errors: Sequence[BotNote] = ()
    figures: Sequence[Figures] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    at: datetime
    figures: Sequence[Figures] = field(default_factory=tuple)


class Office:
    def __init__(
        self, registrar: Registrar, roster: Roster, bots: BotRecords, clock: Clock, *, public_url: str = ""
    ) -> None:
        self.registrar = registrar
        self.roster = roster
        self.bots = bots
        self.clock = clock
        self.public_url = public_url

    def app(self, app_id: str) -> App:
        return self.roster.apps[app_id]

    async def standings(self, app_id: str) -> list[Standing]:
        """Those of parley.toml and those registered, by name."""
        entries = {entry.name: entry for entry in await self.bots.entries(app_id)}
        names = sorted({*entries, *self.app(app_id).bots})
        return [await self.standing(app_id, name, entries.get(name)) for name in names]

    async def standing(self, app_id: str, name: str, entry: BotEntry | None) -> Standing:
        running = self.app(app_id).bots.get(name)
        version: BotVersion | None = None
        if entry is not None:
            newest = await self.bots.versions(app_id, name)
            version = next((one for one in newest if one.version == entry.active), newest[0] if newest else None)
        trouble = self.roster.trouble.get((app_id, name, entry.active), "") if entry else ""
        return Standing(name=name, entry=entry, running=running, version=version, trouble=trouble)

    async def file(self, app_id: str, name: str) -> File:
        """Raises NotFound."""
        entry = await self.registrar.find(app_id, name)
        standing = await self.standing(app_id, name, entry)
        if entry is None and standing.running is None:
            raise NotFound(f"app {app_id!r} has no bot {name!r}")
        since = trials.since(entry.trial) if entry and entry.trial else self.clock.now() - RECENT
        return File(
            standing=standing,
            versions=await self.bots.versions(app_id, name),
            errors=await self.bots.notes(app_id, bot=name, kind="error", limit=20),
            figures=trials.figures(await self.bots.counts(app_id, since, name)),
        )

    async def hours(self, app_id: str, name: str, hours: int) -> list[Hour]:
        """For plots: how each version did, hour by hour."""
        since = self.clock.now() - timedelta(hours=hours)
        by_hour: dict[datetime, list[BotCount]] = {}
        for one in await self.bots.counts(app_id, since.replace(minute=0, second=0, microsecond=0), name):
            by_hour.setdefault(one.hour, []).append(one)
        return [Hour(at=at, figures=trials.figures(counts)) for at, counts in sorted(by_hour.items())]

    async def check(self, app_id: str, name: str, version: int = 0, level: int = 3) -> conformance.Report:
        """Run the conformance suite on a registered version, and keep its grade. Raises NotFound."""
        chosen = await self.registrar.chosen(app_id, name, version)
        report = await examined(self.target(app_id, chosen), level)
        await self.registrar.graded(app_id, name, chosen.version, report)
        return report

    def target(self, app_id: str, version: BotVersion, deadline: float = LONGEST_CHECK) -> Target:
        settings = read(self.registrar.settings_of(version))
        return Target(
            name=version.name,
            kind=settings.kind,
            raw=own(settings),
            base=self.roster.workshop.base,
            deadline=min(settings.deadline, deadline),
            languages=self.app(app_id).settings.languages,
        )

    async def refresh(self) -> None:
        """What was just changed runs here when it returns; other processes hear of it by themselves."""
        await self.roster.look()


async def examined(target: Target, level: int, given: Conditions | None = None) -> conformance.Report:
    async with subject(target, given or Conditions(patience=LONGEST_CHECK)) as found:
        return await conformance.run(found, level)


def settings_shown(standing: Standing) -> dict[str, Any]:
    return dict(standing.version.shown) if standing.version else {}
