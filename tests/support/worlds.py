"""Processes over one database, and a clock by which what they hold goes: SQLite has one, PostgreSQL two."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from tests.support.clock import ManualClock
from tests.support.postgres import opened, url_for
from tests.support.stores import Database, sqlite

HOLD = 1000.0
"""Seconds a row is held; time moves by the test's word alone, in steps that never sum up to it."""


@dataclass
class World:
    """One store for each process; `age` moves the clock by which holds go."""

    stores: list[Database]
    clock: ManualClock
    hold: float
    age: Callable[[float], Any]


@asynccontextmanager
async def one_process(folder: Path) -> AsyncIterator[World]:
    clock = ManualClock()

    async def nothing(seconds: float) -> None:
        """Nobody holds anything."""

    async with sqlite(folder, clock) as store:
        yield World([store], clock, 0.0, nothing)


@asynccontextmanager
async def two_processes(folder: Path) -> AsyncIterator[World]:
    url, clock = await url_for(folder), ManualClock()
    async with opened(url, clock) as one, opened(url, clock) as other:
        db = await asyncpg.connect(url)

        async def age(seconds: float) -> None:
            await db.execute(f"UPDATE outbox SET held_until = held_until - interval '{seconds} seconds'")

        try:
            yield World([one, other], clock, HOLD, age)
        finally:
            await db.close()
