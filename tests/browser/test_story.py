"""The whole story, as people live it: a checkout page, two languages, a person one turn away, and kill -9 between."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.support.chromium import Chromium, chromium
from tests.support.process import Served, free_port
from tests.support.samples import PNG

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.timeout(300)]

EXPECTED = (
    "401 (Unauthorized)",
    "Failed to load resource: net::ERR_",
    "WebSocket connection",
)
"""Chromium reports every refused request by itself; the server is killed on purpose, perhaps while it answers."""
SLOW = 60_000


@dataclass
class Shop:
    served: Served
    browser: Chromium
    data: Path

    @property
    def password(self) -> str:
        return (self.data / "desk-password").read_text().strip()

    async def again(self) -> None:
        """kill -9, and start it again."""
        await self.served.kill()
        await self.served.start()

    async def customer(self, context: BrowserContext) -> Page:
        page = await self.browser.page(context)
        page.set_default_timeout(SLOW)
        await page.goto(self.served.url)
        await page.get_by_role("button", name="Abrir el chat").click()
        return page

    async def agent(self) -> Page:
        page = await self.browser.page()
        page.set_default_timeout(SLOW)
        await page.goto(f"{self.served.url}/desk")
        await page.get_by_label("E-mail").fill("agent@example.com")
        await page.get_by_label("Password", exact=True).fill(self.password)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.locator(".line-state")).to_have_text("Live", timeout=SLOW)
        return page


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[Shop]:
    """The demo as `make demo` runs it, with a database of its own."""
    port = free_port()
    served = Served(folder / "demo", port, "demo", "--data", str(folder / "data"), "--port", str(port))
    try:
        await served.start()
        async with chromium(*EXPECTED) as browser:
            try:
                yield Shop(served, browser, folder / "data")
            except AssertionError:
                pages = [page for context in browser.browser.contexts for page in context.pages]
                for number, page in enumerate(pages):
                    await page.screenshot(path=folder / f"failed-{number}.png")
                raise
    finally:
        await served.kill()


def log(page: Page) -> Locator:
    return page.locator("parley-chat [role=log]")


async def say(page: Page, text: str) -> None:
    field = page.locator("parley-chat textarea")
    await field.fill(text)
    await field.press("Enter")


async def hears(page: Page, text: str) -> None:
    await expect(log(page)).to_contain_text(re.compile(text), timeout=SLOW)


async def test_the_story(tmp_path: Path) -> None:
    async with demo(tmp_path) as shop:
        visitor = await shop.browser.context(locale="es-ES", viewport={"width": 1280, "height": 860})
        page = await shop.customer(visitor)

        # 1, 2: the checkout page; Spanish in, Spanish out, with the cart the page passed along.
        await expect(page.get_by_text("Stoneware mug").first).to_be_visible()
        await say(page, "Hola, ¿cuánto cuesta el envío?")
        await hears(page, "4[.,]95")
        await hears(page, "[Ee]nvío")

        await shop.again()

        # The bot's richer answers, each in Spanish, after the process was killed and started again.
        await say(page, "¿Qué me recomiendas?")
        await expect(log(page).locator("ul.track img").first).to_be_visible(timeout=SLOW)
        await say(page, "Quiero el recibo por correo electrónico")
        form = log(page).locator("form").last
        await form.locator("input").first.fill("lucia@example.org")
        await form.get_by_role("button").last.click()
        await hears(page, "lucia@example\\.org")

        # 3: they ask for a person in their own words; the case is at the desk with everything known.
        desk = await shop.agent()
        await say(page, "Esto es un desastre, quiero hablar con una persona")
        await expect(page.locator("parley-chat .banner")).to_contain_text("siguiente", timeout=SLOW)
        line = desk.locator(".line").first
        await expect(line).to_contain_text("Orders and returns", timeout=SLOW)
        await expect(line).to_contain_text("ES")
        await line.click()
        side = desk.locator(".side")
        for words in (
            "An unhappy customer is about to leave",
            "unhappy-with-a-full-cart",
            "Stoneware mug",
            "lucia@example.org",
        ):
            await expect(side.get_by_text(words).first).to_be_visible()
        first = desk.locator(".bubble.customer").first
        await expect(first.locator(".other")).to_contain_text("¿cuánto cuesta el envío?")
        await expect(first.locator(".main")).to_contain_text(re.compile("how much", re.IGNORECASE))

        # 4: the agent answers in English and the customer reads Spanish, sees typing, and is seen to have read.
        await desk.locator(".thread-head").get_by_role("button", name="Accept").click()
        await hears(page, "Sam")
        area = desk.get_by_label("Write")
        await area.press_sequentially("Good morning, ", delay=30)
        await expect(page.locator("parley-chat .dots")).to_be_visible()
        await area.fill("Good morning, the parcel arrives tomorrow")
        await area.press("Enter")
        await hears(page, "[Bb]uen.*mañana")
        await expect(desk.locator(".bubble.agent .ticks.read")).to_have_count(1, timeout=SLOW)

        await shop.again()

        await desk.locator(".composer input[type=file]").set_input_files(
            {"name": "parcel.png", "mimeType": "image/png", "buffer": PNG}
        )
        await desk.get_by_role("button", name="Send").click()
        await expect(log(page).locator(".msg.other").last.locator("img[src*='/media/']")).to_be_visible(timeout=SLOW)
        await page.locator("parley-chat input[type=file]").set_input_files(
            {"name": "damage.png", "mimeType": "image/png", "buffer": PNG}
        )
        await expect(desk.locator(".bubble.customer img")).to_have_count(1, timeout=SLOW)
        before = await log(page).locator(".msg.other").count()
        await say(page, "¿Cuánto cuesta el envío?")
        await expect(desk.locator(".bubble.customer").last).to_contain_text("envío", timeout=SLOW)
        assert await log(page).locator(".msg.other").count() == before, "a bot answered a customer whom an agent has"

        # 5: back to the bot, which knows; a reload finds everything; the next handoff works like the first.
        await desk.locator(".thread-head").get_by_role("button", name="Return to bot").click()
        dialog = desk.get_by_role("dialog")
        await dialog.get_by_label("What the bot should know").fill("Sent a voucher")
        await dialog.get_by_role("button", name="Return to bot").click()
        await expect(desk.get_by_text("The bot answers here.")).to_be_visible(timeout=SLOW)
        await say(page, "Gracias, ¿cuánto cuesta el envío?")
        await expect(log(page).get_by_text(re.compile("4[.,]95"))).not_to_have_count(0)
        mine = await log(page).locator(".msg.own").count()
        await page.close()

        await shop.again()

        page = await shop.customer(visitor)
        await expect(log(page).get_by_text("Esto es un desastre, quiero hablar con una persona")).to_have_count(
            1, timeout=SLOW
        )
        await expect(log(page).locator(".msg.own")).to_have_count(mine)
        await say(page, "Quiero hablar con un agente humano, por favor")
        await expect(page.locator("parley-chat .banner")).to_contain_text("siguiente", timeout=SLOW)
        await desk.get_by_text("Queue", exact=True).first.click()
        await desk.locator(".line").first.click()
        await desk.locator(".thread-head").get_by_role("button", name="Accept").click()
        await desk.locator(".thread-head").get_by_role("button", name="Resolve").click()
        await desk.get_by_role("dialog").get_by_role("button", name="Resolve").click()
        await expect(desk.get_by_text("This conversation is closed")).to_be_visible(timeout=SLOW)
