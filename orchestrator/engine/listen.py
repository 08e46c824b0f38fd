"""Listening where the platform does not call: in one process at a time, again and again until it is stopped."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Protocol

import structlog

from orchestrator.engine.app import App, Channel
from orchestrator.errors import ParleyError, Unavailable
from orchestrator.ports import Channels, Clock, Listener
from orchestrator.types import Accepted, ChannelReport, Inbound

LEASE = 30.0
"""Seconds after which others take over from a process that has gone silent; it is renewed three times as often."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
STEADY = 60.0
"""Seconds after which a listener that breaks is a new trouble, not the same again."""

log = structlog.get_logger("parley.listen")


class Intake(Protocol):
    async def accept(self, app_id: str, channel_id: str, events: Sequence[Inbound]) -> Sequence[Accepted]: ...


class Listeners:
    """`holder` names this process, which has a channel for `lease` seconds whenever it asks and nobody else has it."""

    def __init__(
        self,
        apps: Mapping[str, App],
        intake: Intake,
        channels: Channels,
        clock: Clock,
        holder: str,
        *,
        lease: float = LEASE,
    ) -> None:
        self.apps = apps
        self.intake = intake
        self.channels = channels
        self.clock = clock
        self.holder = holder
        self.lease = lease
        self.troubles: dict[str, str] = {}
        self.tasks: dict[str, tuple[Channel, asyncio.Task[None]]] = {}
        self.changed = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled; `changed` is set when there are other channels than before."""
        async with asyncio.TaskGroup() as group:
            while True:
                self.changed.clear()
                await self.settle(group)
                await self.changed.wait()

    async def settle(self, group: asyncio.TaskGroup) -> None:
        """Listen to the channels there are now, and to no other. What is replaced has stopped before it begins anew."""
        wanted = {
            channel.id: (app, channel)
            for app in self.apps.values()
            for channel in app.channels.values()
            if isinstance(channel.connector, Listener)
        }
        gone = [
            self.tasks.pop(name)[1]
            for name, (channel, _) in list(self.tasks.items())
            if name not in wanted or wanted[name][1] is not channel
        ]
        for task in gone:
            task.cancel()
        await asyncio.gather(*gone, return_exceptions=True)
        for name, (app, channel) in wanted.items():
            if name not in self.tasks:
                self.tasks[name] = channel, group.create_task(self.channel(app, channel))

    async def channel(self, app: App, channel: Channel) -> None:
        try:
            while True:
                with suppress(Unavailable):
                    if await self.ask(app, channel):
                        await self.listen(app, channel)
                await asyncio.sleep(self.lease / 3)
        finally:
            with suppress(ParleyError):
                await self.channels.give_up(self.report(app, channel))

    async def ask(self, app: App, channel: Channel) -> bool:
        """Whether this process has the channel now. Raises Unavailable."""
        return await self.channels.lease(self.report(app, channel), self.lease)

    async def listen(self, app: App, channel: Channel) -> None:
        """As long as the lease lasts."""
        log.info("listening", app_id=app.id, channel_id=channel.id)
        work = asyncio.create_task(self.again_and_again(app, channel))
        try:
            until = self.clock.monotonic() + self.lease
            while self.clock.monotonic() < until:
                await asyncio.wait([work], timeout=self.lease / 3)
                asked = self.clock.monotonic()
                with suppress(Unavailable):
                    until = asked + self.lease if await self.ask(app, channel) else asked
            log.warning("lost the lease, listening no more", app_id=app.id, channel_id=channel.id)
        finally:
            work.cancel()
            await asyncio.wait([work])

    async def again_and_again(self, app: App, channel: Channel) -> None:
        pause = FIRST_PAUSE
        while True:
            began = self.clock.monotonic()
            trouble = await self.once(app, channel)
            if self.clock.monotonic() - began >= STEADY:
                pause = FIRST_PAUSE
            log.warning("listening again", app_id=app.id, channel_id=channel.id, seconds=pause, error=trouble)
            self.troubles[channel.id] = trouble
            with suppress(ParleyError):
                await self.channels.report(self.report(app, channel))
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def once(self, app: App, channel: Channel) -> str:
        """Why it ended."""

        async def hear(events: Sequence[Inbound]) -> None:
            await self.hear(app, channel, events)

        connector = channel.connector
        if not isinstance(connector, Listener):
            return "it does not listen"
        try:
            await connector.listen(hear)
        except ParleyError as error:
            return str(error)
        except Exception as error:
            log.exception("listener broke", app_id=app.id, channel_id=channel.id)
            return f"it raised {type(error).__name__}"
        return "it ended by itself"

    async def hear(self, app: App, channel: Channel, events: Sequence[Inbound]) -> None:
        """Durable when it returns: a listener has nobody who would come again."""
        while True:
            try:
                await self.intake.accept(app.id, channel.id, events)
            except Unavailable as error:
                log.warning("heard, but can't be kept yet", channel_id=channel.id, error=str(error))
                await asyncio.sleep(error.retry_after or FIRST_PAUSE)
            else:
                self.troubles.pop(channel.id, None)
                return

    def report(self, app: App, channel: Channel) -> ChannelReport:
        return ChannelReport(
            app_id=app.id,
            channel_id=channel.id,
            side="listening",
            holder=self.holder,
            until=self.clock.now() + timedelta(seconds=self.lease * 2),
            trouble=self.troubles.get(channel.id, "")[:500],
        )
