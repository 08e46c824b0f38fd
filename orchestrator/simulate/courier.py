"""Posting a platform's webhooks to a hook: in order as a rule; twice, late and out of order on demand."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import structlog

from orchestrator.errors import ParleyError
from orchestrator.ports import Http
from orchestrator.types import RawRequest

log = structlog.get_logger("parley.simulate")

Seen = Callable[[RawRequest, int, str], Awaitable[None]]
"""Told of each try: its status, 0 when there was no answer, and what was answered."""

TRIES = 6
FIRST_PAUSE = 0.2
"""Seconds until the second try; each one after that waits twice as long. Real platforms wait minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How a platform delivers. `late` is in seconds; `shuffled` mixes up what waits to be delivered."""

    twice: bool = False
    shuffled: bool = False
    late: float = 0.0


class Courier:
    """One at a time, each until it is taken: what is answered with 429 or 5xx, or not at all, comes again."""

    def __init__(self, hook: str, seen: Seen, *, seed: int | None = None) -> None:
        self.http: Http | None = None
        self.hook = hook
        self.seen = seen
        self.habits = Habits()
        self.waiting: list[RawRequest] = []
        self.chance = random.Random(seed)
        self.given_up = 0
        self.task: asyncio.Task[None] | None = None

    def open(self, http: Http) -> None:
        self.http = http

    def take(self, requests: Sequence[RawRequest]) -> None:
        for request in requests:
            self.waiting += [request] * (2 if self.habits.twice else 1)
        if self.waiting and self.task is None:
            self.task = asyncio.create_task(self.work())

    async def work(self) -> None:
        try:
            while self.waiting:
                if self.habits.late:
                    await asyncio.sleep(self.habits.late)
                await self.insist(self.next())
        finally:
            self.task = None

    def next(self) -> RawRequest:
        return self.waiting.pop(self.chance.randrange(len(self.waiting)) if self.habits.shuffled else 0)

    async def insist(self, request: RawRequest) -> None:
        pause, why = FIRST_PAUSE, ""
        for _ in range(TRIES):
            status, why = await self.post(request)
            await self.seen(request, status, why)
            if status and status != 429 and status < 500:
                if status >= 400:
                    log.warning("the hook refused a delivery", status=status, hook=self.hook, answer=why)
                return
            await asyncio.sleep(pause)
            pause *= 2
        self.given_up += 1
        log.warning("a delivery was given up", hook=self.hook, error=why)

    async def post(self, request: RawRequest) -> tuple[int, str]:
        """The status, 0 when there was no answer."""
        if self.http is None:
            return 0, "not open"
        query = f"?{urlencode(request.query)}" if request.query else ""
        try:
            answer = await self.http.request(
                request.method,
                self.hook + query,
                headers=request.headers,
                body=request.body,
                trusted=True,
                redirects=False,
            )
        except ParleyError as error:
            return 0, str(error)
        return answer.status, answer.body[:200].decode(errors="replace")

    async def close(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
