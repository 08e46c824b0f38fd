"""A thread that takes everything queued as one batch, and hands the results to the event loop in one go."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar, TypeVarTuple

from orchestrator.adapters.sqlite.faults import explain
from orchestrator.errors import Unavailable

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

LARGEST_BATCH = 256


@dataclass(slots=True, eq=False)
class Job:
    """One operation: `call(cursor, *args)`, and where its result goes."""

    call: Callable[..., Any]
    args: tuple[Any, ...]
    future: asyncio.Future[Any]


Outcome = tuple[Job, Any, Exception | None]
Work = Callable[[Sequence[Job]], list[Outcome]]


class Lane:
    """Whatever happens in the thread, every job ends: with its result, its own error, or Unavailable.

    What one round of the event loop submits is handed over in one piece: each time the thread is woken the two change
    places on the interpreter's lock, which costs more than most jobs. `None` in the queue ends the thread.
    """

    def __init__(self, name: str, work: Work, loop: asyncio.AbstractEventLoop) -> None:
        self.name = name
        self.work = work
        self.loop = loop
        self.queue: queue.SimpleQueue[list[Job] | None] = queue.SimpleQueue()
        self.round: list[Job] = []
        self.closed = False
        self.dead = False
        self.thread = threading.Thread(target=self.run, name=f"parley-{name}", daemon=True)
        self.thread.start()

    def submit(self, call: Callable[[sqlite3.Cursor, *Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Queue it; the future has what `call` returned once the batch is durable."""
        if self.closed:
            raise Unavailable("the database is closed")
        if not self.round:
            self.loop.call_soon(self.hand_over)
        job = Job(call, args, self.loop.create_future())
        self.round.append(job)
        return job.future

    def hand_over(self) -> None:
        if self.round:
            self.queue.put(self.round)
            self.round = []
        if self.dead:
            self.abandon()

    async def stop(self) -> None:
        """Finish what is queued, then end the thread."""
        if not self.closed:
            self.closed = True
            self.hand_over()
            self.queue.put(None)
        await self.loop.run_in_executor(None, self.thread.join)

    def run(self) -> None:
        try:
            while batch := self.take():
                self.deliver(self.attempt(batch))
        finally:
            self.closed = self.dead = True
            self.abandon()

    def take(self) -> list[Job]:
        """Everything queued, at least one; empty when the lane is to stop."""
        batch: list[Job] = []
        try:
            while len(batch) < LARGEST_BATCH:
                jobs = self.queue.get(block=not batch)
                if jobs is None:
                    if batch:
                        self.queue.put(None)
                    break
                batch += jobs
        except queue.Empty:
            pass
        return batch

    def attempt(self, batch: Sequence[Job]) -> list[Outcome]:
        """What came of each. Even of what ends this thread everybody hears."""
        try:
            return self.work(batch)
        except BaseException as error:
            cause = explain(error) if isinstance(error, Exception) else error
            if not isinstance(cause, Unavailable):
                cause = Unavailable(f"the database failed: {type(error).__name__}: {error}")
            self.deliver([(job, None, cause) for job in batch])
            if isinstance(error, Exception):
                return []
            raise

    def deliver(self, outcomes: Sequence[Outcome]) -> None:
        with suppress(RuntimeError):  # The loop is closed: nobody waits any more.
            self.loop.call_soon_threadsafe(settle, outcomes)

    def abandon(self) -> None:
        """The thread is gone: nobody may wait for it."""
        left: list[Outcome] = []
        try:
            while True:
                for job in self.queue.get_nowait() or ():
                    left.append((job, None, Unavailable("the database is closed")))
        except queue.Empty:
            self.deliver(left)


def settle(outcomes: Sequence[Outcome]) -> None:
    for job, result, error in outcomes:
        if job.future.done():
            continue
        if error is None:
            job.future.set_result(result)
        else:
            job.future.set_exception(error)
