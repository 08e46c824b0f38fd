"""The desk in a real browser: the agent's side of the story."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from orchestrator.types import Media, Text
from tests.support.deskpage import at_the_desk, taken, working
from tests.support.samples import PNG

pytestmark = pytest.mark.browser

SPANISH = {"language": "es", "profile": {"name": "Lucía", "tier": "gold"}}


async def test_the_agents_side_of_the_story(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path) as (desk, browser):
        page = await working(desk, browser)
        await expect(page.get_by_text("Nobody is waiting")).to_be_visible()

        await desk.parley.hear("¿Cuánto cuesta el envío?", context={"cart": {"items": [{"name": "Mug"}]}}, **SPANISH)
        line = page.locator(".line", has_text="Lucía")
        await expect(line).to_contain_text("Urgent")
        await expect(page).to_have_title(re.compile(r"^\(1\)"))
        await line.click()

        said = page.locator(".bubble.customer")
        await expect(said.locator(".main")).to_have_text("How much does shipping cost?")
        await expect(said.locator(".other")).to_contain_text("¿Cuánto cuesta el envío?")
        await expect(page.locator(".bubble.bot .other")).to_contain_text("Voy a buscar a alguien.")
        side = page.locator(".side")
        for words in ("Why a person", "Orders", "gold", "Mug", "How much does shipping cost?"):
            await expect(side.get_by_text(words, exact=False).first).to_be_visible()

        await page.locator(".thread-head").get_by_role("button", name="Accept").click()
        area = page.get_by_label("Write")
        await expect(area).to_be_focused()
        async with desk.parley.runtime.bus.subscribe("shop") as news:
            await area.press_sequentially("Hello, I am Ada.")
            async for event in news:
                if event is not None and event.kind == "typing":
                    assert event.on
                    break
        await area.press("Enter")
        await expect(area).to_have_value("")
        mine = page.locator(".bubble.agent")
        await expect(mine.locator(".other")).to_contain_text("Hola, soy Ada.")
        await expect(mine.locator(".ticks.sent")).to_have_count(1)
        assert (await desk.parley.log())[-1].translations["es"] == (Text(text="Hola, soy Ada."),)

        conversation = (await desk.parley.conversation()).id
        engine = desk.parley.runtime.engine
        last = (await desk.parley.log())[-1].seq
        await engine.read_by_customer("shop", conversation, delivered=last)
        await expect(mine.locator(".ticks.delivered")).to_have_count(1)
        await engine.read_by_customer("shop", conversation, read=last)
        await expect(mine.locator(".ticks.read")).to_have_count(1)
        await engine.typing("shop", conversation, "customer", "visitor", True)
        await expect(page.locator(".thread .typing")).to_have_text(re.compile("Lucía is typing"))
        await desk.parley.hear("Gracias")
        await expect(page.locator(".thread .typing")).to_have_text("")
        await expect(page.locator(".bubble.customer .main").last).to_have_text("Thank you")

        await page.keyboard.press("Escape")
        await page.keyboard.press("b")
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("What the bot should know").fill("Sent a voucher")
        await dialog.get_by_role("button", name="Return to bot").click()
        await expect(page.get_by_text("The bot answers here.")).to_be_visible()
        returned = (await desk.parley.conversation()).returned
        assert returned is not None
        assert returned.note == "Sent a voucher"
        await expect(page.locator(".note")).to_contain_text("Sent a voucher")


async def test_pictures_go_both_ways(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path, "400 (Bad Request)", "net::ERR") as (desk, browser):
        await desk.waiting()
        page = await working(desk, browser)
        await taken(desk, page)
        chooser = page.locator('input[type="file"]')
        await chooser.set_input_files(
            [{"name": "note.html", "mimeType": "text/html", "buffer": b"<!doctype html><script>1</script>"}]
        )
        await expect(page.get_by_text("note.html could not be uploaded")).to_be_visible()
        lost: list[str] = []

        async def lose(route: Route) -> None:
            lost.append(route.request.url)
            await route.abort("connectionreset")

        await page.route("**/upload?*", lose, times=2)
        await chooser.set_input_files([{"name": "plan.png", "mimeType": "image/png", "buffer": PNG}])
        await expect(page.locator(".attachment:not(.busy)")).to_contain_text("plan.png")
        assert len(lost) == 2
        await page.get_by_label("Write").press("Enter")
        await expect(page.locator(".bubble.agent .picture img")).to_be_visible()
        url = await desk.parley.runtime.files.put("shop", PNG, name="mine.png", mime="image/png")
        await desk.parley.receive((Media(url=url, media="image", mime="image/png", name="mine.png", alt="a crack"),))
        theirs = page.locator(".bubble.customer .picture")
        await expect(theirs.get_by_alt_text("a crack")).to_be_visible()
        await theirs.click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_by_keyboard_alone_from_the_queue_to_resolved(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path) as (desk, browser):
        await desk.waiting("first")
        await desk.waiting("second")
        page = await working(desk, browser)
        await expect(page.locator(".line")).to_have_count(2)
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        for name in ("first", "second"):
            await page.keyboard.press("j")
            await expect(page.locator('.line[aria-current="true"]')).to_have_attribute(
                "data-id", (await desk.parley.conversation(name)).id
            )
        await expect(page.locator(".bubble.customer")).to_be_visible()
        await page.keyboard.press("n")
        await page.keyboard.type("for us only")
        await page.keyboard.press("Enter")
        await expect(page.locator(".note")).to_contain_text("for us only")
        await page.keyboard.press("Escape")
        await page.keyboard.press("a")
        await expect(page.get_by_label("Write")).to_be_focused()
        await page.keyboard.type("Done.")
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.type("Bye!")
        await page.keyboard.press("Enter")
        await expect(page.locator(".bubble.agent .main")).to_have_text("Done.Bye!")
        await page.keyboard.press("Escape")
        await page.keyboard.press("e")
        await page.get_by_role("dialog").get_by_role("button", name="Resolve").press("Enter")
        await expect(page.locator(".thread-head")).to_contain_text("Closed")
        assert (await desk.parley.conversation("second")).status == "closed"
        assert "agent: Done.\nBye!" in await desk.parley.lines("second")
        assert not [line for line in await desk.parley.lines("second") if "for us only" in line]


async def test_a_transfer_moves_the_case_to_the_other_teams_queue(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path) as (desk, browser):
        await desk.waiting()
        page = await working(desk, browser)
        sue = await desk.at_work("Sue", teams=["support"])
        conversation = await taken(desk, page)
        async with sue.tab() as tab:
            await page.get_by_role("button", name="Transfer").click()
            dialog = page.get_by_role("dialog")
            await dialog.get_by_label("support").check()
            await dialog.get_by_label("Note for colleagues").fill("please look")
            await dialog.get_by_role("button", name="Transfer").click()
            await tab.until("conversation", conversation_id=conversation)
        await expect(page.locator(".thread-head")).to_contain_text("Waiting")
        await expect(page.locator(".note")).to_contain_text("please look")

        # Each team has a line of its own, in which customers are told their place.
        await desk.waiting("second")
        await desk.waiting("third")
        await page.get_by_text("Queue", exact=True).first.click()
        places = page.locator(".lists .line-foot > :first-child")
        await expect(places.filter(has_text="Next")).to_have_count(2)
        await expect(places.filter(has_text="No. 2")).to_have_count(1)


async def test_at_phone_width_the_panes_follow_one_another(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path) as (desk, browser):
        await desk.waiting(text="hello from far away " + "very " * 40)
        page = await working(desk, browser, viewport={"width": 390, "height": 844}, has_touch=True)
        lists, center, side = page.locator(".lists"), page.locator(".center"), page.locator(".side")
        await expect(lists).to_be_visible()
        await expect(center).to_be_hidden()
        await page.locator(".line").first.tap()
        await expect(center).to_be_visible()
        await expect(lists).to_be_hidden()
        await page.get_by_role("link", name="Details").tap()
        await expect(side).to_be_visible()
        await page.get_by_role("link", name="Close details").tap()
        await expect(side).to_be_hidden()
        await page.go_back()
        await page.go_back()
        await page.get_by_role("link", name="Back to the list").tap()
        await expect(lists).to_be_visible()
        for width in (320, 390, 820, 1024, 1440):
            await page.set_viewport_size({"width": width, "height": 800})
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_older_messages_come_when_the_thread_is_scrolled_up(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path, bot="echo") as (desk, browser):
        for n in range(70):
            await desk.parley.hear(f"line {n}")
            await desk.parley.settled()
        page = await working(desk, browser)
        await page.keyboard.press("3")
        await page.locator(".line").first.click()
        log = page.locator(".log")
        await expect(log.get_by_text("line 69", exact=True)).to_be_in_viewport()
        await expect(page.locator("#m-91")).to_have_count(1)
        await expect(page.locator("#m-90")).to_have_count(0)
        await log.evaluate("log => log.scrollTo(0, 0)")
        await expect(page.locator("#m-41")).to_have_count(1)
        await expect(page.locator("#m-91")).to_be_in_viewport()
        await log.evaluate("log => log.scrollTo(0, 0)")
        await expect(page.locator("#m-1")).to_have_count(1)
        await expect(page.get_by_text("The conversation began here")).to_have_count(1)
        await desk.parley.hear("a late one")
        await expect(page.get_by_text("new message")).to_be_visible()
        await page.locator(".jump").click()
        await expect(log.get_by_text("a late one", exact=True)).to_be_in_viewport()


async def test_the_theme_is_chosen_and_kept(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path) as (desk, browser):
        page = await working(desk, browser, color_scheme="light")
        ground = "getComputedStyle(document.querySelector('.bar')).backgroundColor"
        light = await page.evaluate(ground)
        await page.get_by_role("button", name="Your account").click()
        await page.get_by_role("button", name="Dark").click()
        assert await page.evaluate(ground) != light
        await page.reload()
        await expect(page.locator(".bar")).to_be_visible()
        assert await page.evaluate(ground) != light
