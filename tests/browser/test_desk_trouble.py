"""The desk in a real browser: what must not break it, and what must not run in it."""

from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    Form,
    FormField,
    ListPicker,
    Location,
    Media,
    QuickReplies,
    Text,
)
from tests.support.desk import PASSWORD
from tests.support.deskpage import Hold, Line, at_the_desk, sign_in, taken, working

pytestmark = pytest.mark.browser

EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"


async def test_a_wrong_password_is_said_and_the_place_is_kept(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path) as (desk, browser):
        conversation = await desk.waiting()
        await desk.hire("Ada")
        page = await browser.page()
        await page.goto(f"{desk.url}/desk#/queue/{conversation}")
        await page.get_by_label("E-mail").fill("ada@example.org")
        await page.get_by_label("Password", exact=True).fill("not the password")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("do not match")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator(".bubble.customer")).to_contain_text("a person please")


async def test_the_session_that_ends_shows_the_way_in_and_loses_no_draft(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path, "4401") as (desk, browser):
        await desk.waiting()
        page = await working(desk, browser)
        await taken(desk, page)
        await page.get_by_label("Write").fill("half a sentence")
        cookies = {cookie["name"]: cookie["value"] for cookie in await page.context.cookies(f"{desk.url}/desk")}
        twin = desk.browser()
        twin.http.cookie_jar.update_cookies(cookies)
        twin.csrf = (await twin.get("/me")).body["csrf"]
        await twin.post("/logout")
        await expect(page.get_by_text("You were signed out")).to_be_visible()
        await page.get_by_label("E-mail").fill("ada@example.org")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("Write")).to_have_value("half a sentence")


async def test_every_part_is_shown_and_nothing_in_it_runs(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path, "Failed to load resource", "Refused to load") as (desk, browser):
        profile = {"name": EVIL, "email": EVIL, "tier": EVIL, EVIL: EVIL}
        context = {
            "cart": {"items": [{"name": EVIL, "image": "javascript:alert(3)"}], EVIL: EVIL},
            "page": {"url": "javascript:alert(4)", "title": EVIL},
            EVIL: {EVIL: [EVIL]},
        }
        choice = Choice(title=EVIL, payload=EVIL, description=EVIL, image="javascript:alert(5)")
        button = Button(title=EVIL, url="javascript:alert(6)")
        card = Card(title=EVIL, subtitle=EVIL, image="javascript:alert(9)", alt=EVIL, buttons=(button,))
        field = FormField(name=EVIL, label=EVIL, placeholder=EVIL, type="select", options=(choice,))
        parts = (
            Text(text=EVIL),
            Text(text=f"**{EVIL}** [{EVIL}](javascript:alert(7)) `{EVIL}` [ok](https://example.org/)", markdown=True),
            Media(url="javascript:alert(8)", media="image", name=EVIL, alt=EVIL),
            Media(url=EVIL, media="file", name=EVIL),
            Location(latitude=1.5, longitude=2.5, name=EVIL, address=EVIL),
            Buttons(text=EVIL, buttons=(button,)),
            QuickReplies(text=EVIL, choices=(choice,)),
            ListPicker(text=EVIL, choices=(choice,)),
            Carousel(cards=(card,)),
            Form(id="f", title=EVIL, fields=(field,)),
        )
        await desk.parley.receive(parts, profile=profile, context=context)
        await desk.parley.settled()
        page = await working(desk, browser)
        conversation = await taken(desk, page)
        ada = desk.browser()
        await ada.sign_in("ada@example.org")
        await ada.post(f"/conversations/{conversation}/say", parts=[{"kind": "text", "text": EVIL, "markdown": True}])
        await ada.post(f"/conversations/{conversation}/note", text=EVIL)
        await expect(page.locator(".note")).to_contain_text("<script>")
        bubble = page.locator(".bubble.customer")
        for kind in ("text", "place", "buttons", "quick", "rows", "carousel", "form", "file"):
            await expect(bubble.locator(f".part.{kind}").first).to_be_visible()
        await expect(page.locator(".side")).to_contain_text("<img src=x")
        await page.keyboard.press("Escape")
        await page.keyboard.press("w")
        await expect(page.get_by_role("dialog")).to_contain_text("Handed off")
        found = await page.evaluate(
            """() => {
              const all = [...document.querySelectorAll("*")];
              const ours = (one) => one.src.startsWith(location.origin + "/desk/");
              return {
                scripts: [...document.scripts].filter((one) => !ours(one)).length,
                handlers: all.filter((one) => [...one.attributes].some((each) => each.name.startsWith("on"))).length,
                links: all.filter((one) => /^javascript:/i.test(one.href ?? one.src ?? "")).length,
              };
            }"""
        )
        assert found == {"scripts": 0, "handlers": 0, "links": 0}


