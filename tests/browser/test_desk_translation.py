"""Translation at the desk in a real browser: a preview before sending, better words, and an admin who approves them."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from orchestrator.types import Text
from tests.support.deskpage import at_the_desk, sign_in, taken, working

pytestmark = pytest.mark.browser

SPANISH = {"language": "es", "profile": {"name": "Lucía"}}
FORBIDDEN = "500 (Internal Server Error)"


async def test_an_agent_sees_mends_and_sends_and_an_admin_approves(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path) as (desk, browser):
        await desk.parley.hear("a person", **SPANISH)
        await desk.parley.settled()
        page = await working(desk, browser)
        conversation = await taken(desk, page)
        area = page.get_by_label("Write")
        panel = page.locator(".preview")
        await expect(panel).to_be_hidden()
        await page.get_by_role("button", name="Preview").click()
        await area.fill("Hello, I am Ada.")
        wording = panel.get_by_role("textbox", name="The customer will read (Spanish)")
        await expect(wording).to_have_value("Hola, soy Ada.")
        await expect(panel).to_contain_text("reviewed wording")
        await panel.get_by_role("button", name="Translate back").click()
        await expect(panel.locator(".meaning")).to_have_text("It means: Hello, I am Ada.")

        await area.fill("Thank you")
        await area.press("Enter")
        await expect(page.get_by_text("Look at the translation, then send again")).to_be_visible()
        await expect(wording).to_have_value("Gracias")
        assert [line for line in await desk.parley.lines() if line.startswith("agent")] == []
        await wording.fill("¡Mil gracias!")
        await expect(panel.get_by_label("Suggest my wording for next time")).to_be_checked()
        async with page.expect_response(lambda response: response.url.endswith("/translations")):
            await page.get_by_role("button", name="Send").click()
        await expect(panel).to_be_hidden()
        await expect(page.locator(".bubble.agent .other")).to_contain_text("¡Mil gracias!")
        assert (await desk.parley.log())[-1].translations["es"] == (Text(text="¡Mil gracias!"),)

        await desk.hire("Bo", role="admin")
        boss = await browser.page()
        await sign_in(desk, boss, "bo@example.org")
        await boss.get_by_role("button", name="Your account").click()
        await boss.get_by_role("button", name="Translations").click()
        sheet = boss.get_by_role("dialog")
        await expect(sheet).to_contain_text("No translation engine is configured")
        await expect(sheet.locator(".review")).to_contain_text("English → Spanish · Ada")
        await sheet.get_by_label("Wording in Spanish").fill("¡Muchas gracias!")
        await sheet.get_by_role("button", name="Approve", exact=True).click()
        await expect(sheet).to_contain_text("Nobody has proposed a wording.")
        await sheet.get_by_role("button", name="Approved", exact=True).click()
        await expect(sheet.get_by_label("Wording in Spanish")).to_have_value("¡Muchas gracias!")
        [entry] = await desk.parley.runtime.store.reviewed("shop", state="approved")
        assert (entry.text, entry.translation) == ("Thank you", "¡Muchas gracias!")
        assert (await desk.parley.conversation()).id == conversation


async def test_without_a_translation_the_agent_is_told_and_can_send(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path, FORBIDDEN) as (desk, browser):
        await desk.parley.hear("a person", **SPANISH)
        await desk.parley.settled()
        page = await working(desk, browser, viewport={"width": 390, "height": 780})
        await taken(desk, page)
        await page.get_by_role("button", name="Preview").click()
        area = page.get_by_label("Write")
        panel = page.locator(".preview")
        await area.fill("Nobody has translated this")
        await expect(panel).to_contain_text("No engine can translate this now")
        await area.press("Enter")
        await expect(area).to_have_value("")
        await expect(page.locator(".bubble.agent")).to_contain_text("Not translated: the customer reads it in English")

        async def broken(route: Route) -> None:
            await route.fulfill(status=500, json={"error": {"code": "internal", "message": "something broke"}})

        await page.route("**/preview", broken)
        await area.fill("And this goes out all the same")
        await expect(panel).to_contain_text("Something broke.")
        await area.press("Enter")
        await expect(page.locator(".bubble.agent", has_text="all the same")).to_be_visible()


async def test_there_is_no_preview_for_a_note_or_a_customer_of_ones_own_language(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path) as (desk, browser):
        await desk.parley.hear("a person", language="en")
        await desk.parley.settled()
        page = await working(desk, browser)
        await taken(desk, page)
        await expect(page.get_by_role("button", name="Preview")).to_be_hidden()
        await expect(page.get_by_role("button", name=re.compile("Translations"))).to_have_count(0)
