"""A shop's page with the chat on it, in a real browser, and a cable between that can be pulled."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Locator, Page

from orchestrator.types import Agent, Text
from tests.support import bots
from tests.support.cable import Cable, cable
from tests.support.chromium import Chromium, chromium
from tests.support.hostpage import host_page
from tests.support.web import Front
from tests.support.webchat import chat_front

PULLED = ("WebSocket connection", "ERR_", "Failed to load resource")
"""What Chromium says by itself when a cable is pulled."""


PROBES = (Path(__file__).parents[1] / "browser" / "widget_probes.js").read_text(encoding="utf-8").partition("\n")[2]


@dataclass
class Stage:
    front: Front
    browser: Chromium
    cable: Cable
    shop: str

    async def page(self, context: BrowserContext | None = None, *, opened: bool = True, **options: Any) -> Page:
        page = await self.browser.page(context, **options)
        await page.goto(self.shop)
        await page.locator("parley-chat .launcher").wait_for()
        if opened:
            await page.locator("parley-chat .launcher").click()
        return page

    async def conversation(self) -> Any:
        (found,) = await self.front.house.runtime.store.conversations("shop")
        return found

    async def lines(self) -> list[str]:
        return await self.front.house.lines((await self.conversation()).address)

    async def accepted(self, name: str = "Ada Bell") -> tuple[Agent, str]:
        """An agent has the one conversation."""
        agent = self.front.house.agent(name)
        await self.front.house.runtime.store.add_agent(agent)
        conversation = await self.conversation()
        await self.front.house.runtime.engine.desk.accept("shop", conversation.id, agent)
        return agent, conversation.id

    async def says(self, agent: Agent, conversation_id: str, text: str) -> None:
        await self.front.house.runtime.engine.desk.say("shop", conversation_id, agent, (Text(text=text),))


@asynccontextmanager
async def stage(
    folder: Path, *expected: str, bot: str = "echo", sockets: bool = True, language: str = "en", **settings: Any
) -> AsyncIterator[Stage]:
    bots.reset()
    async with (
        chat_front(folder, bot=bot, origins=["*"], **settings) as front,
        cable(front.url, sockets=sockets) as line,
        host_page(line.url, language=language) as shop,
        chromium(*expected) as browser,
    ):
        yield Stage(front, browser, line, shop)


def log(page: Page) -> Locator:
    return page.locator("parley-chat [role=log]")


def own(page: Page) -> Locator:
    return log(page).locator(".msg.own")


async def probe(page: Page, name: str, given: Any = None) -> Any:
    return await page.evaluate(f"(given) => ({PROBES}).{name}(given)", given)


async def write(page: Page, text: str) -> None:
    field = page.locator("parley-chat textarea")
    await field.fill(text)
    await field.press("Enter")
