"""The desk in a real browser: an agent says which language the customer is spoken to in."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.deskpage import at_the_desk, working

pytestmark = pytest.mark.browser


async def test_the_language_is_pinned_and_let_go(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path) as (desk, browser):
        conversation = await desk.waiting()
        page, other = await working(desk, browser), await working(desk, browser, "Bo")
        for each in (page, other):
            await each.locator(".line").first.click()
        choice = page.get_by_label("Language the customer is spoken to in")
        await expect(choice.locator("option:checked")).to_contain_text("English")
        await choice.select_option(label="Always Spanish")
        await expect(page.get_by_text("spoken to in Spanish")).to_be_visible()
        # A colleague sees it at once.
        seen = other.get_by_label("Language the customer is spoken to in")
        await expect(seen.locator("option:checked")).to_have_text("Always Spanish")
        held = (await desk.parley.runtime.store.conversation("shop", conversation)).language
        assert (held.code, held.by_agent) == ("es", True)
        await choice.select_option("")
        await expect(seen.locator("option:checked")).to_contain_text("Spanish ·")
        held = (await desk.parley.runtime.store.conversation("shop", conversation)).language
        assert (held.code, held.by_agent) == ("es", False)
