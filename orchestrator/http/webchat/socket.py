"""`/webchat/{channel}/ws`: frames both ways over one WebSocket per open page.

Close codes: 1008 too many unreadable frames, 1009 frame too large, 1012 the server stops, 1013 try again later, 4401
token missing, expired or forged, 4403 another site's page, 4404 no such channel, 4408 no hello in time, 4429 too many
connections.
"""

import asyncio

import structlog
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from connectors.webchat import wire
from connectors.webchat.wire import Hello, Ready, Resume, Start, client_id_of, read_frame
from orchestrator.errors import Forbidden, Malformed, NotFound, ParleyError, Throttled, TooLarge, Unauthenticated
from orchestrator.http.webchat.allowance import Allowance
from orchestrator.http.webchat.channels import Directory, Open, Services
from orchestrator.http.webchat.crowd import Crowd, Place
from orchestrator.http.webchat.door import Door
from orchestrator.http.webchat.feed import Feed
from orchestrator.http.webchat.line import Line
from orchestrator.http.webchat.visit import Visit, problem_frame

log = structlog.get_logger("parley.webchat")

HELLO_SECONDS = 10.0
MOST_UNREADABLE = 20

CLOSE_CODES: dict[type[ParleyError], int] = {
    Unauthenticated: 4401,
    Forbidden: 4403,
    NotFound: 4404,
    Throttled: 4429,
    TooLarge: 1009,
    Malformed: 1008,
}


class Sockets:
    """An ASGI application. What it holds while it waits, it holds for every open page: so it soon waits in `run`."""

    def __init__(self, directory: Directory, door: Door, services: Services, crowd: Crowd) -> None:
        self.directory = directory
        self.door = door
        self.services = services
        self.crowd = crowd

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        line = Line(receive, send)
        # Accepted before it is refused: a browser shows scripts the code of a close, but not of a failed handshake.
        await line.accept()
        connection = await self.meet(scope, line)
        if connection is not None:
            await connection.run()

    async def meet(self, scope: Scope, line: Line) -> "Connection | None":
        """None when it was refused."""
        try:
            found = self.directory.find(scope["path_params"]["channel"])
            self.door.check(HTTPConnection(scope), found.channel)
        except ParleyError as error:
            await line.close(CLOSE_CODES[type(error)], str(error))
            return None
        scope["headers"] = []  # nobody else reads them, and they are a kilobyte
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                hello = await self.hello(line, found)
        except TimeoutError:
            await line.close(4408, "no hello")
            return None
        return await self.admit(line, found, hello, scope["client"]) if hello is not None else None

    async def hello(self, line: Line, found: Open) -> Hello | None:
        """The first frame; None when there was none to go on with."""
        data = await line.receive()
        if data is None:
            return None
        try:
            frame = read_frame(fitting(data, found))
            if not isinstance(frame, Hello):
                raise Unauthenticated("the first frame must be 'hello', with a token")
        except ParleyError as error:
            await refuse(line, error, problem_frame(error, found, ""))
            return None
        return frame

    async def admit(self, line: Line, found: Open, hello: Hello, client: tuple[str, int] | None) -> "Connection | None":
        try:
            visit = Visit(found, self.services, hello.token, hello.language)
        except ParleyError as error:
            await refuse(line, error, problem_frame(error, found, hello.language))
            return None
        place = self.crowd.joined(found.channel, visit.visitor.id, client[0] if client else "")
        return Connection(line, visit, self.services, place, hello)


class Connection:
    """One open page: frames in, and a feed of its conversation out."""

    __slots__ = ("allowance", "followed", "following", "hello", "line", "place", "services", "unreadable", "visit")

    def __init__(self, line: Line, visit: Visit, services: Services, place: Place, hello: Hello) -> None:
        self.line = line
        self.visit = visit
        self.services = services
        self.place = place
        self.hello: Hello | None = hello
        self.allowance = Allowance(services.clock)
        self.unreadable = 0
        self.following: asyncio.Task[None] | None = None
        self.followed = ""

    async def run(self) -> None:
        """Until either side ends it."""
        try:
            with self.place:
                await self.begin()
                while (data := await self.line.receive()) is not None:
                    await self.take(data)
        except ParleyError as error:
            await refuse(self.line, error, self.visit.problem(error))
        finally:
            await self.unfollow()

    async def begin(self) -> None:
        """The hello is done with then: its token alone is as long as all that a connection keeps of a visitor."""
        hello, self.hello = self.hello, None
        if hello is None:
            return
        if hello.context is not None:
            await self.visit.set_context(hello.context, hello.language)
        await self.look(hello.after)

    async def take(self, data: str | bytes) -> None:
        """Errors of one frame are answered and forgotten; those of the connection are raised."""
        fitting(data, self.visit.found)
        self.visit.check_expiry()
        try:
            self.allowance.take()
            frame = read_frame(data)
            address = self.visit.visitor.address
            if isinstance(frame, Resume):
                await self.look(frame.after)
                return
            for answer in await self.visit.take(frame):
                await self.line.send(answer)
            if self.visit.visitor.address != address:
                await self.look(0)
            elif isinstance(frame, wire.Send | Start) and self.visit.conversation_id != self.followed:
                await self.follow(0)
        except ParleyError as error:
            self.count(error)
            await self.line.send(self.visit.problem(error, client_id_of(data)))

    def count(self, error: ParleyError) -> None:
        """Raises Malformed once somebody sends nothing but rubbish."""
        if isinstance(error, Malformed):
            self.unreadable += 1
            if self.unreadable >= MOST_UNREADABLE:
                raise Malformed("too many unreadable frames") from None

    async def look(self, after: int) -> None:
        """Follow the visitor's conversation, if there is one by now."""
        if await self.visit.find() is not None:
            await self.follow(after)
            return
        await self.unfollow()
        await self.line.send(Ready())

    async def follow(self, after: int) -> None:
        await self.unfollow()
        self.followed = self.visit.conversation_id
        if self.followed:
            self.following = asyncio.create_task(self.pump(self.followed, after))

    async def unfollow(self) -> None:
        following, self.following, self.followed = self.following, None, ""
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    async def pump(self, conversation_id: str, after: int) -> None:
        """Everything new, until the bus or the store gives up; then the widget is to come again."""
        app_id = self.visit.channel.app_id
        try:
            async with self.services.bus.subscribe(app_id, conversation_id) as news:
                conversation = await self.services.records.conversation(app_id, conversation_id)
                feed = Feed(self.services, conversation, after)
                await self.line.send(await feed.ready())
                async for live in news:
                    for frame in await feed.hear(live):
                        await self.line.send(frame)
            await self.line.close(1012, "the server stops")
        except ParleyError as error:
            await self.line.send(self.visit.problem(error))
            await self.line.close(1013, "try again")
        except Exception:
            log.exception("web chat feed broke", conversation_id=conversation_id)
            await self.line.close(1011, "internal error")


async def refuse(line: Line, error: ParleyError, problem: wire.Problem) -> None:
    await line.send(problem)
    await line.close(next((code for kind, code in CLOSE_CODES.items() if isinstance(error, kind)), 1013))


def fitting(data: str | bytes, found: Open) -> str | bytes:
    """Raises TooLarge over the channel's limit; a text is measured in bytes only when it could pass it."""
    most = found.channel.max_bytes
    if len(data) > most or (isinstance(data, str) and len(data) * 4 > most and len(data.encode()) > most):
        raise TooLarge(f"the frame is larger than {most} bytes")
    return data
