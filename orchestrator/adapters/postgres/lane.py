"""Calls that travel together: what is asked for while a batch is under way goes with the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from orchestrator.adapters.postgres.faults import explain, lost, passing
from orchestrator.adapters.postgres.pool import Connection, Pool
from orchestrator.errors import Unavailable

J = TypeVar("J")
R = TypeVar("R")

LARGEST_BATCH = 256
MOST_TRIES = 3

Run = Callable[[Connection, Sequence[J]], Awaitable[Sequence[R | Exception]]]
"""One round trip; one result for each job, in order."""


class Again(Exception):
    """Of one job: somebody else was a moment faster, the same again will tell."""


@dataclass(slots=True, eq=False)
class Waiting(Generic[J, R]):
    job: J
    keys: tuple[Hashable, ...]
    future: "asyncio.Future[R]"


class Lane(Generic[J, R]):
    """One batch at a time, so that what is asked first is done first.

    In a batch no two jobs share a key: whoever comes second goes with the next one, and who comes behind it for the
    same key too. When a batch breaks nothing of it happened: then each job goes by itself. When the connection is lost
    nobody knows, and everybody hears Unavailable.
    """

    def __init__(self, pool: Pool, run: Run[J, R]) -> None:
        self.pool = pool
        self.run = run
        self.queue: list[Waiting[J, R]] = []
        self.task: asyncio.Task[None] | None = None
        self.closed = False

    def submit(self, job: J, *keys: Hashable) -> "asyncio.Future[R]":
        if self.closed:
            raise Unavailable("the database is closed")
        loop = asyncio.get_running_loop()
        waiting: Waiting[J, R] = Waiting(job, keys, loop.create_future())
        self.queue.append(waiting)
        if self.task is None:
            self.task = loop.create_task(self.work())
        return waiting.future

    async def work(self) -> None:
        """Ends when nothing is left; whatever happens, every job ends."""
        try:
            while self.queue:
                batch = self.take()
                try:
                    settle(batch, await self.attempt(batch))
                except BaseException as error:
                    settle(batch, [given_up(error)] * len(batch))
                    raise
        finally:
            self.task = None
            left, self.queue = self.queue, []
            settle(left, [Unavailable("the database is closed")] * len(left))

    def take(self) -> list[Waiting[J, R]]:
        batch: list[Waiting[J, R]] = []
        rest: list[Waiting[J, R]] = []
        taken: set[Hashable] = set()
        for waiting in self.queue:
            if waiting.future.cancelled():
                continue
            fits = len(batch) < LARGEST_BATCH and taken.isdisjoint(waiting.keys)
            (batch if fits else rest).append(waiting)
            taken.update(waiting.keys)
        self.queue = rest
        return batch

    async def attempt(self, batch: Sequence[Waiting[J, R]]) -> Sequence[R | Exception]:
        try:
            results = await self.visit(batch)
        except Exception as error:
            if len(batch) == 1 or lost(error) or isinstance(error, Unavailable):
                return [await self.insist(one, error) for one in batch]
            return [(await self.attempt([one]))[0] for one in batch]
        return [
            await self.insist(one, result) if isinstance(result, Again) else result
            for one, result in zip(batch, results, strict=True)
        ]

    async def insist(self, waiting: Waiting[J, R], error: Exception) -> R | Exception:
        """Try what may succeed by itself again; else the error its caller should see."""
        for _ in range(MOST_TRIES):
            if not (isinstance(error, Again) or passing(error)):
                break
            try:
                result = (await self.visit([waiting]))[0]
            except Exception as next_error:
                error = next_error
                continue
            if not isinstance(result, Again):
                return result
            error = result
        if isinstance(error, Again):
            return Unavailable("the database was asked for the same from too many sides at once")
        return explain(error)

    async def visit(self, batch: Sequence[Waiting[J, R]]) -> Sequence[R | Exception]:
        async with self.pool.connection() as db:
            return await self.run(db, [one.job for one in batch])

    async def close(self) -> None:
        """Finish what is queued."""
        self.closed = True
        while self.task is not None:
            with suppress(Exception):
                await asyncio.shield(self.task)


def given_up(error: BaseException) -> Exception:
    return explain(error) if isinstance(error, Exception) else Unavailable("the database is closed")


def settle(batch: Sequence[Waiting[J, R]], results: Sequence[R | Exception]) -> None:
    for waiting, result in zip(batch, results, strict=True):
        if waiting.future.done():
            continue
        if isinstance(result, Exception):
            waiting.future.set_exception(result)
        else:
            waiting.future.set_result(result)
