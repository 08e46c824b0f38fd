"""Bots at the desk in a real browser: an admin registers one, enables it, tries the next beside it, goes back."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from orchestrator.roster import NewBot
from orchestrator.types import BotCount, Serves
from tests.support.chromium import Chromium
from tests.support.desk import DeskHouse
from tests.support.deskpage import at_the_desk, sign_in
from tests.support.registered import python, registered
from tests.support.web import SECRET

pytestmark = pytest.mark.browser
CONFLICT = "409 (Conflict)"


async def admins(desk: DeskHouse, browser: Chromium, **options: object) -> Page:
    await desk.hire("Bo", role="admin")
    page = await browser.page(**options)
    await sign_in(desk, page, "bo@example.org")
    await page.get_by_role("button", name="Your account").click()
    await page.get_by_role("button", name="Bots").click()
    return page


async def test_an_admin_registers_a_bot(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path, CONFLICT) as (desk, browser):
        page = await admins(desk, browser)
        sheet = page.get_by_role("dialog", name="Bots")
        await expect(sheet.get_by_role("row", name="echo")).to_contain_text("answers")
        await sheet.get_by_role("button", name="Register a bot").click()
        form = page.get_by_role("dialog", name="Register a bot")
        await form.get_by_label("Name").fill("outer")
        await form.get_by_label("Address").fill("https://bot.example.com/turns")
        await form.get_by_label("Secret").fill(SECRET)
        await form.get_by_role("button", name="Register").click()
        await expect(sheet.get_by_role("heading", name="outer")).to_be_visible()
        assert SECRET not in await page.content()
        await sheet.get_by_role("button", name="Enable", exact=True).click()
        await page.get_by_role("dialog", name="Enable anyway").get_by_role("button", name="Enable anyway").click()
        await expect(sheet.locator(".bot-head")).to_contain_text("Version 1")
        entry = await desk.parley.runtime.store.bots.entry("shop", "outer")
        assert (entry.enabled, entry.active) == (True, 1)
        await sheet.get_by_role("button", name="Answers").click()
        asked = page.get_by_role("dialog", name="Answers")
        await asked.get_by_label("Languages").fill("es, it")
        await asked.get_by_role("button", name="Save").click()
        await expect(sheet.locator(".bot-head")).to_contain_text("Answers: es, it")
        await sheet.get_by_role("button", name="Switch off").click()
        await expect(sheet.locator(".bot-head .badge")).to_have_text("off")
        await sheet.get_by_role("button", name="Remove").click()
        await page.get_by_role("dialog", name="Remove: outer").get_by_role("button", name="Remove").click()
        await expect(sheet.get_by_role("row", name="outer")).to_have_count(0)


async def measured(desk: DeskHouse) -> None:
    """Two versions through an afternoon; the newer one is slower and fails more."""
    bots = desk.parley.runtime.store.bots
    now = desk.parley.runtime.clock.now().replace(minute=0, second=0, microsecond=0)
    for hour in range(6):
        at = now - timedelta(hours=5 - hour)
        for version, arm, failed, edge, score in ((1, "live", 1, 200, 20.0), (2, "canary", 2 + hour, 800, 4.0)):
            given = (("turns", 100, 0.0), ("failed", failed, 0.0), (f"ms<={edge}", 100, 0.0), ("sentiment", 80, score))
            counts = [
                BotCount(
                    app_id="shop",
                    bot="helper",
                    version=version,
                    arm=arm,  # type: ignore[arg-type]
                    hour=at,
                    what=what,
                    count=count,
                    total=total,
                )
                for what, count, total in (*given, ("handoffs", 3 + hour * version, 0.0))
            ]
            await bots.count(counts)


async def test_an_admin_compares_and_ends_a_trial(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path) as (desk, browser):
        await registered(desk.parley, "helper", "echo", serves=Serves(languages=("es",)))
        await desk.parley.runtime.registrar.register("shop", NewBot(name="helper", raw=python("three"), note="quicker"))
        page = await admins(desk, browser)
        sheet = page.get_by_role("dialog", name="Bots")
        await sheet.get_by_role("button", name="helper").click()
        await sheet.get_by_role("row", name="quicker").get_by_role("button", name="Try in the shadow").click()
        await expect(sheet.locator(".bot-trial")).to_contain_text("Version 2 in the shadow")
        await measured(desk)
        await sheet.get_by_role("button", name="All bots").click()
        await sheet.get_by_role("button", name="helper").click()
        await expect(sheet.locator("table.figures").get_by_role("row", name="2 canary")).to_contain_text("800 ms")
        plots = sheet.locator(".bot-plot svg")
        await expect(plots).to_have_count(4)
        await expect(plots.first).to_have_attribute("aria-label", "Failed by the hour: 1 live 1.0 %, 2 canary 7.0 %")
        for path in await sheet.locator(".bot-plot path").all():
            assert "NaN" not in str(await path.get_attribute("d"))
        await sheet.get_by_role("button", name="End the trial").click()
        await expect(sheet.locator(".bot-trial .badge")).to_have_text("ended")
        trial = (await desk.parley.runtime.store.bots.entry("shop", "helper")).trial
        assert trial is not None
        assert trial.state == "stopped"


async def test_agents_do_not_see_it(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path) as (desk, browser):
        await desk.hire("Ada")
        page = await browser.page()
        await sign_in(desk, page)
        await page.get_by_role("button", name="Your account").click()
        await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        await expect(page.get_by_role("button", name="Bots")).to_have_count(0)
        answer = await page.request.get(f"{desk.url}/desk/api/bots")
        assert answer.status == 403
