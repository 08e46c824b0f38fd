"""The Preview page in a real browser: one message on all channels side by side, live, in light and dark."""

import json
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from orchestrator.preview import installed
from tests.support.chromium import Chromium
from tests.support.desk import DeskHouse
from tests.support.deskpage import at_the_desk, working

pytestmark = pytest.mark.browser


async def opened(desk: DeskHouse, browser: Chromium, **options: object) -> Page:
    page = await working(desk, browser, **options)
    await page.get_by_role("button", name="Your account").click()
    await page.get_by_role("link", name="Preview on every channel").click()
    await expect(page.locator(".device")).to_have_count(len(installed()))
    return page


def on(page: Page, kind: str) -> Locator:
    return page.locator(f'.device[data-kind="{kind}"]')


async def test_every_channel_follows_every_key(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path) as (desk, browser):
        page = await opened(desk, browser)
        await expect(on(page, "webchat").locator(".reply")).to_have_text(["Small", "Medium", "Large"])
        await expect(on(page, "webchat").locator(".bubble strong")).to_have_text("Harbour mug")
        await expect(on(page, "instagram")).to_contain_text("Formatting")
        await page.get_by_label("One choice a line").fill("Red\nBlue\n" + "\n".join(f"More {n}" for n in range(40)))
        await expect(on(page, "whatsapp")).to_contain_text("42. More 39")
        await expect(on(page, "whatsapp").locator(".losses")).to_contain_text("Quick replies→numbered text")
        await expect(on(page, "webchat").locator(".reply").first).to_have_text("Red")
        await page.get_by_role("button", name="Changed").click()
        await expect(on(page, "whatsapp")).to_be_visible()
        await expect(on(page, "webchat")).to_have_count(0)
        await page.get_by_role("button", name="Yours").click()
        await expect(page.locator(".device")).to_have_count(1)
        await expect(on(page, "webchat")).to_contain_text("Your shop")


async def test_examples_parts_and_json(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path, "400 (Bad Request)") as (desk, browser):
        page = await opened(desk, browser)
        for name, seen in (
            ("Show products", ".card img"),
            ("Where is my order?", ".btn"),
            ("Book a delivery", ".as-form .field"),
            ("Many topics", ".rows li"),
            ("Come and see us", ".map"),
        ):
            await page.get_by_role("button", name=name).click()
            await expect(on(page, "webchat").locator(seen).first).to_be_visible()
            await expect(page.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
        await page.get_by_role("button", name="+ Buttons").click()
        await expect(on(page, "webchat").locator(".btn").last).to_have_text("No")
        await page.get_by_role("button", name="JSON").click()
        box = page.get_by_label("The message as JSON")
        await box.fill("[")
        await expect(page.get_by_role("alert")).to_have_text("This is not JSON yet")
        await box.fill(json.dumps([{"kind": "sing"}]))
        await expect(page.get_by_role("alert")).to_contain_text("The message can't be shown")
        await box.fill(json.dumps([{"kind": "text", "text": "<img src=x onerror=alert(1)>"}]))
        await expect(on(page, "webchat").locator(".bubble")).to_have_count(1)
        await expect(on(page, "webchat").locator(".bubble")).to_have_text("<img src=x onerror=alert(1)>")
        await expect(page.get_by_role("alert")).to_have_count(0)
        await page.reload()
        await expect(on(page, "webchat").locator(".bubble")).to_have_text("<img src=x onerror=alert(1)>")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
async def test_it_fits_the_screen_and_can_be_read(tmp_path: Path, scheme: str, width: int) -> None:
    async with at_the_desk(tmp_path) as (desk, browser):
        page = await opened(desk, browser, color_scheme=scheme, viewport={"width": width, "height": 844})
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        ground, ink = await page.evaluate(
            """() => {
              const style = getComputedStyle(document.querySelector('[data-kind="messenger"] .bubble'));
              const light = (color) => Math.max(...color.match(/[0-9.]+/g).slice(0, 3).map(Number));
              return [light(style.backgroundColor), light(style.color)];
            }"""
        )
        assert ground > 200 > 100 > ink if scheme == "light" else ground < 100 < 200 < ink


async def test_who_is_not_signed_in_is_led_to_the_desk(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path) as (desk, browser):
        page = await browser.page()
        await page.goto(f"{desk.url}/desk/preview.html")
        await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
