"""/desk/api/ws: one socket per tab. The database holds the truth; this brings the news of it.

From the desk: `{"type": "watch", "conversations": [id …]}`, `{"type": "typing", "conversation_id", "on"}`,
`{"type": "ping"}`. To the desk: hello, message, typing, marks, conversation, gone, counters, watching, pong, problem,
and resync (something was missed: read again). Close codes: 4401 signed out, 4403 another site's page, 4400 unreadable
frame, 4429 too many frames.
"""

import asyncio
import contextlib
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import Field, TypeAdapter, ValidationError

from orchestrator.errors import Forbidden, ParleyError, Unauthenticated, Unavailable
from orchestrator.http.desk.counters import Counters
from orchestrator.http.desk.crew import Crew
from orchestrator.http.desk.frames import Frames
from orchestrator.http.desk.names import LiveRows, Names
from orchestrator.http.desk.sessions import COOKIE, Sessions, SignedIn
from orchestrator.http.desk.sight import check, holder
from orchestrator.http.desk.tabs import LIFE_SECONDS, Tabs
from orchestrator.http.desk.wire import Form, check_origin
from orchestrator.http.problems import status_of
from orchestrator.http.sections import DESK
from orchestrator.ports import Bus, Clock, Records, Subscription
from orchestrator.types import SignedOut

SIGNED_OUT, FOREIGN, UNREADABLE, TOO_MANY = 4401, 4403, 4400, 4429
AWAY = 1013
"""Try again later: the database can't be reached."""
LARGEST_FRAME = 16_384
FRAMES, PER_SECONDS = 200, 10.0
"""Frames a tab may send per window: many times what typing takes."""

MOST_WATCHED = 20
COUNT_SECONDS = 0.25
"""How long changes are gathered before the counters are told."""

Id = Annotated[str, Field(max_length=64)]


class Watch(Form):
    type: Literal["watch"]
    conversations: Annotated[list[Id], Field(max_length=MOST_WATCHED)]


class TypingFrame(Form):
    type: Literal["typing"]
    conversation_id: Id
    on: bool


class Ping(Form):
    type: Literal["ping"]


Said = TypeAdapter[Watch | TypingFrame | Ping](Annotated[Watch | TypingFrame | Ping, Field(discriminator="type")])


