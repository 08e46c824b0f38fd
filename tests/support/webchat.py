"""A widget's side of the web chat, over real HTTP and WebSocket."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import orjson
from starlette.routing import BaseRoute

from orchestrator.http import media, webchat
from orchestrator.site import WEB
from tests.support.house import PATIENCE, House
from tests.support.web import Front, front

SECRET = "the server's secret, long enough for everybody"
BOTS = {name: {"kind": "python", "bot": f"tests.support.chatbots:{name}"} for name in ("hostile", "asks")}
IDENTITY = "the shop's own key, with 32 characters or more"


def mount(house: House) -> Sequence[BaseRoute]:
    runtime = house.runtime
    services = webchat.Services(
        engine=runtime.engine,
        records=runtime.store,
        accounts=runtime.store,
        bus=runtime.bus,
        files=runtime.files,
        clock=runtime.clock,
    )
    channels = webchat.web_channels(runtime.apps)
    return [*webchat.routes(channels, services, secret=SECRET, web=WEB), *media.router(runtime.files).routes]


def channel(**settings: Any) -> dict[str, Any]:
    """The configuration of the channel "web"."""
    return {"web": {"kind": "webchat", "identity_secret": IDENTITY, **settings}}


@asynccontextmanager
async def chat_front(folder: Path, *, bot: str = "echo", **settings: Any) -> AsyncIterator[Front]:
    async with front(folder, mount, bot=bot, bots=BOTS, channels=channel(**settings)) as opened:
        yield opened


def identity(front: Front, key: str = IDENTITY, *, algorithm: str = "HS256", **claims: Any) -> str:
    """What the shop's server would sign for its customer."""
    now = front.house.runtime.clock.now()
    given = {"sub": "customer-7", "exp": now + timedelta(hours=1), **claims}
    return jwt.encode({name: value for name, value in given.items() if value is not None}, key, algorithm=algorithm)


@dataclass
class Visitor:
    """One browser: its tokens, and the requests it makes."""

    front: Front
    token: str = ""
    resume: str = ""

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def arrive(self, **asked: Any) -> dict[str, Any]:
        answer = await self.front.post("/webchat/web/session", {"resume": self.resume, **asked})
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.json
        self.token, self.resume = found["token"], found["resume"]
        return found

    async def post(self, **frame: Any) -> Any:
        return await self.front.ask("POST", "/webchat/web/messages", json=frame, headers=self.bearer)

    async def get(self, path: str) -> Any:
        return await self.front.ask("GET", f"/webchat/web/{path}", headers=self.bearer)

    async def upload(self, data: bytes, mime: str, name: str = "file") -> Any:
        return await self.front.ask(
            "POST",
            "/webchat/web/upload",
            data=data,
            params={"name": name},
            headers={**self.bearer, "Content-Type": mime},
        )

    @asynccontextmanager
    async def connect(self, *, after: int = 0, hello: bool = True, **more: Any) -> AsyncIterator["Socket"]:
        headers = {"Origin": more.pop("origin")} if "origin" in more else {}
        address = f"{self.front.url}/webchat/{more.pop('channel', 'web')}/ws"
        async with self.front.session.ws_connect(address, max_msg_size=0, headers=headers) as line:
            socket = Socket(line)
            if hello:
                await socket.send(type="hello", token=self.token, after=after, **more)
            yield socket


@dataclass
class Socket:
    line: aiohttp.ClientWebSocketResponse

    async def send(self, **frame: Any) -> None:
        await self.line.send_bytes(orjson.dumps(frame))

    async def raw(self, data: str) -> None:
        await self.line.send_str(data)

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            message = await self.line.receive()
        assert message.type is aiohttp.WSMsgType.TEXT, (message, self.line.close_code)
        frame: dict[str, Any] = orjson.loads(message.data)
        return frame

    async def until(self, kind: str, **wanted: Any) -> dict[str, Any]:
        """The next frame of this kind with these fields; others are passed over."""
        while True:
            frame = await self.next()
            if frame["type"] == kind and all(frame[name] == value for name, value in wanted.items()):
                return frame

    async def says(self, text: str) -> dict[str, Any]:
        """The next message that holds this text, whether it comes alone or in a snapshot."""
        while True:
            frame = await self.next()
            for each in (*frame.get("messages", ()), *([frame] if frame["type"] == "message" else ())):
                if text in words(each):
                    return dict(each)

    async def closed(self) -> int | None:
        """The code it is closed with; frames before that are passed over."""
        async with asyncio.timeout(PATIENCE):
            while (await self.line.receive()).type not in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
                pass
        return self.line.close_code


def words(frame: dict[str, Any]) -> str:
    return " | ".join(part.get("text") or part.get("title") or part["kind"] for part in frame["parts"])
