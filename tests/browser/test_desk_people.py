"""A customer's addresses at the desk, in a real browser: a code, the link it makes, and taking it back."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from orchestrator.types import Received, Text
from tests.support.deskpage import at_the_desk, working

pytestmark = pytest.mark.browser


async def test_a_code_links_an_address_and_the_link_is_taken_back(tmp_path: Path) -> None:
    channels = {"web": {"kind": "webchat"}, "phone": {"kind": "webhook", "signature": "none"}}
    async with at_the_desk(tmp_path, channels=channels) as (desk, browser):
        page = await working(desk, browser)
        await desk.parley.hear("hello", profile={"name": "Lucía"})
        await page.locator(".line").first.click()
        await page.get_by_role("button", name="Addresses, and going on elsewhere").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_text("answered here")).to_be_visible()
        await dialog.get_by_role("button", name="Make a code").click()
        code = await dialog.locator(".people-code").inner_text()
        await page.keyboard.press("Escape")

        runtime = desk.parley.runtime
        words, now = (Text(text=f"Go on: {code}"),), runtime.clock.now()
        said = Received(address="34600", external_id="p-1", parts=words, at=now)
        await runtime.engine.accept("shop", "phone", [said])
        await expect(page.locator(".notice", has_text="You're connected")).to_be_visible()
        await page.get_by_role("button", name="Addresses, and going on elsewhere").click()
        trail = dialog.locator("li", has_text="by a code they sent")
        await expect(trail).to_contain_text("34600")
        await trail.get_by_role("button", name="Take back").click()
        await expect(trail).to_contain_text("taken back")