class Ended(Exception):
    """The tab must close, with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Tab:
    def __init__(
        self,
        socket: WebSocket,
        who: SignedIn,
        *,
        crew: Crew,
        records: Records,
        bus: Bus,
        clock: Clock,
        sessions: Sessions,
        tabs: Tabs,
        live_rows: LiveRows,
        counters: Counters,
    ) -> None:
        self.socket = socket
        self.who = who
        self.crew = crew
        self.records = records
        self.bus = bus
        self.clock = clock
        self.sessions = sessions
        self.tabs = tabs
        self.frames = Frames(who.agent, live_rows)
        self.counters = counters
        self.changed = asyncio.Event()
        self.over = False
        self.window, self.received = clock.monotonic(), 0

    async def run(self) -> int:
        """Until either side ends it; the code to close with."""
        code = 1000
        agent = self.who.agent
        with self.tabs.joined(self.who.session) as ended:
            try:
                async with self.bus.subscribe(agent.app_id) as news, asyncio.TaskGroup() as group:
                    for job in (self.listen(), self.tell(news), self.live(), self.count(), self.until(ended)):
                        group.create_task(job)
            except* WebSocketDisconnect:
                pass
            except* Ended as stops:
                code = next(stop.code for stop in leaves(stops) if isinstance(stop, Ended))
            except* Unavailable:
                code = AWAY
        if not (ended.is_set() or self.over):
            await self.tabs.left(agent)
        return code

    async def until(self, ended: asyncio.Event) -> None:
        await ended.wait()
        raise Ended(SIGNED_OUT)

    async def send(self, frame: dict[str, Any]) -> None:
        await self.socket.send_text(orjson.dumps(frame).decode())

    async def listen(self) -> None:
        while True:
            text = await self.socket.receive_text()
            self.limit(text)
            try:
                said = Said.validate_json(text)
            except ValidationError:
                raise Ended(UNREADABLE) from None
            try:
                await self.hear(said)
            except ParleyError as error:
                await self.send({"type": "problem", "code": status_of(error)[1], "message": str(error)})

    def limit(self, text: str) -> None:
        now = self.clock.monotonic()
        if now - self.window > PER_SECONDS:
            self.window, self.received = now, 0
        self.received += 1
        if self.received > FRAMES or len(text) > LARGEST_FRAME:
            raise Ended(TOO_MANY if self.received > FRAMES else UNREADABLE)

    async def hear(self, said: Watch | TypingFrame | Ping) -> None:
        agent = self.who.agent
        match said:
            case Ping():
                await self.send({"type": "pong"})
            case Watch(conversations=ids):
                for one in ids:
                    check(agent, await self.records.conversation(agent.app_id, one))
                self.frames.watch(set(ids))
                await self.send({"type": "watching", "conversations": ids})
            case TypingFrame(conversation_id=one, on=on):
                conversation = await self.records.conversation(agent.app_id, one)
                if holder(check(agent, conversation)) == agent.id:
                    await self.crew.typing(agent.app_id, one, "agent", agent.id, on)

    async def tell(self, news: Subscription) -> None:
        await self.send({"type": "hello", "agent_id": self.who.agent.id})
        async for event in news:
            if event is None:
                self.frames.missed()
                await self.send({"type": "resync"})
            if event is None or event.kind == "conversation":
                self.counters.changed(self.who.agent.app_id)
                self.changed.set()
            if isinstance(event, SignedOut):
                await self.heed(event)
            elif event is not None:
                async for frame in self.frames.of(event):
                    await self.send(frame)

    async def heed(self, event: SignedOut) -> None:
        """A session was ended somewhere. If it is another one of this agent's, they are online all the same."""
        if event.digest == self.who.session.digest:
            self.over = True
            raise Ended(SIGNED_OUT)
        if event.agent_id == self.who.agent.id:
            await self.tabs.alive(self.who.agent)

    async def live(self) -> None:
        """Online as long as the tab is; signed out as soon as the session, or the account, is over."""
        while True:
            try:
                self.who = await self.sessions.of(self.socket.cookies.get(COOKIE))
            except Unauthenticated:
                raise Ended(SIGNED_OUT) from None
            self.frames.agent = self.who.agent
            await self.tabs.alive(self.who.agent)
            await asyncio.sleep(LIFE_SECONDS)

    async def count(self) -> None:
        # While no tab was open, nobody heard of changes.
        self.counters.changed(self.who.agent.app_id)
        while True:
            await self.send(await self.counters.frame(self.who.agent))
            await self.changed.wait()
            await asyncio.sleep(COUNT_SECONDS)
            self.changed.clear()


def leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    return [
        leaf
        for error in group.exceptions
        for leaf in (leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    ]


def live_routes(
    crew: Crew,
    records: Records,
    bus: Bus,
    clock: Clock,
    sessions: Sessions,
    tabs: Tabs,
    names: Names,
    counters: Counters,
) -> APIRouter:
    router = DESK.router()
    live_rows = LiveRows(names)

    @router.websocket("/ws")
    async def socket(socket: WebSocket) -> None:
        try:
            check_origin(socket.headers.get("origin"), socket.headers.get("host", ""), sessions.public_url)
        except Forbidden:
            await socket.close(FOREIGN)  # before accepting: the browser sees HTTP 403
            return
        await socket.accept()
        code = await served(socket)
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await socket.close(code)

    async def served(socket: WebSocket) -> int:
        """The code to close with."""
        try:
            who = await sessions.of(socket.cookies.get(COOKIE))
        except Unauthenticated:
            return SIGNED_OUT
        except Unavailable:
            return AWAY
        tab = Tab(
            socket, who, crew=crew, records=records, bus=bus, clock=clock,
            sessions=sessions, tabs=tabs, live_rows=live_rows, counters=counters,
        )  # fmt: skip
        return await tab.run()

    return router
