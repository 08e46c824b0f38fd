"""One try to send a message: the renderings that have not gone yet, and what came of them."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog

from orchestrator.copies import replace
from orchestrator.engine.app import Channel
from orchestrator.engine.links import absolute
from orchestrator.engine.lookout import Lookout
from orchestrator.engine.pace import Pacer
from orchestrator.engine.pauses import Pauses
from orchestrator.engine.window import Window, templated
from orchestrator.errors import ParleyError, SendFailed, Unanswered
from orchestrator.ports import Clock, Repeatable
from orchestrator.types import Outgoing

FIRST_RETRY = timedelta(seconds=1)
LONGEST_RETRY = timedelta(minutes=10)

FINAL = ("window_closed", "opted_out")
"""Reasons for which another try is of no use, whatever else the connector says."""

log = structlog.get_logger("parley.deliver")


class Attempts:
    """`retries` more tries before a message is dead; one call of a platform may take `seconds`, 0 for ever."""

    def __init__(
        self,
        lookout: Lookout,
        pacer: Pacer,
        pauses: Pauses,
        window: Window,
        clock: Clock,
        *,
        retries: int,
        seconds: float = 0.0,
        public_url: str = "",
    ) -> None:
        self.lookout = lookout
        self.pacer = pacer
        self.pauses = pauses
        self.window = window
        self.clock = clock
        self.retries = retries
        self.seconds = seconds
        self.public_url = public_url

    async def attempt(self, outgoing: Outgoing, going: Callable[[], bool] = lambda: True) -> Outgoing:
        """The row as it is afterwards. When it is no longer `going`, the rest of it waits to be due again."""
        app = await self.lookout.app(outgoing.app_id, outgoing.channel_id)
        channel = app.channels.get(outgoing.channel_id) if app is not None else None
        if channel is None:
            return self.postponed(outgoing, SendFailed(f"channel {outgoing.channel_id!r} is gone", retryable=False))
        if rest := self.pauses.wait(channel.id):
            return self.waits(outgoing, rest, self.pauses.trouble(channel.id))
        try:
            return await self.rest_of(channel, outgoing, going)
        finally:
            self.pauses.probed(channel.id)

    async def rest_of(self, channel: Channel, outgoing: Outgoing, going: Callable[[], bool]) -> Outgoing:
        now = outgoing
        if now.reason == "window_closed" and not templated(now):
            instead = await self.window.closed(channel, now)
            if instead is None:
                return self.postponed(now, SendFailed(now.error, retryable=False, reason="window_closed"))
            now = instead
        while now.done < len(now.renderings):
            wait = await self.pause(channel, going)
            if wait or (now is not outgoing and not going()):
                return replace(now, due_at=self.clock.now() + timedelta(seconds=wait))
            try:
                now = await self.send(channel, now)
            except SendFailed as error:
                if (after := await self.failed(channel, now, error)) is None:
                    now = replace(now, done=now.done + 1, error=str(error)[:500], reason="unknown")
                    continue
                if after.renderings is now.renderings:
                    return after
                now = after
            else:
                await self.pauses.over(channel.id)
        return self.done(now)

    def done(self, row: Outgoing) -> Outgoing:
        attempts = row.attempts + 1
        if row.reason == "unknown":
            return replace(row, state="unknown", attempts=attempts)
        reason = row.reason if row.reason == "window_closed" else ""
        return replace(row, state="sent", attempts=attempts, error="", reason=reason)

    async def failed(self, channel: Channel, row: Outgoing, error: SendFailed) -> Outgoing | None:
        """The row with what is to be done now; None when it may have gone out, and goes on with what follows."""
        if error.reason == "unknown":
            log.warning("nobody knows whether it went out", channel_id=channel.id, outgoing_id=row.id, error=str(error))
            return None
        if error.reason == "token_expired":
            seconds = await self.pauses.begin(row.app_id, channel, str(error))
            return self.waits(row, seconds, str(error))
        if error.reason == "window_closed":
            return await self.window.closed(channel, row) or self.postponed(row, error)
        if error.retry_after and channel.settings.send_rate:
            await self.pacer.pause(channel.id, error.retry_after)
        return self.postponed(row, error)

    def waits(self, row: Outgoing, seconds: float, trouble: str) -> Outgoing:
        """Nobody's fault but the channel's: the try does not count."""
        due = self.clock.now() + timedelta(seconds=seconds)
        return replace(row, due_at=due, error=trouble[:500], reason="token_expired" if not row.reason else row.reason)

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
            said = "the platform did not answer in time"
            raise Unanswered(said, retryable=True, reason="" if repeatable(channel) else "unknown") from None
        except Exception as error:
            log.exception("connector raised", channel_id=row.channel_id)
            raise SendFailed(f"connector raised {type(error).__name__}", retryable=True) from error
        return gone(row, delivery.external_id)

    def postponed(self, outgoing: Outgoing, error: SendFailed) -> Outgoing:
        attempts = outgoing.attempts + 1
        final = not error.retryable or error.reason in FINAL or attempts > self.retries
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
            reason=error.reason or outgoing.reason or ("unanswered" if isinstance(error, Unanswered) else ""),
        )


def repeatable(channel: Channel) -> bool:
    connector = channel.connector
    return isinstance(connector, Repeatable) and connector.idempotent


def gone(row: Outgoing, external_id: str) -> Outgoing:
    """One rendering more has gone out, with what the platform calls it."""
    done = row.done + 1
    if not external_id:
        return replace(row, done=done)
    if len(row.renderings) == 1:
        return replace(row, done=done, external_id=external_id)
    return replace(row, done=done, external_id=external_id, pieces={**row.pieces, row.done: external_id})


def back_off(attempts: int) -> timedelta:
    """1 s, 2 s, 4 s … 10 min. No jitter: conversations fail at different times already."""
    return min(FIRST_RETRY * (1 << min(attempts - 1, 20)), LONGEST_RETRY)
