"""What engines are sent and what that may cost: counted at every call, checked against quotas, kept by the store.

A call is counted before it is made, so that callers side by side can't pass a quota together. What other processes used
is read whenever this one writes, so quotas of a cluster may be passed by what it sends within `SECONDS`.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date

import structlog

from orchestrator.errors import ParleyError
from orchestrator.ports import Clock, Translations
from orchestrator.types import Usage

# Between two writes: a busy engine makes one row dirty again and again.
SECONDS = 1.0

log = structlog.get_logger("parley.translation")

Place = tuple[str, date]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """Most characters an engine may be sent by an app, by UTC day and by month; 0: any number."""

    day: int = 0
    month: int = 0


class Meter:
    """One app's. Without a store it counts for this process only."""

    def __init__(self, app_id: str, clock: Clock, store: Translations | None = None) -> None:
        self.app_id = app_id
        self.clock = clock
        self.store = store
        self.known: dict[Place, Usage] = {}
        self.fresh: Counter[Place] = Counter()
        self.flying: list[Usage] = []
        self.calls: Counter[Place] = Counter()
        self.writing: asyncio.Task[None] | None = None
        self.closing = asyncio.Event()

    async def open(self) -> None:
        await self.read()

    async def close(self) -> None:
        """Waits for what is being written, and writes the rest."""
        self.closing.set()
        if self.writing is not None:
            await self.writing
        await self.write()

    def count(self, engine: str, characters: int) -> None:
        place = (engine, self.today())
        self.fresh[place] += characters
        self.calls[place] += 1
        if self.store is not None and self.writing is None:
            self.writing = asyncio.create_task(self.keep_writing(), name="parley-translation-meter")

    def refuses(self, engine: str, characters: int, quota: Quota) -> str:
        """Why so many characters more are too many; "" when they are not."""
        today = self.today()
        if quota.day and self.used(engine, today) + characters > quota.day:
            return f"daily quota of {quota.day} characters is used up"
        if quota.month and self.used(engine, today.replace(day=1)) + characters > quota.month:
            return f"monthly quota of {quota.month} characters is used up"
        return ""

    def used(self, engine: str, since: date) -> int:
        return sum(use.characters for use in self.uses() if use.engine == engine and use.day >= since)

    def uses(self) -> Sequence[Usage]:
        """Of this month, what is not written yet included."""
        fresh = [self.usage(place) for place in self.fresh]
        total: dict[Place, Usage] = {}
        for use in (*self.known.values(), *self.flying, *fresh):
            place = (use.engine, use.day)
            before = total.get(place)
            requests, characters = (before.requests, before.characters) if before else (0, 0)
            total[place] = replace(use, requests=requests + use.requests, characters=characters + use.characters)
        return list(total.values())

    def usage(self, place: Place) -> Usage:
        engine, day = place
        return Usage(
            app_id=self.app_id, engine=engine, day=day, requests=self.calls[place], characters=self.fresh[place]
        )

    def today(self) -> date:
        return self.clock.now().date()

    async def keep_writing(self) -> None:
        while self.fresh:
            await self.write()
            with suppress(TimeoutError):
                async with asyncio.timeout(SECONDS):
                    await self.closing.wait()
                return
        self.writing = None

    async def write(self) -> None:
        """What can't be written now is written with the next."""
        if self.store is None or not self.fresh:
            return
        self.flying = [self.usage(place) for place in self.fresh]
        self.fresh.clear()
        self.calls.clear()
        try:
            await self.store.spend(self.flying)
            await self.read()
        except ParleyError as error:
            log.warning("use of engines not written yet", error=str(error))
            for use in self.flying:
                self.fresh[use.engine, use.day] += use.characters
                self.calls[use.engine, use.day] += use.requests
        self.flying = []

    async def read(self) -> None:
        """What all processes used this month. Left as it was when the store can't say."""
        if self.store is None:
            return
        try:
            uses = await self.store.spent(self.app_id, self.today().replace(day=1))
        except ParleyError as error:
            log.warning("use of engines not read", error=str(error))
            self.known = {**self.known, **{(use.engine, use.day): self.together(use) for use in self.flying}}
            return
        self.known = {(use.engine, use.day): use for use in uses}

    def together(self, use: Usage) -> Usage:
        known = self.known.get((use.engine, use.day))
        if known is None:
            return use
        return replace(use, requests=known.requests + use.requests, characters=known.characters + use.characters)
