"""Changing registered bots. Every change is checked, durable when it returns, and told to all processes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from orchestrator.config import AppSettings
from orchestrator.conformance.report import SUITE, VERSION, Report
from orchestrator.copies import replace
from orchestrator.errors import Conflict, Malformed, NotFound
from orchestrator.ledger import nowhere
from orchestrator.ports import BotRecords, ChannelRecords, Clock, Vault
from orchestrator.roster import serving
from orchestrator.roster.settings import from_outside, place, read, seal, shown, unseal
from orchestrator.types import (
    BotEntry,
    BotVersion,
    Capabilities,
    Grade,
    RosterChanged,
    Serves,
    Trial,
    TrialState,
)

LOWEST = 1
"""The level below which a bot is not enabled unless somebody insists."""
PLACEHOLDER = "registered"
"""The kind that stands in parley.toml for a bot which is registered later."""

log = structlog.get_logger("parley.bots")


class Notice(Protocol):
    async def publish(self, event: RosterChanged) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBot:
    """A bot, or a new version of one. `outside`: it came over HTTP, not from this machine's owner."""

    name: str
    raw: Mapping[str, Any] = field(repr=False)
    capabilities: Capabilities = Capabilities()
    note: str = ""
    author: str = ""
    outside: bool = False


class Registrar:
    """`announce` tells other processes at once; those that miss it look by themselves."""

    def __init__(
        self,
        apps: Mapping[str, AppSettings],
        bots: BotRecords,
        vault: Vault,
        clock: Clock,
        announce: Callable[[RosterChanged], Awaitable[None]] | None = None,
        *,
        channels: ChannelRecords,
    ) -> None:
        self.apps = apps
        self.bots = bots
        self.vault = vault
        self.clock = clock
        self.announce = announce
        self.channels = channels

    async def register(self, app_id: str, new: NewBot) -> tuple[BotEntry, BotVersion]:
        """Keeps it; it does not answer before it is enabled. Raises Malformed, Misconfigured, Conflict."""
        settings = self.apps[app_id]
        self.check_name(settings, new.name)
        raw = from_outside(new.raw) if new.outside else dict(new.raw)
        read_settings = read(raw)
        if read_settings.kind == PLACEHOLDER:
            raise Malformed(f"kind {PLACEHOLDER!r} only stands in parley.toml for a bot that is registered")
        await self.check_fallback(app_id, new.name, read_settings.fallback)
        known = await self.find(app_id, new.name)
        now = self.clock.now()
        number = 1 + max((one.version for one in await self.bots.versions(app_id, new.name)), default=0)
        entry = known or BotEntry(app_id=app_id, name=new.name, created_at=now, updated_at=now)
        version = BotVersion(
            app_id=app_id,
            name=new.name,
            version=number,
            kind=read_settings.kind,
            sealed=seal(self.vault, raw, place(app_id, new.name, number)),
            shown=shown(read_settings),
            capabilities=new.capabilities,
            note=new.note,
            author=new.author,
            created_at=now,
        )
        kept = await self.keep(replace(entry, updated_at=now), version)
        return kept, version

    def check_name(self, settings: AppSettings, name: str) -> None:
        configured = settings.bots.get(name)
        if configured is not None and configured.kind != PLACEHOLDER:
            raise Conflict(
                f"bot {name!r} stands in parley.toml; take another name, or give it kind = {PLACEHOLDER!r} there"
            )

    async def check_fallback(self, app_id: str, name: str, fallback: str) -> None:
        """Raises Malformed for one that there is not, or that stands in for itself."""
        if fallback == name:
            raise Malformed(f"fallback: bot {name!r} can't stand in for itself")
        if fallback:
            known = {*self.apps[app_id].bots, *(entry.name for entry in await self.bots.entries(app_id))}
            if fallback not in known:
                raise Malformed(f"fallback: {nowhere('bot', fallback, known)}")

    async def find(self, app_id: str, name: str) -> BotEntry | None:
        try:
            return await self.bots.entry(app_id, name)
        except NotFound:
            return None

    async def keep(self, entry: BotEntry, version: BotVersion | None = None) -> BotEntry:
        kept = await self.bots.keep(entry, version)
        await self.tell(entry.app_id)
        return kept

    async def tell(self, app_id: str) -> None:
        if self.announce is not None:
            await self.announce(RosterChanged(app_id=app_id))

    async def changed(self, app_id: str, name: str, **changes: Any) -> BotEntry:
        entry = await self.bots.entry(app_id, name)
        return await self.keep(replace(entry, updated_at=self.clock.now(), **changes))

    async def enable(self, app_id: str, name: str, version: int = 0, *, force: bool = False) -> BotEntry:
        """That version answers from now on, by default the newest. Raises Conflict when it is not fit to."""
        self.check_name(self.apps[app_id], name)
        chosen = await self.chosen(app_id, name, version)
        if not force:
            fit(chosen)
        log.info("bot enabled", app_id=app_id, bot=name, version=chosen.version, forced=force)
        return await self.changed(app_id, name, enabled=True, active=chosen.version)

    async def chosen(self, app_id: str, name: str, version: int) -> BotVersion:
        if version:
            return await self.bots.version(app_id, name, version)
        await self.bots.entry(app_id, name)
        return (await self.bots.versions(app_id, name))[0]

    async def disable(self, app_id: str, name: str) -> BotEntry:
        log.info("bot disabled", app_id=app_id, bot=name)
        return await self.changed(app_id, name, enabled=False)

    async def rollback(self, app_id: str, name: str, to: int = 0) -> BotEntry:
        """Back to the version before the active one, or to that one. Raises Conflict when there is none."""
        entry = await self.bots.entry(app_id, name)
        older = [one.version for one in await self.bots.versions(app_id, name) if one.version < entry.active]
        target = to or max(older, default=0)
        if not target:
            raise Conflict(f"bot {name!r} has no version before {entry.active or 'the first'}")
        await self.bots.version(app_id, name, target)
        log.info("bot rolled back", app_id=app_id, bot=name, version=target)
        return await self.keep(replace(entry, active=target, enabled=True, trial=None, updated_at=self.clock.now()))

    async def remove(self, app_id: str, name: str) -> None:
        await self.bots.drop(app_id, name)
        log.info("bot removed", app_id=app_id, bot=name)
        await self.tell(app_id)

    async def serve(self, app_id: str, name: str, serves: Serves) -> BotEntry:
        """Whom it answers without a rule that names it. Raises Malformed."""
        stored = (one.id for one in await self.channels.entries(app_id))
        serving.check(serves, self.apps[app_id], {*self.apps[app_id].channels, *stored})
        return await self.changed(app_id, name, serves=serves)

    async def graded(self, app_id: str, name: str, version: int, report: Report) -> Grade:
        """Keep what the suite found."""
        failed = tuple(verdict.check for verdict in report.failed())
        grade = Grade(level=report.level, suite=f"{SUITE} {VERSION}", at=self.clock.now(), failed=failed)
        await self.bots.grade(app_id, name, version, grade)
        await self.tell(app_id)
        return grade

    async def try_out(self, app_id: str, name: str, trial: Trial, *, force: bool = False) -> BotEntry:
        """Put a version beside the active one, in the shadow or for a share of customers. Raises Conflict, NotFound."""
        entry = await self.bots.entry(app_id, name)
        version = await self.bots.version(app_id, name, trial.version)
        if not (entry.enabled and entry.active):
            raise Conflict(f"bot {name!r} is not enabled: there is nothing to compare with")
        if trial.version == entry.active:
            raise Conflict(f"version {trial.version} of bot {name!r} is the active one")
        if trial.mode == "canary" and not 0 < trial.share < 1:
            raise Malformed(f"a canary's share is between 0 and 1 (0.1: every tenth customer), not {trial.share:g}")
        if trial.mode == "canary" and not force:
            fit(version)
        log.info("trial started", app_id=app_id, bot=name, version=trial.version, mode=trial.mode)
        return await self.keep(replace(entry, trial=trial, updated_at=self.clock.now()))

    async def end_trial(self, app_id: str, name: str, state: TrialState, reason: str = "") -> BotEntry:
        """Promote the candidate, or take it back. Raises Conflict when no trial is running."""
        entry = await self.bots.entry(app_id, name)
        trial = entry.trial
        if trial is None or trial.state != "running":
            raise Conflict(f"bot {name!r} is not on trial")
        now = self.clock.now()
        active = trial.version if state == "promoted" else entry.active
        ended = replace(trial, state=state, reason=reason, ended_at=now)
        log.info("trial ended", app_id=app_id, bot=name, version=trial.version, state=state, reason=reason)
        return await self.keep(replace(entry, active=active, trial=ended, updated_at=now))

    def settings_of(self, version: BotVersion) -> dict[str, Any]:
        """With its secrets: for running it. Raises Misconfigured when they can't be decrypted."""
        return unseal(self.vault, version.sealed, place(version.app_id, version.name, version.version))


def fit(version: BotVersion) -> None:
    """Raises Conflict, saying what to do."""
    grade, named = version.grade, f"version {version.version} of bot {version.name!r}"
    if grade is None:
        raise Conflict(f"{named} was never checked: run 'parley bots check {version.name}', or insist with force")
    if grade.level < LOWEST:
        raise Conflict(
            f"{named} fails level {LOWEST} of {grade.suite} ({', '.join(grade.failed)}): "
            "mend it and check again, or insist with force"
        )
