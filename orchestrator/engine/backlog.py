"""Whether there is room for more: before a platform is told that its event is kept, not after."""

import asyncio
from collections import Counter
from collections.abc import Mapping

import structlog

from orchestrator.errors import Unavailable
from orchestrator.ports import Clock, Store

FRESH = 0.5
"""Seconds a figure is believed before it turns somebody away."""
COME_AGAIN = 5.0

log = structlog.get_logger("parley.backlog")


class Backlog:
    """Conversations that wait for a turn, by app: as the store last counted them, and what was accepted here since.

    Nothing is counted per event. Between two counts this is too high by what was answered meanwhile; so nobody is
    turned away on a figure older than FRESH seconds.
    """

    def __init__(self, store: Store, clock: Clock, *, most: int, most_per_app: int, sweep: float) -> None:
        self.store = store
        self.clock = clock
        self.most = most
        self.most_per_app = most_per_app
        self.seconds = sweep
        self.figures: Counter[str] = Counter()
        self.total = 0
        self.counted = float("-inf")
        self.counting: asyncio.Task[None] | None = None

    def took(self, app_id: str) -> None:
        """One more was accepted."""
        self.figures[app_id] += 1
        self.total += 1

    def full(self, app_id: str) -> bool:
        return self.total >= self.most or self.figures[app_id] >= self.most_per_app

    async def admit(self, app_id: str) -> None:
        """Raises Unavailable, with the seconds until it is worth coming again."""
        if not self.full(app_id):
            return
        if self.clock.monotonic() - self.counted >= FRESH:
            await self.count()
        if self.full(app_id):
            raise Unavailable("too many conversations are waiting; come again", retry_after=COME_AGAIN)

    async def count(self) -> None:
        """Look into the store, once for all who ask meanwhile. Raises Unavailable."""
        if self.counting is None or self.counting.done():
            self.counting = asyncio.create_task(self.recount())
        await asyncio.shield(self.counting)

    async def recount(self) -> None:
        before = Counter(self.figures)
        found = await self.store.backlog(self.most + 1)
        self.settle(found, self.figures - before)

    def settle(self, found: Mapping[str, int], meanwhile: Counter[str]) -> None:
        """What was accepted while the store was counting may or may not be among what it found: it is added."""
        was_full = self.total >= self.most
        self.figures = Counter(found) + meanwhile
        self.total = self.figures.total()
        self.counted = self.clock.monotonic()
        if (self.total >= self.most) != was_full:
            log.warning("backlog full, refusing" if self.total >= self.most else "backlog has room", waiting=self.total)

    async def run(self) -> None:
        """Count every so often. Until cancelled."""
        while True:
            try:
                await self.count()
            except Unavailable as error:
                log.warning("backlog not counted", error=str(error))
            await asyncio.sleep(self.seconds)