async def test_of_two_agents_one_is_told_that_the_other_was_faster(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path, "409 (Conflict)") as (desk, browser):
        conversation = await desk.waiting()
        page = await working(desk, browser)
        await page.locator(".line").first.click()
        accept = page.locator(".thread-head").get_by_role("button", name="Accept")
        await expect(accept).to_be_visible()
        bo = await desk.at_work("Bo")
        async with page.expect_request("**/accept") as asked:
            await page.route("**/accept", hold := Hold())
            await accept.click()
            await asked.value
        await bo.post(f"/conversations/{conversation}/accept")
        hold.free.set()
        await expect(page.get_by_text("A colleague has accepted this conversation already.")).to_be_visible()
        await expect(page.locator(".thread-head")).to_contain_text("Bo")
        await expect(accept).to_have_count(0)


async def test_a_cut_line_is_shown_and_what_was_missed_is_read_again(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path) as (desk, browser):
        await desk.waiting()
        context, line = await browser.context(), Line()
        await line.lay(context)
        await desk.hire("Ada")
        page = await browser.page(context)
        await sign_in(desk, page)
        await taken(desk, page)
        await line.cut()
        await expect(page.locator(".line-state")).to_have_text("Reconnecting…")
        await desk.parley.hear("while you were away")
        await desk.parley.settled()
        await desk.waiting("second")
        await expect(page.get_by_text("while you were away")).to_have_count(0)
        line.down = False
        await expect(page.locator(".line-state")).to_have_text("Live")
        await expect(page.locator(".bubble", has_text="while you were away")).to_be_visible()
        await expect(page.locator('[data-view="queue"] .count')).to_have_text("1")


async def test_who_was_too_slow_for_the_news_reads_again(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path) as (desk, browser):
        await desk.waiting()
        context, line = await browser.context(), Line()
        await line.lay(context)
        await desk.hire("Ada")
        page = await browser.page(context)
        await sign_in(desk, page)
        await taken(desk, page)
        await page.wait_for_load_state("networkidle")
        line.mute = True
        await desk.parley.hear("said while nobody told")
        await desk.parley.settled()
        await desk.waiting("second")
        await expect(page.get_by_text("said while nobody told")).to_have_count(0)
        line.mute = False
        line.sockets[-1].send('{"type": "resync"}')
        await expect(page.locator(".bubble", has_text="said while nobody told")).to_be_visible()
        await expect(page.locator('[data-view="queue"] .count')).to_have_text("1")


async def test_what_is_sent_without_a_connection_is_kept_and_said_once(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path, "net::ERR") as (desk, browser):
        await desk.waiting()
        page = await working(desk, browser)
        await taken(desk, page)
        answered = 0

        async def lose(route: Route) -> None:
            """The server takes it; its answer never arrives, three times over."""
            nonlocal answered
            answered += 1
            await route.fetch()
            await route.abort("connectionreset")
            if answered == 3:
                await page.unroute("**/say")

        await page.route("**/say", lose)
        await page.get_by_label("Write").fill("only once")
        await page.keyboard.press("Enter")
        await expect(page.locator(".bubble.agent .ticks.sent")).to_have_count(1)
        await expect(page.locator(".bubble.pending")).to_have_count(0)
        assert [line for line in await desk.parley.lines() if "only once" in line] == ["agent: only once"]
        await expect(page.locator(".bubble.agent")).to_have_count(1)


async def test_a_draft_and_an_unsent_message_outlive_a_reload(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path, "net::ERR") as (desk, browser):
        await desk.waiting()
        page = await working(desk, browser)
        await taken(desk, page)
        await page.route("**/say", lambda route: route.abort())
        area = page.get_by_label("Write")
        await area.fill("sent into nothing")
        await area.press("Enter")
        await expect(page.locator(".bubble.pending .ticks.waiting")).to_have_count(1)
        await area.fill("a draft")
        await page.unroute("**/say")
        await page.reload()
        await expect(area).to_have_value("a draft")
        await expect(page.locator(".bubble.agent .ticks.sent")).to_have_count(1)
        assert "agent: sent into nothing" in await desk.parley.lines()
