"""Sending what the outbox holds: one message of a conversation at a time, in order, again until it went or is dead."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import structlog

from orchestrator.engine.app import App
from orchestrator.errors import NotFound, ParleyError, SendFailed, Unavailable
from orchestrator.ports import Clock, Recorder, Store
from orchestrator.types import Outgoing

BATCH = 256
FIRST_RETRY = timedelta(seconds=1)
LONGEST_RETRY = timedelta(minutes=10)

log = structlog.get_logger("parley.deliver")


class Deliverer:
    def __init__(
        self, store: Store, apps: Mapping[str, App], clock: Clock, recorder: Recorder, *, retries: int, sweep: float
    ) -> None:
        self.store = store
        self.apps = apps
        self.clock = clock
        self.recorder = recorder
        self.retries = retries
        self.sweep = sweep
        self.kicked = asyncio.Event()
        self.sending: dict[str, asyncio.Task[None]] = {}

    def kick(self) -> None:
        """There may be something to send."""
        self.kicked.set()

    async def run(self) -> None:
        """Until cancelled. What is being sent then is finished by `stop`."""
        while True:
            self.kicked.clear()
            try:
                await self.start_due()
            except Unavailable as error:
                log.warning("outbox unreadable", error=str(error))
            try:
                async with asyncio.timeout(self.sweep):
                    await self.kicked.wait()
            except TimeoutError:
                continue

    async def stop(self) -> None:
        await asyncio.gather(*self.sending.values(), return_exceptions=True)

    async def start_due(self) -> None:
        for outgoing in await self.store.due(self.clock.now(), BATCH + len(self.sending)):
            if outgoing.conversation_id not in self.sending:
                self.sending[outgoing.conversation_id] = asyncio.create_task(self.deliver(outgoing))

    async def deliver(self, outgoing: Outgoing) -> None:
        try:
            settled = await self.attempt(outgoing)
            await self.store.settle(settled)
        except Unavailable as error:
            # No kick: the row is still due, and asking at once would spin until the database can write again.
            log.warning("delivery not settled", conversation_id=outgoing.conversation_id, error=str(error))
            return
        finally:
            del self.sending[outgoing.conversation_id]
        self.recorder.delivery(outgoing.channel_id, settled.state if settled.state != "pending" else "retried")
        self.kick()

    async def attempt(self, outgoing: Outgoing) -> Outgoing:
        """Send the renderings that have not gone yet; the row as it is afterwards."""
        now = outgoing
        try:
            connector = self.apps[outgoing.app_id].channel(outgoing.channel_id).connector
            while now.done < len(now.renderings):
                delivery = await connector.send(now.renderings[now.done], now)
                now = replace(now, done=now.done + 1, external_id=delivery.external_id or now.external_id)
        except SendFailed as error:
            return self.postponed(now, error)
        except (KeyError, NotFound):
            return self.postponed(now, SendFailed(f"channel {outgoing.channel_id!r} is gone", retryable=False))
        except ParleyError as error:
            return self.postponed(now, SendFailed(str(error), retryable=error.retryable))
        except Exception as error:
            log.exception("connector raised", channel_id=outgoing.channel_id)
            return self.postponed(now, SendFailed(f"connector raised {type(error).__name__}", retryable=True))
        return replace(now, state="sent", attempts=now.attempts + 1, error="")

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
    return min(FIRST_RETRY * 2 ** min(attempts - 1, 20), LONGEST_RETRY)
