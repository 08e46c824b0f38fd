"""A Parley with its desk served on loopback, and agents who sign in to it."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from argon2 import PasswordHasher
from fastapi import FastAPI

from orchestrator.http import media
from orchestrator.http.desk import desk_routes
from orchestrator.http.passwords import Passwords, create_agent
from orchestrator.http.problems import MAX_BODY, install
from orchestrator.ports import Clock
from orchestrator.types import Agent, AgentRole
from tests.support.house import House, house, settings
from tests.support.serve import serving

PASSWORD = "four random words here"
PATIENCE = 10.0
WEB = Path(__file__).parents[2] / "web" / "desk"

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""As cheap as argon2 allows: these tests are not about its price."""


@dataclass
class Answer:
    status: int
    body: Any
    headers: Any = None

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])


@dataclass
class Browser:
    """One browser: a cookie jar, the page's origin, and the CSRF token its page has read."""

    url: str
    http: aiohttp.ClientSession
    csrf: str = ""
    agent_id: str = ""
    origin: str | None = None

    async def ask(self, method: str, path: str, **more: Any) -> Answer:
        headers = {"Origin": self.url if self.origin is None else self.origin, "X-Parley-CSRF": self.csrf}
        given = {key: value for key, value in {**headers, **more.pop("headers", {})}.items() if value}
        async with self.http.request(method, f"{self.url}/desk/api{path}", headers=given, **more) as response:
            text = await response.text()
            return Answer(response.status, json.loads(text), response.headers)

    async def get(self, path: str) -> Answer:
        return await self.ask("GET", path)

    async def post(self, path: str, **body: Any) -> Answer:
        return await self.ask("POST", path, json=body)

    async def sign_in(self, email: str, password: str = PASSWORD, app: str = "") -> Answer:
        answer = await self.post("/login", email=email, password=password, app=app)
        if answer.status == 200:
            self.csrf, self.agent_id = answer.body["csrf"], answer.body["agent"]["id"]
        return answer

    @asynccontextmanager
    async def tab(self, *watched: str) -> AsyncIterator["Tab"]:
        """A live line, after its hello."""
        headers = {"Origin": self.url if self.origin is None else self.origin}
        async with self.http.ws_connect(f"{self.url.replace('http', 'ws')}/desk/api/ws", headers=headers) as socket:
            tab = Tab(socket)
            await tab.until("hello")
            if watched:
                await tab.watch(*watched)
            yield tab


@dataclass
class Tab:
    socket: aiohttp.ClientWebSocketResponse
    frames: list[dict[str, Any]] = field(default_factory=list)

    async def watch(self, *ids: str) -> None:
        await self.socket.send_json({"type": "watch", "conversations": list(ids)})
        await self.until("watching")

    async def until(self, kind: str, **like: Any) -> dict[str, Any]:
        """The next frame of this kind with these values; what came before it is kept in `frames`."""
        async with asyncio.timeout(PATIENCE):
            while True:
                frame = await self.socket.receive_json()
                self.frames.append(frame)
                if frame["type"] == kind and all(frame.get(key) == value for key, value in like.items()):
                    return frame

    async def closed(self) -> int | None:
        """Read on until the server closes; its code."""
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await self.socket.receive()
                if message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
                    return self.socket.close_code
                if message.type is aiohttp.WSMsgType.TEXT:
                    self.frames.append(message.json())


@dataclass
class DeskHouse:
    parley: House
    url: str
    browsers: list[aiohttp.ClientSession]

    async def hire(
        self, name: str, role: AgentRole = "agent", teams: Sequence[str] = (), app: str = "shop", email: str = ""
    ) -> Agent:
        runtime = self.parley.runtime
        return await create_agent(
            runtime.store, runtime.clock, app, email or f"{name.lower()}@example.org", name, PASSWORD, role, teams,
            passwords=Passwords(QUICK),
        )  # fmt: skip

    def browser(self) -> Browser:
        session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.browsers.append(session)
        return Browser(self.url, session)

    async def at_work(self, name: str, role: AgentRole = "agent", teams: Sequence[str] = ()) -> Browser:
        """A new agent, signed in."""
        agent = await self.hire(name, role, teams)
        browser = self.browser()
        assert (await browser.sign_in(agent.email)).status == 200
        return browser

    async def waiting(self, address: str = "visitor", team: str = "", text: str = "a person please") -> str:
        """A conversation that waits for a person; its id. Needs the bot "person"."""
        await self.parley.hear(text, address=address)
        conversation = await self.parley.settled(address)
        assert conversation.handoff is not None
        return conversation.id


@asynccontextmanager
async def desk_house(
    folder: Path,
    *,
    clock: Clock | None = None,
    refusal: float = 0.0,
    public_url: str = "http://chat.example",
    **app: Any,
) -> AsyncIterator[DeskHouse]:
    """`app` configures the shop as in tests.support.house; a second app "other" stands beside it."""
    given = settings(folder, **{"bot": "person", **app})
    shop = given.apps["shop"]
    other = shop.model_copy(update={"channels": {"elsewhere": shop.channels["web"]}})
    async with house(folder, runtime={"apps": {"shop": shop, "other": other}}) as parley:
        browsers: list[aiohttp.ClientSession] = []
        web = FastAPI(max_body_size=MAX_BODY)
        install(web)
        runtime = parley.runtime
        web.router.routes.extend(media.router(runtime.files).routes)
        web.router.routes.extend(
            desk_routes(
                crew=runtime.engine,
                records=runtime.store,
                accounts=runtime.store,
                bus=runtime.bus,
                clock=clock or runtime.clock,
                files=runtime.files,
                apps=runtime.settings.apps,
                public_url=public_url,
                folder=WEB,
                office=runtime.office,
                passwords=Passwords(QUICK),
                refusal_seconds=refusal,
            ).routes  # fmt: skip
        )
        async with serving(web) as url:
            try:
                yield DeskHouse(parley, url, browsers)
            finally:
                for browser in browsers:
                    await browser.close()
