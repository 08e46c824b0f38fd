"""Sending what the outbox holds: one message of a conversation at a time, in order, again until it went or is dead."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from orchestrator.copies import replace
from orchestrator.engine.app import App
from orchestrator.engine.links import absolute
from orchestrator.errors import NotFound, ParleyError, SendFailed, Unavailable
from orchestrator.ports import Clock, Recorder, Store
from orchestrator.types import Committed, Outgoing

BATCH = 256
FIRST_RETRY = timedelta(seconds=1)
LONGEST_RETRY = timedelta(minutes=10)

log = structlog.get_logger("parley.deliver")


class Deliverer:
    """Rows that were just committed are handed over and sent at once; whatever else is due is found in the store.

    `sending` are the conversations being delivered to here, each with its rows in order. A conversation is `parked`
    when one of its rows waits for another try: then the store says what is next, so that nothing overtakes it.
    `unsettled` are outcomes the store could not take: they are kept until it can, and nothing is sent twice for that.
    """

    def __init__(
        self,
        store: Store,
        apps: Mapping[str, App],
        clock: Clock,
        recorder: Recorder,
        *,
        retries: int,
        sweep: float,
        public_url: str = "",
    ) -> None:
        self.store = store
        self.apps = apps
        self.clock = clock
        self.recorder = recorder
        self.retries = retries
        self.sweep = sweep
        self.public_url = public_url
        self.kicked = asyncio.Event()
        self.sending: dict[str, deque[Outgoing]] = {}
        self.parked: dict[str, datetime] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.settled: set[str] = set()
        self.unsettled: dict[str, Outgoing] = {}
        self.found: tuple[set[str], set[str]] = (set(), set())
        self.swept = False

    def hand(self, committed: Committed, rows: Sequence[Outgoing]) -> None:
        """Rows that have just been committed, in order."""
        seqs = {message.id: message.seq for message in committed.messages}
        for outgoing in rows:
            if any(outgoing.id in found for found in self.found):
                continue  # the store was read between the commit and this call
            row = replace(outgoing, seq=seqs.get(outgoing.message_id, outgoing.seq))
            queue = self.sending.get(row.conversation_id)
            if queue is not None:
                queue.append(row)
            elif self.swept and row.conversation_id not in self.parked:
                self.begin(row)
            else:
                self.kicked.set()

    def withdraw(self, conversation_id: str, epoch: int) -> None:
        """What was computed under an earlier epoch and has not set out yet does not any more."""
        queue = self.sending.get(conversation_id)
        if queue:
            first = queue[0]
            keep = [row for row in queue if row is first or row.epoch >= epoch]
            queue.clear()
            queue.extend(keep)

    def begin(self, row: Outgoing) -> None:
        self.parked.pop(row.conversation_id, None)
        self.sending[row.conversation_id] = deque([row])
        task = asyncio.create_task(self.work(row.conversation_id))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def work(self, conversation_id: str) -> None:
        """Send what is queued for one conversation, one after the other; stop at the first that must wait."""
        queue = self.sending[conversation_id]
        try:
            while queue:
                if not await self.deliver(queue[0]):
                    return
                queue.popleft()
        finally:
            del self.sending[conversation_id]

    async def deliver(self, outgoing: Outgoing) -> bool:
        """False when it has to wait for another try, and those behind it."""
        settled = self.unsettled.pop(outgoing.id, None) or await self.attempt(outgoing)
        try:
            await self.store.settle(settled)
        except Unavailable as error:
            log.warning("delivery not settled", conversation_id=outgoing.conversation_id, error=str(error))
            self.unsettled[outgoing.id] = settled
            self.park(outgoing.conversation_id, self.clock.now() + timedelta(seconds=self.sweep))
            return False
        self.settled.add(outgoing.id)
        waits = settled.state == "pending"
        self.recorder.delivery(outgoing.channel_id, "retried" if waits else settled.state)
        if waits:
            self.park(outgoing.conversation_id, settled.due_at)
        return not waits

    def park(self, conversation_id: str, until: datetime) -> None:
        self.parked[conversation_id] = until
        self.kicked.set()

    async def run(self) -> None:
        """Until cancelled. What is being sent then goes on in `tasks`."""
        while True:
            self.kicked.clear()
            try:
                await self.look()
            except Unavailable as error:
                log.warning("outbox unreadable", error=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(self.pause()):
                    await self.kicked.wait()

    def pause(self) -> float:
        """Seconds until there may be something due."""
        first = min(self.parked.values(), default=None)
        wait = (first - self.clock.now()).total_seconds() if first else self.sweep
        return min(max(wait, 0.01), self.sweep)

    async def look(self) -> None:
        """Begin with every row that is due, but for those that were sent while the store was asked."""
        self.settled.clear()
        self.found = (self.found[1], set())
        rows = await self.store.due(self.clock.now(), BATCH + len(self.sending))
        for row in rows:
            if row.conversation_id not in self.sending and row.id not in self.settled:
                self.found[1].add(row.id)
                self.begin(row)
        now = self.clock.now()
        for conversation_id in [key for key, due in self.parked.items() if due <= now]:
            del self.parked[conversation_id]
        if len(rows) < BATCH:
            self.swept = True
        else:
            self.kicked.set()

    async def attempt(self, outgoing: Outgoing) -> Outgoing:
        """Send the renderings that have not gone yet; the row as it is afterwards."""
        now = outgoing
        try:
            connector = self.apps[outgoing.app_id].channel(outgoing.channel_id).connector
            while now.done < len(now.renderings):
                delivery = await connector.send(absolute(now.renderings[now.done], self.public_url), now)
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
    return min(FIRST_RETRY * (1 << min(attempts - 1, 20)), LONGEST_RETRY)
