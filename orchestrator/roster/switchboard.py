"""Changing stored channels. Every change is checked, durable when it returns, and told to all processes."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from orchestrator.config import AppSettings, ChannelSettings
from orchestrator.copies import replace
from orchestrator.decide.hours import compile_hours
from orchestrator.errors import Conflict, Malformed, Misconfigured, NotFound
from orchestrator.ledger import nowhere
from orchestrator.ports import BotRecords, ChannelRecords, Clock, Vault
from orchestrator.roster.amend import amended, check_secrets
from orchestrator.roster.outside import channel_from_outside
from orchestrator.roster.settings import checked, seal, shown, unseal
from orchestrator.types import ChannelEntry, RosterChanged

log = structlog.get_logger("parley.channels")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChannel:
    """`raw` is its table as in parley.toml. `outside`: it came over HTTP, not from this machine's owner."""

    id: str
    raw: Mapping[str, Any] = field(repr=False)
    enabled: bool = True
    author: str = ""
    outside: bool = False


class Switchboard:
    """`announce` tells other processes at once; those that miss it look by themselves."""

    def __init__(
        self,
        apps: Mapping[str, AppSettings],
        records: ChannelRecords,
        bots: BotRecords,
        vault: Vault,
        clock: Clock,
        announce: Callable[[RosterChanged], Awaitable[None]] | None = None,
    ) -> None:
        self.apps = apps
        self.records = records
        self.bots = bots
        self.vault = vault
        self.clock = clock
        self.announce = announce

    async def add(self, app_id: str, new: NewChannel) -> ChannelEntry:
        """Raises Malformed, Misconfigured, Conflict."""
        if self.configured(new.id):
            raise Conflict(f"there is a channel {new.id!r} already; choose another id")
        raw = amended({}, {}, new.raw)
        raw = channel_from_outside(raw) if new.outside else raw
        settings = await self.read(app_id, raw)
        now = self.clock.now()
        entry = ChannelEntry(
            app_id=app_id,
            id=new.id,
            kind=settings.kind,
            enabled=new.enabled,
            outside=new.outside,
            sealed=seal(self.vault, raw, place(app_id, new.id)),
            shown=shown(settings),
            author=new.author,
            created_at=now,
            updated_at=now,
        )
        log.info("channel added", app_id=app_id, channel_id=new.id, kind=settings.kind)
        return await self.keep(entry)

    async def change(self, app_id: str, channel_id: str, given: Mapping[str, Any], author: str = "") -> ChannelEntry:
        """Settings over those it has; see `amend`. From now on it counts as set up from outside.

        Raises NotFound, Malformed, Misconfigured, Conflict.
        """
        entry = await self.entry(app_id, channel_id)
        before = self.settings_of(entry)
        if given.get("kind", entry.kind) != entry.kind:
            raise Malformed(f"kind: channel {channel_id!r} is of kind {entry.kind!r}; remove it, and add another")
        raw = channel_from_outside(amended(before, entry.shown, given))
        settings = await self.read(app_id, raw)
        told = shown(settings)
        check_secrets(before, raw, told, given)
        sealed = seal(self.vault, raw, place(app_id, channel_id))
        log.info("channel changed", app_id=app_id, channel_id=channel_id, author=author)
        return await self.keep(
            replace(entry, sealed=sealed, shown=told, author=author, outside=True, updated_at=self.clock.now())
        )

    async def switch(self, app_id: str, channel_id: str, on: bool) -> ChannelEntry:
        entry = await self.entry(app_id, channel_id)
        log.info("channel enabled" if on else "channel disabled", app_id=app_id, channel_id=channel_id)
        return await self.keep(replace(entry, enabled=on, updated_at=self.clock.now()))

    async def remove(self, app_id: str, channel_id: str) -> None:
        await self.entry(app_id, channel_id)
        await self.records.drop(app_id, channel_id)
        log.info("channel removed", app_id=app_id, channel_id=channel_id)
        await self.tell(app_id)

    async def entry(self, app_id: str, channel_id: str) -> ChannelEntry:
        """Raises NotFound, and Conflict for a channel of parley.toml."""
        if channel_id in self.apps[app_id].channels:
            raise Conflict(f"channel {channel_id!r} stands in parley.toml; change it there")
        try:
            return await self.records.entry(app_id, channel_id)
        except NotFound:
            known = [*self.apps[app_id].channels, *(one.id for one in await self.records.entries(app_id))]
            raise NotFound(nowhere("channel", channel_id, known)) from None

    async def keep(self, entry: ChannelEntry) -> ChannelEntry:
        kept = await self.records.keep(entry)
        await self.tell(entry.app_id)
        return kept

    async def tell(self, app_id: str) -> None:
        if self.announce is not None:
            await self.announce(RosterChanged(app_id=app_id))

    def configured(self, channel_id: str) -> bool:
        """Whether parley.toml has it, in whatever app."""
        return any(channel_id in app.channels for app in self.apps.values())

    async def read(self, app_id: str, raw: Mapping[str, Any]) -> ChannelSettings:
        """Raises Misconfigured and Malformed, naming the key and never its value."""
        settings = checked(ChannelSettings, raw)
        app = self.apps[app_id]
        registered = (one.name for one in await self.bots.entries(app_id))
        lead("bot", settings.bot, {*app.bots, *registered})
        lead("language", settings.language, app.languages)
        if settings.hours is not None:
            try:
                compile_hours(settings.hours)
            except Misconfigured as error:
                raise Malformed(f"hours: {error}") from None
        return settings

    def settings_of(self, entry: ChannelEntry) -> dict[str, Any]:
        """With its secrets: for running it. Raises Misconfigured when they can't be decrypted."""
        return unseal(self.vault, entry.sealed, place(entry.app_id, entry.id))


def lead(what: str, name: str, known: Collection[str]) -> None:
    """Raises Malformed for a name that leads nowhere."""
    if name and name not in known:
        raise Malformed(f"{what}: {nowhere(what, name, known)}")


def place(app_id: str, channel_id: str) -> str:
    return f"channel {channel_id!r} of app {app_id!r}"
