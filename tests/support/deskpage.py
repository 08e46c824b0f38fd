"""The desk in a real browser: signing in, accepting, and a live line that can be cut."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import BrowserContext, Page, Route, WebSocketRoute, expect

from tests.support.chromium import Chromium, chromium
from tests.support.desk import PASSWORD, DeskHouse, desk_house

MEMORY = """
[[entry]]
en = "How much does shipping cost?"
es = "¿Cuánto cuesta el envío?"

[[entry]]
en = "Let me get somebody."
es = "Voy a buscar a alguien."

[[entry]]
en = "Hello, I am Ada."
es = "Hola, soy Ada."

[[entry]]
en = "Thank you"
es = "Gracias"
"""
UNSIGNED = "401 (Unauthorized)"
"""Chromium reports each refused request by itself: asking who is signed in, before anybody is."""


@asynccontextmanager
async def at_the_desk(folder: Path, *expected: str, **app: object) -> AsyncIterator[tuple[DeskHouse, Chromium]]:
    (folder / "memory.toml").write_text(MEMORY)
    nlp = {"language": [], "sentiment": [], "wish": [], "memory": [folder / "memory.toml"], "translators": "none"}
    async with desk_house(folder, nlp=nlp, **app) as desk, chromium(UNSIGNED, *expected) as browser:
        yield desk, browser


async def sign_in(desk: DeskHouse, page: Page, email: str = "ada@example.org", password: str = PASSWORD) -> None:
    await page.goto(f"{desk.url}/desk")
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Sign in").click()


async def working(desk: DeskHouse, browser: Chromium, name: str = "Ada", **options: object) -> Page:
    await desk.hire(name)
    page = await browser.page(**options)
    await sign_in(desk, page, f"{name.lower()}@example.org")
    await expect(page.locator(".line-state")).to_have_text("Live")
    return page


async def taken(desk: DeskHouse, page: Page, address: str = "visitor") -> str:
    """Accepts the case that waits; its conversation's id."""
    await page.locator(".line").first.click()
    await page.locator(".thread-head").get_by_role("button", name="Accept").click()
    await expect(page.locator(".thread-head")).to_contain_text("With you")
    return (await desk.parley.conversation(address)).id


class Hold:
    """Keeps a request back until it is let go."""

    def __init__(self) -> None:
        self.free = asyncio.Event()

    async def __call__(self, route: Route) -> None:
        await self.free.wait()
        await route.continue_()


class Line:
    """The page's live line through our hands: it can be cut, kept down, and lose what the server says."""

    def __init__(self) -> None:
        self.down = False
        self.mute = False
        self.sockets: list[WebSocketRoute] = []

    async def lay(self, context: BrowserContext) -> None:
        await context.route_web_socket("**/desk/api/ws", self.connect)

    async def connect(self, socket: WebSocketRoute) -> None:
        if self.down:
            await socket.close(code=1013)
            return
        self.sockets.append(socket)
        server = socket.connect_to_server()
        server.on_message(lambda frame: None if self.mute else socket.send(frame))

    async def cut(self) -> None:
        self.down = True
        for socket in self.sockets:
            await socket.close(code=1012)
        self.sockets.clear()
