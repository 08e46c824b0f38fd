"""The widget in a real browser, on a shop's page of another origin with a strict policy and hostile styles."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.support import bots
from tests.support.samples import PNG, SVG
from tests.support.stage import log, own, probe, stage, write
from tests.support.webchat import identity

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


# --- on somebody else's page


async def test_one_tag_and_the_page_stays_as_it_was(tmp_path: Path) -> None:
    async with stage(tmp_path) as act:
        page = await act.page()
        await write(page, "hello")
        await expect(log(page)).to_contain_text("echo: hello")
        assert set(await probe(page, "globals")) <= {"Parley", "before"}
        assert await probe(page, "styled") == 0
        assert await probe(page, "bubble") == ["block", "normal", "0px", "15px", False]


async def test_the_interface_for_the_page(tmp_path: Path) -> None:
    async with stage(tmp_path) as act:
        page = await act.page(opened=False)
        await page.evaluate(
            """() => { window.heard = []; for (const name of ["open", "close", "message", "unread", "state", "error"])
            Parley.on(name, (detail) => heard.push([name, detail])); }"""
        )
        await page.evaluate("Parley.setContext({cart: {total: 42}}); Parley.open('A draft')")
        await expect(page.locator("parley-chat textarea")).to_have_value("A draft")
        await page.locator("parley-chat textarea").press("Enter")
        await expect(log(page)).to_contain_text("echo: A draft")
        context = bots.seen[0].context
        assert context["cart"] == {"total": 42}
        assert context["page"] == {"url": f"{act.shop}/", "title": "A shop"}
        jwt = identity(act.front, name="Ana")
        await page.evaluate("(jwt) => Parley.identify(jwt)", jwt)
        await expect(own(page)).to_have_count(1)
        await write(page, "who am I")
        await expect(log(page)).to_contain_text("echo: who am I")
        assert bots.seen[1].profile["name"] == "Ana"
        await page.evaluate("Parley.startOver()")
        await expect(own(page)).to_have_count(0)
        await write(page, "anew")
        await expect(log(page)).to_contain_text("echo: anew")
        await page.evaluate("Parley.close()")
        await expect(page.locator("parley-chat .panel")).to_be_hidden()
        heard = [name for name, _ in await page.evaluate("heard")]
        assert {"open", "close", "message", "state"} <= set(heard)
        assert "error" not in heard
        await page.evaluate("Parley.identify(null)")
        await page.evaluate("Parley.toggle()")
        await expect(log(page)).not_to_contain_text("anew")
        await page.evaluate("Parley.destroy()")
        await expect(page.locator("parley-chat")).to_have_count(0)
        assert await page.evaluate("typeof Parley") == "undefined"


async def test_what_is_written_after_signing_in_is_theirs(tmp_path: Path) -> None:
    """Also while the server is still being told who they are."""
    async with stage(tmp_path) as act:
        page = await act.page()
        await write(page, "hello")
        await expect(log(page)).to_contain_text("echo: hello")

        async def slowly(route: Route) -> None:
            if "identify" in (route.request.post_data or ""):
                await asyncio.sleep(0.5)
            await route.continue_()

        await page.route("**/messages", slowly)
        await page.evaluate("(jwt) => Parley.identify(jwt)", identity(act.front, name="Ana"))
        await write(page, "who am I")
        await expect(log(page)).to_contain_text("echo: who am I")
        assert bots.seen[1].profile["name"] == "Ana"


async def test_the_readmes_script_reaches_the_chat_whichever_comes_first(tmp_path: Path) -> None:
    (script,) = re.findall(r"^<script>\n(.*?)</script>$", README, re.DOTALL | re.MULTILINE)
    async with stage(tmp_path) as act:
        context = await act.browser.context()
        await context.add_init_script(script)
        page = await act.page(context)
        await write(page, "first")
        await expect(log(page)).to_contain_text("echo: first")
        assert bots.seen[0].context["cart"] == {"total": 42.5, "currency": "EUR"}

        await page.evaluate("Parley.setContext({})")
        await page.evaluate(f"() => {{ {script} }}")
        await write(page, "second")
        await expect(log(page)).to_contain_text("echo: second")
        assert bots.seen[1].context["cart"] == {"total": 42.5, "currency": "EUR"}


async def test_a_forged_identity_is_told_to_the_page_and_changes_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path, "Failed to load resource") as act:
        page = await act.page()
        await write(page, "hello")
        await expect(log(page)).to_contain_text("echo: hello")
        # Not wait_for_function: it polls with eval, which the page's content security policy refuses.
        told = """(jwt) => new Promise((tell) => {
            Parley.on("error", (problem) => tell(problem.code));
            Parley.identify(jwt);
        })"""
        assert await page.evaluate(told, identity(act.front, key="x" * 32)) == "unauthenticated"
        await write(page, "still here")
        await expect(log(page)).to_contain_text("echo: still here")


async def test_markup_in_every_field_is_inert(tmp_path: Path) -> None:
    async with stage(tmp_path, "Failed to load resource", "Content Security Policy", bot="hostile") as act:
        page = await act.page()
        await write(page, '<img src=x onerror="alert(1)"><script>alert(2)</script>')
        await expect(log(page).locator(".form")).to_have_count(1)
        found = await probe(page, "inert")
        assert (found["scripts"], found["handlers"]) == (0, 0)
        assert not [one for one in found["addresses"] if not re.match(r"^(https?|mailto|tel):", one)]
        assert found["text"].count("<script>") >= 10
        assert await probe(page, "running", f"{act.cable.url}/widget/now/parts.js") == []
        await expect(page.locator("parley-chat .replies button")).to_contain_text("<script>")
        assert not [one for one in act.browser.complaints if one.startswith("dialog")]


# --- people


async def test_the_queue_the_agent_typing_ticks_and_unread(tmp_path: Path) -> None:
    async with stage(tmp_path, bot="person") as act:
        page = await act.page()
        await write(page, "a person please")
        await expect(page.locator("parley-chat .banner.queue")).to_have_text("You are next.")
        await expect(page.locator("parley-chat .status")).to_have_text("Waiting for a colleague")
        agent, conversation = await act.accepted()
        await expect(page.locator("parley-chat .face")).to_have_text("AB")
        await expect(page.locator("parley-chat .banner")).to_be_hidden()
        engine = act.front.house.runtime.engine
        await engine.typing("shop", conversation, "agent", agent.id, True)
        await expect(log(page).get_by_role("img", name="Ada Bell is typing")).to_be_visible()
        await act.says(agent, conversation, "Good morning")
        await expect(log(page).get_by_role("img", name="Ada Bell is typing")).to_be_hidden()
        await expect(log(page).locator(".who.seen")).to_have_text("Ada Bell")
        await write(page, "Good morning to you")
        await expect(own(page).last).to_have_class(re.compile("delivered"))
        await engine.desk.read("shop", conversation, agent, 99)
        await expect(own(page).last).to_have_class(re.compile("read"))
        read = (await act.conversation()).marks.customer_read
        assert read >= 4
        await page.keyboard.press("Escape")
        await act.says(agent, conversation, "One more thing")
        await expect(page.locator("parley-chat .badge")).to_have_text("1")
        await expect(page.get_by_role("button", name="Open the chat (1 new)")).to_be_visible()
        assert (await act.conversation()).marks.customer_read == read
        await page.locator("parley-chat .launcher").click()
        await expect(page.locator("parley-chat .badge")).to_have_text("")


async def test_the_words_of_the_chat_follow_the_browser(tmp_path: Path) -> None:
    async with stage(tmp_path, greeting={"en": "Hello!", "it": "Ciao!"}) as act:
        page = await act.page(locale="it-IT")
        await expect(page.locator("parley-chat textarea")).to_have_attribute("placeholder", "Scrivi un messaggio…")
        await expect(log(page)).to_contain_text("Ciao!")
        assert await page.evaluate("document.querySelector('parley-chat').lang") == "it"


# --- parts


async def test_choices_are_made_by_tapping(tmp_path: Path) -> None:
    async with stage(tmp_path, bot="choices") as act:
        page = await act.page()
        await write(page, "a mug")
        chips = page.locator("parley-chat .replies button")
        await expect(chips).to_have_text(["Small", "Large"])
        await chips.nth(1).click()
        await expect(log(page)).to_contain_text("chose size:l")
        await expect(chips).to_have_count(0)
        await expect(own(page).last).to_contain_text("Large")


async def test_a_form_is_checked_sent_and_summed_up(tmp_path: Path) -> None:
    async with stage(tmp_path, bot="asks") as act:
        page = await act.page()
        await write(page, "a receipt")
        form = log(page).locator("form.form")
        await form.get_by_role("button").click()
        await expect(form.get_by_text("Please fill this in.")).to_have_count(1)
        await form.get_by_label("E-mail").fill("nonsense")
        await form.get_by_role("button").click()
        await expect(form.get_by_text("doesn't look like an e-mail")).to_be_visible()
        await form.get_by_label("E-mail").fill("ana@example.com")
        await form.get_by_label("Size").select_option("l")
        await form.get_by_role("button").click()
        await expect(form.locator("dd")).to_have_text(["ana@example.com", "Large"])
        await expect(own(page).last).to_contain_text("ana@example.com\nLarge")
        await expect(log(page)).to_contain_text("form: ana@example.com")
        await page.reload()
        await page.locator("parley-chat .launcher").click()
        await expect(form.locator("dd")).to_have_text(["ana@example.com", "Large"])


async def test_pictures_by_button_paste_and_drop(tmp_path: Path) -> None:
    async with stage(tmp_path) as act:
        page = await act.page()
        await page.locator("parley-chat input[type=file]").set_input_files(
            {"name": "one.png", "mimeType": "image/png", "buffer": PNG}
        )
        await expect(own(page).locator(".picture img")).to_have_count(1)
        for kind, target in (("paste", "textarea"), ("drop", ".panel")):
            await probe(page, "hand", [kind, target, list(PNG)])
        await expect(own(page).locator(".picture img")).to_have_count(3)
        await own(page).locator(".picture").first.click()
        await expect(page.locator("parley-chat dialog")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.locator("parley-chat dialog")).to_be_hidden()
        await expect(page.locator("parley-chat .panel")).to_be_visible()


async def test_files_that_are_not_taken_are_refused_in_words(tmp_path: Path) -> None:
    async with stage(tmp_path, "Failed to load resource", upload={"max_bytes": 1024}) as act:
        page = await act.page()
        picker = page.locator("parley-chat input[type=file]")
        note = page.locator("parley-chat .note")
        await picker.set_input_files({"name": "a.svg", "mimeType": "image/svg+xml", "buffer": SVG})
        await expect(note).to_contain_text("a.svg can't be sent")
        await picker.set_input_files({"name": "big.png", "mimeType": "image/png", "buffer": PNG + bytes(2000)})
        await expect(note).to_contain_text("big.png is too large")
        await picker.set_input_files({"name": "lie.png", "mimeType": "image/png", "buffer": SVG})
        await expect(note).to_contain_text("lie.png can't be sent")
        await expect(own(page).last).to_have_class(re.compile("failed"))
        await own(page).last.get_by_role("button", name="Remove").click()
        await expect(own(page)).to_have_count(0)


# --- for everybody


async def test_the_keyboard_is_enough(tmp_path: Path) -> None:
    async with stage(tmp_path, bot="choices") as act:
        page = await act.page(opened=False)
        launcher = page.get_by_role("button", name="Open the chat")
        await launcher.focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await expect(page.get_by_role("textbox", name="Message")).to_be_focused()
        await page.keyboard.type("a mug")
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.type("please")
        await page.keyboard.press("Enter")
        await expect(own(page)).to_have_text(re.compile("a mug\nplease"))
        await expect(page.locator("parley-chat .replies button")).to_have_count(2)
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Enter")
        await expect(log(page)).to_contain_text("chose size:l")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_be_hidden()
        await expect(launcher).to_be_focused()
        await expect(page.locator("parley-chat [role=log]")).to_have_attribute("aria-label", "Conversation")


async def test_everything_that_can_be_pressed_has_a_name(tmp_path: Path) -> None:
    async with stage(tmp_path, "Failed to load resource", bot="hostile") as act:
        page = await act.page()
        await write(page, "everything")
        await expect(log(page).locator(".form")).to_have_count(1)
        assert await probe(page, "nameless") == []


@pytest.mark.parametrize("color", ["#0b6e69", "#ffd400", "#ffffff", "#000000", "#8888ff"])
async def test_whatever_the_brand_text_can_be_read(tmp_path: Path, color: str) -> None:
    async with stage(tmp_path, color=color, greeting="See https://example.com") as act:
        for scheme in ("light", "dark"):
            page = await act.page(color_scheme=scheme)
            await write(page, "hello")
            await expect(log(page)).to_contain_text("echo: hello")
            ratios = await probe(page, "contrasts")
            assert min(ratios.values()) >= 4.5, (scheme, ratios)


async def test_a_phone_shows_it_on_the_whole_screen(tmp_path: Path) -> None:
    async with stage(tmp_path, "Failed to load resource", bot="hostile") as act:
        page = await act.page(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
        await write(page, "everything")
        await expect(log(page).locator(".form")).to_have_count(1)
        box = await page.locator("parley-chat .panel").bounding_box()
        assert box == {"x": 0, "y": 0, "width": 390, "height": 844}
        assert await probe(page, "overflowing") == 0
        await expect(page.locator("parley-chat .launcher")).to_be_hidden()


async def test_earlier_messages_come_when_they_are_looked_for(tmp_path: Path) -> None:
    async with stage(tmp_path, bot="silent") as act:
        context = await act.browser.context()
        page = await act.page(context)
        await write(page, "line 0")
        await expect(own(page)).to_have_class(re.compile("sent|delivered|read"))
        address = (await act.conversation()).address
        for at in range(1, 90):
            await act.front.house.hear(f"line {at}", address=address)
        await page.reload()
        await page.locator("parley-chat .launcher").click()
        await expect(own(page)).to_have_count(40)
        await expect(log(page).get_by_text("line 89", exact=True)).to_be_in_viewport()
        for count in (80, 90):
            await log(page).get_by_role("button", name="Show earlier messages").click()
            await expect(own(page)).to_have_count(count)
        await expect(log(page).get_by_role("button", name="Show earlier messages")).to_be_hidden()
