"""Sending what the outbox holds: one message of a conversation at a time, in order, again until it went or is dead."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from orchestrator.copies import replace
from orchestrator.engine.attempt import Attempts
from orchestrator.engine.live import Herald
from orchestrator.errors import Unavailable
from orchestrator.ports import Bus, Clock, Recorder, Store
from orchestrator.types import Committed, Outgoing

BATCH = 256
MOST_LEFT = 100
"""How many rows of a conversation `Store.settle` tells of."""
EVER = datetime.max.replace(tzinfo=UTC)
OptedOut = Callable[[Outgoing], Awaitable[None]]
"""Told of a row whose platform says that the customer takes no messages. Raises Unavailable."""

log = structlog.get_logger("parley.deliver")


async def unheeded(row: Outgoing) -> None:
    """Nobody minds."""


class Sender(Protocol):
    """Who sees to it that what was committed is sent: this process, or another one. `hold` is for `Commit`."""

    hold: float

    async def hand(self, committed: Committed, rows: Sequence[Outgoing], since: float) -> None:
        """Rows that have just been committed, in order; the commit began at `since` of the clock's `monotonic`."""
        ...

    def unsure(self, conversation_id: str) -> None:
        """Nobody knows whether a commit to it happened: what it had to send may be held for this process."""
        ...

    def withdraw(self, conversation_id: str, epoch: int) -> None:
        """What was computed under an earlier epoch and has not set out yet does not any more."""
        ...


class Forwarder:
    """For processes that send nothing: whichever worker is woken looks into the outbox."""

    hold = 0.0

    def __init__(self, bus: Bus) -> None:
        self.bus = bus

    async def hand(self, committed: Committed, rows: Sequence[Outgoing], since: float) -> None:
        if rows:
            await self.bus.wake(committed.conversation.id, committed.conversation.app_id)

    def unsure(self, conversation_id: str) -> None:
        """Nothing is held for this process; the sweep of a worker finds it."""

    def withdraw(self, conversation_id: str, epoch: int) -> None:
        """Whoever sends it hears of it from the store."""


