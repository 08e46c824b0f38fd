"""Stored channels as they run in this process: made, opened, handed over, closed when nobody uses them any more."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from orchestrator.config import ChannelSettings
from orchestrator.copies import replace
from orchestrator.engine import App, Channel
from orchestrator.errors import ParleyError
from orchestrator.registry import Workshop, connector
from orchestrator.roster.outside import Distrusting
from orchestrator.roster.settings import checked
from orchestrator.roster.switchboard import Switchboard
from orchestrator.types import ChannelEntry

Introduce = Callable[[Channel], Awaitable[None]]

LINGER = 60.0
"""Seconds a connector stays open after its channel was taken away: what it is sending goes out."""

log = structlog.get_logger("parley.channels")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A channel that runs here, and what it was made of."""

    sealed: str
    outside: bool
    channel: Channel

    def stands(self, entry: ChannelEntry) -> bool:
        return (entry.sealed, entry.outside) == (self.sealed, self.outside)


class Connections:
    """`introduce` is told of each channel before anything else is asked of it."""

    def __init__(self, switchboard: Switchboard, workshop: Workshop, introduce: Introduce) -> None:
        self.switchboard = switchboard
        self.workshop = workshop
        self.introduce = introduce
        self.lines: dict[str, Line] = {}
        self.trouble: dict[str, str] = {}
        self.leaving = asyncio.Event()
        self.closing: set[asyncio.Task[None]] = set()

    async def standing(self, app_id: str, entries: Sequence[ChannelEntry]) -> Mapping[str, Channel]:
        """The channels that `entries` say the app has; one that can't be made stays as it was before."""
        found = {}
        for entry in entries:
            if not entry.enabled:
                self.trouble.pop(entry.id, None)
            elif (channel := await self.channel(entry)) is not None:
                found[entry.id] = channel
        return found

    async def channel(self, entry: ChannelEntry) -> Channel | None:
        """Keeps what is wrong in `trouble`: a channel that can't be made is no reason to stop."""
        line = self.lines.get(entry.id)
        if line is not None and line.stands(entry):
            return line.channel
        if self.switchboard.configured(entry.id):
            self.fail(entry, "parley.toml has a channel of this id, which goes before; give one another")
            return None
        try:
            made = await self.make(entry)
        except ParleyError as error:
            self.fail(entry, str(error))
        except Exception as error:
            self.fail(entry, f"raised {type(error).__name__} when it was made")
        else:
            self.trouble.pop(entry.id, None)
            self.retire(entry.id)
            self.lines[entry.id] = Line(sealed=entry.sealed, outside=entry.outside, channel=made)
            return made
        return line.channel if line else None

    async def make(self, entry: ChannelEntry) -> Channel:
        """Opened. Raises Misconfigured, and what a connector raises when it opens."""
        settings = checked(ChannelSettings, self.switchboard.settings_of(entry))
        http = Distrusting(self.workshop.http) if entry.outside else self.workshop.http
        made = await asyncio.to_thread(connector, settings, replace(self.workshop, http=http))
        channel = Channel(id=entry.id, settings=settings, connector=made)
        await self.introduce(channel)
        await made.open()
        return channel

    def fail(self, entry: ChannelEntry, why: str) -> None:
        if self.trouble.get(entry.id) != why:
            log.error("stored channel can't be made", app_id=entry.app_id, channel_id=entry.id, error=why)
        self.trouble[entry.id] = why

    def settle(self, apps: Mapping[str, App]) -> None:
        """Let go of what no app has any more."""
        for channel_id, line in list(self.lines.items()):
            if not any(app.channels.get(channel_id) is line.channel for app in apps.values()):
                self.retire(channel_id)

    def retire(self, channel_id: str) -> None:
        line = self.lines.pop(channel_id, None)
        if line is not None:
            task = asyncio.create_task(self.let_go(line.channel))
            self.closing.add(task)
            task.add_done_callback(self.closing.discard)

    async def let_go(self, channel: Channel) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                await self.leaving.wait()
        try:
            await channel.connector.close()
        except Exception as error:
            log.warning(
                "a channel that was taken away did not close", channel_id=channel.id, error=type(error).__name__
            )

    async def close(self) -> None:
        self.leaving.set()
        for channel_id in list(self.lines):
            self.retire(channel_id)
        await asyncio.gather(*self.closing)

    @asynccontextmanager
    async def opened(self, entry: ChannelEntry) -> AsyncIterator[Channel]:
        """The channel, for a look at its account: as it runs here, else opened for that alone."""
        line = self.lines.get(entry.id)
        if line is not None and line.stands(entry):
            yield line.channel
            return
        channel = await self.make(entry)
        try:
            yield channel
        finally:
            await channel.connector.close()
