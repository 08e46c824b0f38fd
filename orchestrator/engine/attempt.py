"""One try to send a message: the renderings that have not gone yet, and what came of them."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog

from orchestrator.copies import replace
from orchestrator.engine.app import App, Channel
from orchestrator.engine.links import absolute
from orchestrator.engine.pace import Pacer
from orchestrator.errors import NotFound, ParleyError, SendFailed
from orchestrator.ports import Clock
from orchestrator.types import Outgoing

FIRST_RETRY = timedelta(seconds=1)
LONGEST_RETRY = timedelta(minutes=10)

log = structlog.get_logger("parley.deliver")


class Attempts:
    """`retries` more tries before a message is dead; one call of a platform may take `seconds`, 0 for ever."""

    def __init__(
        self,
        apps: Mapping[str, App],
        pacer: Pacer,
        clock: Clock,
        *,
        retries: int,
        seconds: float = 0.0,
        public_url: str = "",
    ) -> None:
        self.apps = apps
        self.pacer = pacer
        self.clock = clock
        self.retries = retries
        self.seconds = seconds
        self.public_url = public_url

    async def attempt(self, outgoing: Outgoing, going: Callable[[], bool] = lambda: True) -> Outgoing:
        """The row as it is afterwards. When it is no longer `going`, the rest of it waits to be due again."""
        try:
            channel = self.apps[outgoing.app_id].channel(outgoing.channel_id)
        except (KeyError, NotFound):
            return self.postponed(outgoing, SendFailed(f"channel {outgoing.channel_id!r} is gone", retryable=False))
        now = outgoing
        while now.done < len(now.renderings):
            wait = await self.pause(channel, going)
            if wait or (now is not outgoing and not going()):
                return replace(now, due_at=self.clock.now() + timedelta(seconds=wait))
            try:
                now = await self.send(channel, now)
            except SendFailed as error:
                if error.retry_after and channel.settings.send_rate:
                    await self.pacer.pause(channel.id, error.retry_after)
                return self.postponed(now, error)
        return replace(now, state="sent", attempts=now.attempts + 1, error="")

    async def pause(self, channel: Channel, going: Callable[[], bool]) -> float:
        """Seconds until the channel may be sent to again."""
        rate = channel.settings.send_rate
        return await self.pacer.wait(channel.id, rate, going) if rate else 0.0

    async def send(self, channel: Channel, row: Outgoing) -> Outgoing:
        """The row with one more rendering done. Raises SendFailed, whatever went wrong."""
        try:
            async with asyncio.timeout(self.seconds or None):
                delivery = await channel.connector.send(absolute(row.renderings[row.done], self.public_url), row)
        except SendFailed:
            raise
        except ParleyError as error:
            raise SendFailed(str(error), retryable=error.retryable) from error
        except TimeoutError:
            raise SendFailed("the platform did not answer in time", retryable=True) from None
        except Exception as error:
            log.exception("connector raised", channel_id=row.channel_id)
            raise SendFailed(f"connector raised {type(error).__name__}", retryable=True) from error
        return replace(row, done=row.done + 1, external_id=delivery.external_id or row.external_id)

    def postponed(self, outgoing: Outgoing, error: SendFailed) -> Outgoing:
        attempts = outgoing.attempts + 1
        final = not error.retryable or attempts > self.retries
        log.warning(
            "message dead" if final else "message delayed",
            conversation_id=outgoing.conversation_id,
            channel_id=outgoing.channel_id,
            attempts=attempts,
            error=str(error),
        )
        wait = timedelta(seconds=error.retry_after) if error.retry_after else back_off(attempts)
        return replace(
            outgoing,
            state="failed" if final else "pending",
            attempts=attempts,
            due_at=self.clock.now() + wait,
            error=str(error)[:500],
        )


def back_off(attempts: int) -> timedelta:
    """1 s, 2 s, 4 s … 10 min. No jitter: conversations fail at different times already."""
    return min(FIRST_RETRY * (1 << min(attempts - 1, 20)), LONGEST_RETRY)
