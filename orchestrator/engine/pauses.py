"""Channels nothing goes out on for a while, because their platform does not know us any more.

Their messages wait, with all their tries before them, instead of dying one by one. One message is tried from time to
time: when it goes out, all do.
"""

from dataclasses import dataclass
from datetime import timedelta

import structlog

from orchestrator.engine.app import Channel
from orchestrator.errors import ParleyError
from orchestrator.ports import Channels, Clock
from orchestrator.types import ChannelReport

FIRST, LONGEST = 15.0, 300.0
"""Seconds between two probes; each that fails doubles the pause."""

log = structlog.get_logger("parley.deliver")


@dataclass(slots=True)
class Pause:
    """`until` by the clock's `monotonic`; `probing` while one message finds out."""

    app_id: str
    seconds: float
    until: float
    trouble: str
    probing: bool = False


class Pauses:
    """`holder` names this process in its reports."""

    def __init__(self, channels: Channels, clock: Clock, holder: str) -> None:
        self.channels = channels
        self.clock = clock
        self.holder = holder
        self.paused: dict[str, Pause] = {}

    def wait(self, channel_id: str) -> float:
        """0.0 when a message may go now; else seconds after which to come again."""
        pause = self.paused.get(channel_id)
        if pause is None:
            return 0.0
        rest = pause.until - self.clock.monotonic()
        if rest > 0 or pause.probing:
            return max(rest, 1.0)
        pause.probing = True
        return 0.0

    def trouble(self, channel_id: str) -> str:
        pause = self.paused.get(channel_id)
        return pause.trouble if pause else ""

    async def begin(self, app_id: str, channel: Channel, trouble: str) -> float:
        """The platform refused us; returns the seconds until the next probe."""
        before = self.paused.get(channel.id)
        if before is not None and not before.probing and before.until > self.clock.monotonic():
            return before.until - self.clock.monotonic()  # others were on their way when it began
        seconds = min(before.seconds * 2, LONGEST) if before else FIRST
        until = self.clock.monotonic() + seconds
        self.paused[channel.id] = Pause(app_id, seconds, until, trouble)
        if before is None:
            log.error("channel paused", app_id=app_id, channel_id=channel.id, error=trouble)
        await self.tell(channel.id, trouble, seconds)
        return seconds

    async def over(self, channel_id: str) -> None:
        """A message went out."""
        pause = self.paused.pop(channel_id, None)
        if pause is not None:
            log.warning("channel works again", app_id=pause.app_id, channel_id=channel_id)
            await self.tell(channel_id, "", 0.0, pause.app_id)

    def probed(self, channel_id: str) -> None:
        """The probe came to something else: nobody knows more than before."""
        if (pause := self.paused.get(channel_id)) is not None:
            pause.probing = False

    async def tell(self, channel_id: str, trouble: str, seconds: float, app_id: str = "") -> None:
        pause = self.paused.get(channel_id)
        report = ChannelReport(
            app_id=pause.app_id if pause else app_id,
            channel_id=channel_id,
            side="sending",
            holder=self.holder,
            until=self.clock.now() + timedelta(seconds=seconds * 2 + 30),
            trouble=trouble[:500],
        )
        try:
            await self.channels.report(report)
        except ParleyError as error:
            log.warning("not told of a paused channel", channel_id=channel_id, error=str(error))
