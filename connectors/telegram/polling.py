"""Long polling: updates are asked for one answer after the other, where Telegram can't call (a closed network)."""

import asyncio

import structlog

from connectors.telegram import wire
from connectors.telegram.connector import TelegramChannel
from connectors.telegram.managed import UPDATES
from orchestrator.errors import Malformed, ParleyError, SendFailed, Throttled, Unavailable
from orchestrator.ports import Hear

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
LEAST = 0.5
"""Seconds between two questions that were answered with nothing, should a server not wait for news."""

log = structlog.get_logger("parley.telegram")


class PollingTelegram(TelegramChannel):
    """The same bot, which is a Listener."""

    async def listen(self, hear: Hear) -> None:
        """Until cancelled; raises SendFailed when the token is no good. An update is confirmed (by `offset`) once it
        was heard; one that can't be read, or that is refused for good, is skipped."""
        offset, pause = 0, FIRST_PAUSE
        while True:
            try:
                offset = await self.ask(offset, hear)
                pause = FIRST_PAUSE
            except (SendFailed, Unavailable, Throttled) as error:
                if isinstance(error, SendFailed) and error.reason == "token_expired":
                    raise
                log.warning("telegram can't be listened to", error=str(error))
                await asyncio.sleep(error.retry_after or pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def ask(self, offset: int, hear: Hear) -> int:
        """The next offset."""
        asked = self.clock.monotonic()
        seconds = self.settings.poll_seconds
        fields = {"offset": offset, "timeout": seconds, "limit": 100, "allowed_updates": UPDATES}
        found = await self.api.call("getUpdates", fields, patience=seconds + self.settings.timeout)
        for item in found if isinstance(found, list) else []:
            await self.take(item, hear)
            number = item.get("update_id") if isinstance(item, dict) else None
            offset = max(offset, number + 1) if isinstance(number, int) else offset
        if not found:
            await asyncio.sleep(max(LEAST - (self.clock.monotonic() - asked), 0))
        return offset

    async def take(self, item: object, hear: Hear) -> None:
        """Raises Unavailable or Throttled: then the update comes again."""
        try:
            update = wire.update(item)
            if events := self.reader().events(update):
                await hear(events)
        except (Unavailable, Throttled):
            raise
        except Malformed as error:
            log.warning("an update can't be read", error=str(error))
            return
        except ParleyError as error:
            log.warning("an update was refused", error=str(error))
            return
        self.heard(update)
