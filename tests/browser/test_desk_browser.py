"""The desk in a real browser: the agent's side of the story, and what must not break it."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, WebSocketRoute, expect

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
from tests.support.chromium import Chromium, chromium
from tests.support.desk import PASSWORD, DeskHouse, desk_house
from tests.support.samples import PNG

pytestmark = pytest.mark.browser

MEMORY = """
[[entry]]
en = "How much does shipping cost?"
es = "¿Cuánto cuesta el envío?"

[[entry]]
en = "Let me get somebody."
es = "Voy a buscar a alguien."

[[entry]]
en = "Hello, I am Ada."
es = "Hola, soy Ada."

[[entry]]
en = "Thank you"
es = "Gracias"
"""
UNSIGNED = "401 (Unauthorized)"
"""Chromium reports each refused request by itself: asking who is signed in, before anybody is."""

SPANISH = {"language": "es", "profile": {"name": "Lucía", "tier": "gold"}}
EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"


@asynccontextmanager
async def at_the_desk(folder: Path, *expected: str, **app: object) -> AsyncIterator[tuple[DeskHouse, Chromium]]:
    (folder / "memory.toml").write_text(MEMORY)
    nlp = {"language": [], "sentiment": [], "wish": [], "memory": [folder / "memory.toml"], "translators": "none"}
    async with desk_house(folder, nlp=nlp, **app) as desk, chromium(UNSIGNED, *expected) as browser:
        yield desk, browser


async def sign_in(desk: DeskHouse, page: Page, email: str = "ada@example.org", password: str = PASSWORD) -> None:
    await page.goto(f"{desk.url}/desk")
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Sign in").click()


async def working(desk: DeskHouse, browser: Chromium, name: str = "Ada", **options: object) -> Page:
    await desk.hire(name)
    page = await browser.page(**options)
    await sign_in(desk, page, f"{name.lower()}@example.org")
    await expect(page.locator(".line-state")).to_have_text("Live")
    return page


async def taken(desk: DeskHouse, page: Page, address: str = "visitor") -> str:
    """Accepts the case that waits; its conversation's id."""
    await page.locator(".line").first.click()
    await page.locator(".thread-head").get_by_role("button", name="Accept").click()
    await expect(page.locator(".thread-head")).to_contain_text("With you")
    return (await desk.parley.conversation(address)).id


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
        context = {"cart": {"items": [{"name": EVIL, "image": "javascript:alert(3)"}], EVIL: EVIL}, "page": {"url": "javascript:alert(4)", "title": EVIL}, EVIL: {EVIL: [EVIL]}}
        choice = Choice(title=EVIL, payload=EVIL, description=EVIL, image="javascript:alert(5)")
        button = Button(title=EVIL, url="javascript:alert(6)")
        parts = (
            Text(text=EVIL),
            Text(text=f"**{EVIL}** [{EVIL}](javascript:alert(7)) `{EVIL}` [ok](https://example.org/)", markdown=True),
            Media(url="javascript:alert(8)", media="image", name=EVIL, alt=EVIL),
            Media(url=EVIL, media="file", name=EVIL),
            Location(latitude=1.5, longitude=2.5, name=EVIL, address=EVIL),
            Buttons(text=EVIL, buttons=(button,)),
            QuickReplies(text=EVIL, choices=(choice,)),
            ListPicker(text=EVIL, choices=(choice,)),
            Carousel(cards=(Card(title=EVIL, subtitle=EVIL, image="javascript:alert(9)", alt=EVIL, buttons=(button,)),)),
            Form(id="f", title=EVIL, fields=(FormField(name=EVIL, label=EVIL, placeholder=EVIL, type="select", options=(choice,)),)),
        )  # fmt: skip
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
            """() => ({
              scripts: [...document.scripts].filter((one) => !one.src.startsWith(location.origin + "/desk/")).length,
              handlers: [...document.querySelectorAll("*")].filter((one) => [...one.attributes].some((a) => a.name.startsWith("on"))).length,
              links: [...document.querySelectorAll("[href], [src]")].map((one) => one.href ?? one.src).filter((url) => /^javascript:/i.test(url)).length,
            })"""
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


class Hold:
    """Keeps a request back until it is let go."""

    def __init__(self) -> None:
        self.free = asyncio.Event()

    async def __call__(self, route: object) -> None:
        await self.free.wait()
        await route.continue_()  # type: ignore[attr-defined]


class Line:
    """The page's live line through our hands: it can be cut, and kept down."""

    def __init__(self) -> None:
        self.down = False
        self.sockets: list[WebSocketRoute] = []

    async def lay(self, context: BrowserContext) -> None:
        await context.route_web_socket("**/desk/api/ws", self.connect)

    async def connect(self, socket: WebSocketRoute) -> None:
        if self.down:
            await socket.close(code=1013)
            return
        self.sockets.append(socket)
        socket.connect_to_server()

    async def cut(self) -> None:
        self.down = True
        for socket in self.sockets:
            await socket.close(code=1012)
        self.sockets.clear()


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


async def test_what_is_sent_without_a_connection_is_kept_and_said_once(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path, "net::ERR") as (desk, browser):
        await desk.waiting()
        page = await working(desk, browser)
        await taken(desk, page)
        answered = 0

        async def lose(route: object) -> None:
            """The server takes it; its answer never arrives, three times over."""
            nonlocal answered
            answered += 1
            await route.fetch()  # type: ignore[attr-defined]
            await route.abort("connectionreset")  # type: ignore[attr-defined]
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


async def test_pictures_go_both_ways(tmp_path: Path) -> None:
    async with at_the_desk(tmp_path, "400 (Bad Request)") as (desk, browser):
        await desk.waiting()
        page = await working(desk, browser)
        await taken(desk, page)
        chooser = page.locator('input[type="file"]')
        await chooser.set_input_files([{"name": "note.html", "mimeType": "text/html", "buffer": b"<!doctype html><script>1</script>"}])
        await expect(page.get_by_text("note.html could not be uploaded")).to_be_visible()
        await chooser.set_input_files([{"name": "plan.png", "mimeType": "image/png", "buffer": PNG}])
        await expect(page.locator(".attachment:not(.busy)")).to_contain_text("plan.png")
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
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        await expect(page.locator('.line[aria-current="true"]')).to_have_attribute(
            "data-id", (await desk.parley.conversation("second")).id
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
        await expect(page.get_by_text("line 69", exact=True)).to_be_in_viewport()
        await expect(page.get_by_text("line 1", exact=True)).to_have_count(0)
        log = page.locator(".log")
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
