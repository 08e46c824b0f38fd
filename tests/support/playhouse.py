"""A platform's stand-in behind a real HTTP server, and a whole Parley whose channel "it" talks to it."""

import asyncio
import importlib
import io
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from orchestrator.adapters.clock import SystemClock
from orchestrator.http.hooks import routes
from orchestrator.ports import Fault, Shown, StandIn
from orchestrator.site import hook_channels
from orchestrator.types import Outgoing, Part, RawRequest, RawResponse, Text
from tests.support.house import House
from tests.support.site import listening
from tests.support.turns import NOON
from tests.support.web import Front, front

PATIENCE = 10.0
CHANNEL = "it"


@dataclass
class Stage:
    """The stand-in's own server: it keeps what it was called with, and refuses the next calls as told.

    Only those of `faulty`, where that is given: channels also call by themselves, at their start say.
    The next `silent` calls it takes, and hangs up without an answer.
    """

    stand_in: StandIn
    url: str = ""
    faults: list[Fault] = field(default_factory=list)
    faulty: str = ""
    silent: int = 0
    calls: list[RawRequest] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.Response:
        called = RawRequest(
            method=request.method,
            path=request.path,
            headers={name.lower(): value for name, value in request.headers.items()},
            query=dict(request.query),
            body=await request.read(),
        )
        self.calls.append(called)
        answer = self.answer(called)
        self.news.set()
        if self.silent and request.transport:
            self.silent -= 1
            request.transport.abort()
        headers = {**answer.headers, "content-type": answer.media_type}
        return web.Response(status=answer.status, body=answer.body, headers=headers)

    def answer(self, called: RawRequest) -> RawResponse:
        if self.faults and called.path.endswith(self.faulty):
            return self.stand_in.refuse(self.faults.pop(0))
        return self.stand_in.serve(called)


@dataclass
class Play:
    """A user of the platform, and Parley behind the hook."""

    stage: Stage
    front: Front

    @property
    def stand_in(self) -> Any:
        return self.stage.stand_in

    @property
    def house(self) -> House:
        return self.front.house

    async def say(self, user: str, part: Part | str) -> list[int]:
        """Post what the platform posts when this user says so; the hook's statuses."""
        return await self.post(self.stand_in.say(user, Text(text=part) if isinstance(part, str) else part))

    async def post(self, requests: Sequence[RawRequest]) -> list[int]:
        return [await self.deliver(request) for request in requests]

    async def deliver(self, request: RawRequest) -> int:
        url = f"{self.front.url}/hooks/{CHANNEL}"
        async with self.front.session.request(
            request.method,
            url,
            params=request.query,
            headers=request.headers,
            data=io.BytesIO(request.body) if request.body else None,
        ) as answer:
            await answer.read()
            return answer.status

    async def until(self, user: str, seen: Callable[[Sequence[Shown]], bool]) -> Sequence[Shown]:
        """The user's screen once it shows what is waited for; what the platform has to post meanwhile is posted."""
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    self.stage.news.clear()
                    await self.post(self.stand_in.drain())
                    screen: Sequence[Shown] = self.stand_in.shown(user)
                    if seen(screen):
                        return screen
                    await self.stage.news.wait()
        except TimeoutError:
            raise AssertionError(f"not seen; the screen: {self.stand_in.shown(user)}") from None

    async def answered(self, user: str, words: str) -> Shown:
        """The newest message of ours that holds these words."""
        screen = await self.until(user, lambda all_: any(holds(one, words) for one in all_))
        return next(one for one in reversed(screen) if holds(one, words))

    async def settled(
        self, address: str, count: int = 1, *, passing: Collection[str] = ("pending",)
    ) -> Sequence[Outgoing]:
        """The `count` messages that were sent there, once all have left the states that will pass."""
        conversation = await self.house.settled(address)
        async with asyncio.timeout(PATIENCE):
            while True:
                rows = await self.house.runtime.store.deliveries(conversation.id)
                if len(rows) == count and all(row.state not in passing for row in rows):
                    return rows
                await asyncio.sleep(0.01)


def holds(shown: Shown, words: str) -> bool:
    return not shown.mine and any(words in repr(part) for part in shown.parts)


@asynccontextmanager
async def staged(stand_in: StandIn) -> AsyncIterator[Stage]:
    """The stand-in's API on a free port."""
    stage = Stage(stand_in)
    async with listening(web.route("*", "/{path:.*}", stage.handle)) as stage.url:
        yield stage


def made(kind: str, clock: Any) -> StandIn:
    stand_in: StandIn = importlib.import_module(f"connectors.{kind}").stand_in(clock)
    return stand_in


@asynccontextmanager
async def playing(
    folder: Path,
    kind: str,
    *,
    channel: Mapping[str, Any] | None = None,
    stand_in: StandIn | None = None,
    **app: Any,
) -> AsyncIterator[Play]:
    """`channel` goes over the stand-in's own settings, `app` as in `house`; `stand_in` if it is not the usual one."""
    stand_in = stand_in or made(kind, SystemClock())
    async with staged(stand_in) as stage:
        settings = {**stand_in.settings(stage.url), "rate": 10_000, **(channel or {})}
        channels = {"web": {"kind": "webchat"}, CHANNEL: settings}
        async with front(folder, hook_routes, channels=channels, **app) as opened:
            opened.house.channel = CHANNEL
            yield Play(stage, opened)


def hook_routes(house: House) -> Sequence[Any]:
    runtime = house.runtime
    return routes(hook_channels(runtime), runtime.engine, runtime.bus)


def outgoing(address: str, **more: Any) -> Outgoing:
    """A row of the outbox for an address, but for what is given."""
    given: dict[str, Any] = {"id": "out-1", "app_id": "shop", "conversation_id": "c", "channel_id": CHANNEL}
    given |= {"message_id": "m", "seq": 1, "epoch": 0, "due_at": NOON, "address": address}
    return Outgoing(**(given | more))
