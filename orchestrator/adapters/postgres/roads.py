"""How work gets to the database: in lanes, together with work of its kind, or by itself."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from orchestrator.adapters.postgres.faults import explain
from orchestrator.adapters.postgres.lane import Lane, Run
from orchestrator.adapters.postgres.pool import Connection, Pool
from orchestrator.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")
J = TypeVar("J")
R = TypeVar("R")


class Roads:
    """Closed until they are opened."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.lanes: list[Lane[Any, Any]] = []
        self.opened = False

    def open(self) -> None:
        self.pool.closed, self.opened = False, True
        for lane in self.lanes:
            lane.closed = False

    async def close(self) -> None:
        """Finishes what is queued."""
        await asyncio.gather(*(lane.close() for lane in self.lanes))
        await self.pool.close()

    def lane(self, run: Run[J, R]) -> Lane[J, R]:
        made = Lane(self.pool, run)
        self.lanes.append(made)
        return made

    async def ask(
        self, call: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """A call by itself."""
        self.require_open()
        try:
            async with self.pool.connection() as db:
                return await call(db, *args, **kwargs)
        except Exception as error:
            found = explain(error)
            if found is error:
                raise
            raise found from None

    def require_open(self) -> None:
        if not self.opened:
            raise Unavailable("the database is not open yet")
