"""One platform being played: its stand-in, who delivers for it, what goes wrong, and what was on the wire."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from orchestrator.ports import Fault, Shown, StandIn
from orchestrator.simulate.courier import Courier
from orchestrator.types import Part, RawRequest, RawResponse

MOST_SIGHTS = 200
MOST_USERS = 100
LONGEST_BODY = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One exchange as it was on the wire: a call of the platform's API ("in"), or a webhook of its ("out")."""

    number: int
    direction: Literal["in", "out"]
    method: str
    path: str
    body: str
    status: int = 0
    answer: str = ""


class Platform:
    """`version` grows whenever there is something new to look at."""

    def __init__(self, channel_id: str, stand_in: StandIn, hook: str, *, seed: int | None = None) -> None:
        self.channel_id = channel_id
        self.stand_in = stand_in
        self.courier = Courier(hook, self.delivered, seed=seed)
        self.faults: deque[Fault | Literal["silent"]] = deque()
        self.sights: deque[Sight] = deque(maxlen=MOST_SIGHTS)
        self.users: dict[str, None] = {}
        self.version = 0
        self.changed = asyncio.Condition()
        self.count = 0
        self.closed = False

    async def call(self, request: RawRequest) -> RawResponse | None:
        """What the platform answers; None when it took the call and its answer was lost."""
        fault = self.faults.popleft() if self.faults else None
        answer = self.stand_in.refuse(fault) if fault and fault != "silent" else self.stand_in.serve(request)
        self.saw("in", request, answer.status, readable(answer.body))
        await self.deliver(self.stand_in.drain())
        return None if fault == "silent" else answer

    async def say(self, user: str, part: Part) -> None:
        """Raises what the stand-in raises for a user who can't say this."""
        if len(self.users) >= MOST_USERS and user not in self.users:
            del self.users[next(iter(self.users))]
        self.users[user] = None
        await self.deliver(self.stand_in.say(user, part))

    async def deliver(self, requests: Sequence[RawRequest]) -> None:
        self.courier.take(requests)
        await self.tell()

    async def delivered(self, request: RawRequest, status: int, answer: str) -> None:
        self.saw("out", request, status, answer)
        await self.tell()

    def saw(self, direction: Literal["in", "out"], request: RawRequest, status: int, answer: str) -> None:
        self.count += 1
        self.sights.append(
            Sight(
                number=self.count,
                direction=direction,
                method=request.method,
                path=request.path if direction == "in" else urlsplit(self.courier.hook).path,
                body=readable(request.body),
                status=status,
                answer=answer,
            )
        )

    async def tell(self) -> None:
        async with self.changed:
            self.version += 1
            self.changed.notify_all()

    async def newer(self, than: int, seconds: float) -> int:
        """The version, once it is newer than that, or after so many seconds."""
        try:
            async with asyncio.timeout(seconds), self.changed:
                await self.changed.wait_for(lambda: self.version > than or self.closed)
        except TimeoutError:
            pass
        return self.version

    async def close(self) -> None:
        """Whoever waits for something new waits no longer."""
        self.closed = True
        await self.tell()
        await self.courier.close()

    def shown(self, user: str) -> Sequence[Shown]:
        return self.stand_in.shown(user)


def readable(body: bytes) -> str:
    text = body[:LONGEST_BODY].decode(errors="replace")
    return text if text.isprintable() or "\n" in text or "{" in text else f"({len(body)} bytes)"
