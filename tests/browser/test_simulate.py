"""Trying a channel in a real browser: the customer's screen, taps, habits, faults and the wire."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.support.chromium import chromium
from tests.support.simulated import playground

pytestmark = pytest.mark.browser


async def test_a_bot_is_tried_on_a_platform_with_bad_habits(tmp_path: Path) -> None:
    async with playground(tmp_path, ["webhook", "telegram"]) as ground, chromium() as browser:
        page = await browser.page()
        await page.goto(f"{ground.url}/simulate")
        await expect(page.locator(".platforms li")).to_have_count(2)
        await page.get_by_role("link", name="Webhook").click()
        await expect(page.locator(".platform")).to_have_text("Webhook")

        await write(page, "Hola, ¿cuánto cuesta el envío?")
        await expect(page.locator(".theirs", has_text="4,95")).to_be_visible()
        await page.get_by_role("button", name="Plazo de entrega").click()
        await expect(page.locator(".theirs", has_text="días").first).to_be_visible()
        await expect(page.locator(".wire li").first).to_be_visible()
        await page.locator(".wire summary", has_text="/messages").first.click()
        await expect(page.locator(".wire details[open] pre").first).to_contain_text("conversation")

        await page.get_by_label("deliver everything twice").check()
        await page.get_by_role("button", name="429").click()
        await expect(page.locator(".faults output")).to_contain_text("throttled")
        answers = page.locator(".theirs", has_text="4,95")
        await write(page, "¿cuánto cuesta el envío?")
        await expect(answers).to_have_count(2)
        await expect(page.locator(".wire .bad")).to_contain_text("429")
        await page.get_by_role("button", name="Send a location").click()
        await expect(page.locator(".mine .place")).to_contain_text("Puerta del Sol")


async def test_two_customers_have_screens_of_their_own(tmp_path: Path) -> None:
    async with playground(tmp_path, ["webhook"]) as ground, chromium() as browser:
        page = await browser.page(viewport={"width": 390, "height": 844})
        await page.goto(f"{ground.url}/simulate/webhook")
        await write(page, "<img src=x onerror=alert(1)> hello")
        await expect(page.locator(".mine")).to_contain_text("<img src=x onerror=alert(1)> hello")
        await page.get_by_role("textbox", name="Customer").fill("marco")
        await page.get_by_role("textbox", name="Customer").press("Tab")
        await expect(page.locator(".mine")).to_have_count(0)
        await page.get_by_role("textbox", name="Customer").fill("lucia")
        await page.get_by_role("textbox", name="Customer").press("Tab")
        await expect(page.locator(".mine")).to_have_count(1)


async def write(page: Page, text: str) -> None:
    await page.get_by_label("Write a message").fill(text)
    await page.get_by_label("Write a message").press("Enter")
