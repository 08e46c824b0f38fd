"""The job that removes what is old: once an hour, a batch at a time."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import structlog

from orchestrator.config import RetentionSettings
from orchestrator.errors import Unavailable
from orchestrator.ports import Clock, Retention
from orchestrator.types import Kind

BATCH = 500
FIRST, EVERY = 60.0, 3600.0
"""Seconds after the start, and between two runs."""
PAUSE = 0.05
"""Seconds between two batches: turns come first."""

log = structlog.get_logger("parley.retention")


class Removal:
    """Runs in the background between `open` and `close`. Several processes may: the store lets one work at a time."""

    def __init__(self, store: Retention, clock: Clock, settings: RetentionSettings) -> None:
        self.store = store
        self.clock = clock
        self.days = days(settings)
        self.task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self.task = asyncio.create_task(self.run(), name="parley-retention")

    async def close(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
            self.task = None

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.sleep(FIRST)
        while True:
            try:
                await self.remove()
            except Unavailable as error:
                log.warning("nothing removed", error=str(error))
            except Exception:
                log.exception("removing what is old broke")
            await asyncio.sleep(EVERY)

    async def remove(self) -> Mapping[Kind, int]:
        """Everything that is old now; how many of each kind went. Raises Unavailable."""
        gone: dict[Kind, int] = {}
        for kind, kept in self.days.items():
            before = self.clock.now() - timedelta(days=kept)
            while count := await self.store.prune(kind, before, BATCH):
                gone[kind] = gone.get(kind, 0) + count
                await asyncio.sleep(PAUSE)
        if gone:
            log.info("removed what was old", **{kind.replace(" ", "_"): count for kind, count in gone.items()})
        return gone


def days(settings: RetentionSettings) -> Mapping[Kind, float]:
    """By kind; what is kept for ever is left out."""
    wanted: dict[Kind, float] = {
        "conversations": settings.conversations_days,
        "traces": settings.traces_days,
        "deliveries": settings.deliveries_days,
        "late answers": settings.late_answers_days,
        "sessions": settings.sessions_days,
    }
    return {kind: kept for kind, kept in wanted.items() if kept}