class Deliverer:
    """Rows that were just committed are handed over and sent at once; whatever else is due is found in the store.

    `sending` are the conversations being delivered to here, each with its rows in order. A conversation is `parked`
    when one of its rows waits for another try: then the store says what is next, so that nothing overtakes it.
    `swept` means that every conversation in which something waits is known here: it is being sent or parked. That is in
    doubt when a row turns up in the store that was not known, such as those of a process that was killed.
    `unsettled` are outcomes the store could not take: they are kept until it can, and nothing is sent twice for that.

    With a `hold` (in seconds) other processes deliver too. A row is then sent only while it is held, of which `until`
    keeps an account by this machine's own clock: a process that slept through its hold sends nothing any more. Of rows
    held for this process the store does not say that others wait behind them. So all of those are known here: while the
    store is asked, what is handed over is `early`; where it may hold something nobody here has heard of, `swept` ends,
    and the store says what is next.
    """

    def __init__(
        self,
        store: Store,
        attempts: Attempts,
        clock: Clock,
        recorder: Recorder,
        *,
        sweep: float,
        hold: float = 0.0,
        herald: Herald | None = None,
        opted_out: OptedOut = unheeded,
    ) -> None:
        self.store = store
        self.attempts = attempts
        self.clock = clock
        self.recorder = recorder
        self.herald = herald
        self.opted_out = opted_out
        self.sweep = sweep
        self.hold = hold
        self.kicked = asyncio.Event()
        self.sending: dict[str, deque[Outgoing]] = {}
        self.parked: dict[str, datetime] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.settled: set[str] = set()
        self.unsettled: dict[str, Outgoing] = {}
        self.found: tuple[set[str], set[str]] = (set(), set())
        self.until: dict[str, float] = {}
        self.swept = hold > 0
        self.doubted = False
        self.asking = False
        self.early: list[tuple[Outgoing, float]] = []

    async def hand(self, committed: Committed, rows: Sequence[Outgoing], since: float) -> None:
        rows = [row for row in rows if row.state == "pending"]
        if rows and not committed.held and (self.hold or committed.conversation.id not in self.sending):
            self.kicked.set()
            return
        seqs = {message.id: message.seq for message in committed.messages}
        for outgoing in rows:
            self.take(replace(outgoing, seq=seqs.get(outgoing.message_id, outgoing.seq)), since)

    def take(self, row: Outgoing, since: float) -> None:
        if any(row.id in found for found in self.found):
            return  # the store was read between the commit and this call
        queue = self.sending.get(row.conversation_id)
        if queue is not None:
            queue.append(row)
        elif self.asking and self.hold:
            self.early.append((row, since))
            return
        elif row.conversation_id not in self.parked and self.swept:
            self.begin(row)
        else:
            self.kicked.set()
            return
        if self.hold:
            self.until[row.id] = since + self.hold

    def unsure(self, conversation_id: str) -> None:
        self.park(conversation_id, self.clock.now())

    def withdraw(self, conversation_id: str, epoch: int) -> None:
        queue = self.sending.get(conversation_id)
        if queue:
            first = queue[0]
            self.keep(queue, [row for row in queue if row is first or row.epoch >= epoch])

    def keep(self, queue: deque[Outgoing], rows: Sequence[Outgoing]) -> None:
        for row in queue:
            if row not in rows:
                self.until.pop(row.id, None)
        queue.clear()
        queue.extend(rows)

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
            while queue and self.holds(queue[0]) and await self.deliver(queue):
                pass
        finally:
            del self.sending[conversation_id]
            self.keep(queue, ())

    def holds(self, row: Outgoing) -> bool:
        """Whether it is still ours to send."""
        if not self.hold or self.clock.monotonic() < self.until.get(row.id, 0.0):
            return True
        log.warning("held too long; whoever looks next sends it", conversation_id=row.conversation_id)
        # The store's hold began later: for so long it does not say that anything waits behind this row.
        self.park(row.conversation_id, self.clock.now())
        return False

    def fresh(self, row: Outgoing) -> bool:
        """Whether there is time for another call of the platform."""
        return not self.hold or self.clock.monotonic() < self.until.get(row.id, 0.0) - self.hold / 2

    async def deliver(self, queue: deque[Outgoing]) -> bool:
        """False when the first has to wait for another try, and those behind it."""
        outgoing = queue[0]
        settled = await self.attempts.attempt(outgoing, lambda: self.fresh(outgoing))
        behind = {row.id for row in queue if row is not outgoing}
        try:
            left = await self.conclude(settled, outgoing.attempts)
        except Unavailable as error:
            log.warning("delivery not settled", conversation_id=outgoing.conversation_id, error=str(error))
            self.unsettled[outgoing.id] = settled
            self.park(outgoing.conversation_id, self.clock.now() + timedelta(seconds=self.sweep))
            return False
        queue.popleft()
        self.until.pop(outgoing.id, None)
        if settled.state == "pending":
            await self.release(queue)
            return False
        self.heed(queue, behind, left)
        if left and (not queue or queue[0].id != left[0]):
            self.doubt(outgoing.conversation_id)
            await self.release(queue)
            return False
        return True

    async def conclude(self, settled: Outgoing, attempts: int = -1) -> Sequence[str]:
        """Keep what came of a try; the rows of the conversation that are left. Raises Unavailable.

        That the customer takes no messages is kept first: a process that dies in between tries once more and hears it.
        """
        if settled.state == "failed" and settled.reason == "opted_out":
            await self.opted_out(settled)
        left = await self.store.settle(settled)
        self.settled.add(settled.id)
        waits = settled.state == "pending"
        later = "paced" if settled.attempts == attempts else "retried"
        self.recorder.delivery(settled.channel_id, later if waits else settled.state)
        if waits:
            # Not before now: what the store is asked at the moment is of before this outcome.
            self.park(settled.conversation_id, max(settled.due_at, self.clock.now()))
        if self.herald is not None and (settled.state in ("failed", "unknown") or settled.reason):
            await self.herald.undelivered(settled)
        return left

    def heed(self, queue: deque[Outgoing], behind: set[str], left: Sequence[str]) -> None:
        """What was withdrawn meanwhile is not sent; what waits in the store alone is looked for."""
        if len(left) < MOST_LEFT:
            self.keep(queue, [row for row in queue if row.id not in behind or row.id in left])
        if not {row.id for row in queue}.issuperset(left):
            self.kicked.set()

    def doubt(self, conversation_id: str) -> None:
        """Something waits there that was not known here: nothing goes before it."""
        self.swept, self.doubted = self.swept and self.hold > 0, True
        self.park(conversation_id, self.clock.now())

    async def release(self, rows: Sequence[Outgoing]) -> None:
        """Hand back what is held and not going to be sent now."""
        if self.hold and rows:
            try:
                await self.store.let_go([row.id for row in rows])
            except Unavailable:
                self.swept = False

    async def hand_back(self) -> None:
        """At the end: whatever was not finished is anybody's at once."""
        begun = [row for queue in self.sending.values() for row in queue]
        await self.release([*begun, *(row for row, _ in self.early)])

    def nudged(self) -> None:
        """Something was woken for which there is no turn: another process may have committed a message to send."""
        if self.hold:
            self.kicked.set()

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
        await self.settle_late()
        self.settled.clear()
        self.found = (self.found[1], set())
        self.doubted = False
        since, now = self.clock.monotonic(), self.clock.now()
        limit = BATCH + len(self.sending)
        found = await self.ask(now, limit)
        rows = [row for row in found if row.state == "pending"]
        for row in rows:
            self.meet(row, now, since)
        if len(rows) < limit:
            self.trust(now)
        elif rows[-1].due_at <= now:
            self.kicked.set()
        self.catch_up()
        await self.undecided([row for row in found if row.state != "pending"])

    async def ask(self, now: datetime, limit: int) -> Sequence[Outgoing]:
        """Raises Unavailable, and then the store may hold for us what it did not tell of."""
        self.asking = True
        try:
            return await self.store.due(now if self.hold or self.swept else EVER, limit, hold=self.hold)
        except Unavailable:
            self.swept = False
            self.catch_up()
            raise
        except asyncio.CancelledError:
            self.asking = False
            raise

    def catch_up(self) -> None:
        """Take what was handed over while the store was asked."""
        self.asking = False
        early, self.early = self.early, []
        for row, since in early:
            self.take(row, since)

    async def undecided(self, rows: Sequence[Outgoing]) -> None:
        """Whoever was sending them when a person took over died, or slept too long: they are not sent again."""
        for row in rows:
            log.warning("nobody knows whether it went out", channel_id=row.channel_id, outgoing_id=row.id)
            self.recorder.delivery(row.channel_id, row.state)
            if self.herald is not None:
                await self.herald.undelivered(row)

    def meet(self, row: Outgoing, now: datetime, since: float) -> None:
        """What waits in a conversation before all else, as the store was at `now`."""
        queue = self.sending.get(row.conversation_id)
        if row.id in self.settled:
            return
        if queue is not None:
            if all(row.id != known.id for known in queue):
                self.doubt(row.conversation_id)
        elif row.due_at > now:
            self.parked.setdefault(row.conversation_id, row.due_at)
        else:
            self.found[1].add(row.id)
            self.begin(row)
            if self.hold:
                self.until[row.id] = since + self.hold

    def trust(self, now: datetime) -> None:
        """The store has told of everything that was due at `now`; what came due since is not overtaken either."""
        if self.doubted:
            return
        self.swept = True
        for conversation_id in [key for key, due in self.parked.items() if due <= now]:
            del self.parked[conversation_id]

    async def settle_late(self) -> None:
        """Outcomes that could not be kept before. Raises Unavailable while they still can't."""
        for outgoing_id, settled in list(self.unsettled.items()):
            await self.conclude(settled)
            del self.unsettled[outgoing_id]
