"""The widget and its line to the server: pulled, plugged, without WebSockets, shared by tabs, too slow."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support import bots
from tests.support.stage import PULLED, log, own, stage, write

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


async def test_what_is_written_offline_is_sent_once_when_the_line_is_back(tmp_path: Path) -> None:
    async with stage(tmp_path, *PULLED) as act:
        context = await act.browser.context()
        page = await act.page(context)
        await write(page, "before")
        await expect(log(page)).to_contain_text("echo: before")
        act.cable.pull()
        await write(page, "one")
        await write(page, "two")
        await expect(own(page).last).to_have_class(re.compile("sending"))
        await expect(page.locator("parley-chat .banner")).to_contain_text("can't be reached")
        act.cable.plug()
        await expect(log(page)).to_contain_text("two")
        await expect(own(page).last).to_have_class(re.compile("read"))
        await expect(page.locator("parley-chat .banner")).to_be_hidden()
        said = [line for line in await act.lines() if line.startswith("customer")]
        assert said == ["customer: before", "customer: one", "customer: two"]


async def test_what_waits_survives_a_reload_of_the_page(tmp_path: Path) -> None:
    async with stage(tmp_path, *PULLED) as act:
        context = await act.browser.context()
        page = await act.page(context)
        await write(page, "before")
        await expect(log(page)).to_contain_text("echo: before")
        act.cable.pull()
        await write(page, "written offline")
        await page.close()
        act.cable.plug()
        page = await act.page(context, opened=False)
        await expect(page.locator("parley-chat .badge")).to_have_text(re.compile("[12]"))
        await page.locator("parley-chat .launcher").click()
        await expect(log(page)).to_contain_text("echo: written offline")
        said = [line for line in await act.lines() if line.startswith("customer")]
        assert said == ["customer: before", "customer: written offline"]


async def test_an_answer_lost_on_the_way_is_not_asked_for_twice(tmp_path: Path) -> None:
    """The server has accepted, and the line breaks before it could say so."""
    async with stage(tmp_path, *PULLED, bot="slow") as act:
        page = await act.page()
        await write(page, "gate-x first")
        await bots.entered["gate-x"].wait()
        act.cable.pull()
        await write(page, "second")
        bots.gates["gate-x"].set()
        act.cable.plug()
        await expect(log(page)).to_contain_text("slow: second")
        await expect(log(page)).to_contain_text("slow: gate-x first")
        assert sorted(line for line in await act.lines() if line.startswith("customer")) == [
            "customer: gate-x first",
            "customer: second",
        ]


async def test_where_no_websocket_gets_through_it_goes_by_http(tmp_path: Path) -> None:
    async with stage(tmp_path, *PULLED, sockets=False, bot="person") as act:
        page = await act.page()
        await write(page, "a person please")
        await expect(log(page)).to_contain_text("Let me get somebody", timeout=30_000)
        await expect(page.locator("parley-chat .banner")).to_contain_text("next")
        agent, conversation = await act.accepted()
        await expect(page.locator("parley-chat .status")).to_contain_text("Ada Bell")
        await act.says(agent, conversation, "Hello over HTTP")
        await expect(log(page)).to_contain_text("Hello over HTTP")
        await write(page, "and back")
        await expect(own(page).last).to_have_class(re.compile("sent|delivered|read"))
        assert "customer: and back" in await act.lines()
        assert act.cable.refused >= 2


async def test_two_tabs_show_one_conversation(tmp_path: Path) -> None:
    async with stage(tmp_path) as act:
        context = await act.browser.context()
        one, two = await act.page(context), await act.page(context)
        await write(one, "from one")
        await expect(log(two)).to_contain_text("echo: from one")
        await write(two, "from two")
        await expect(log(one)).to_contain_text("echo: from two")
        assert len([line for line in await act.lines() if line.startswith("customer")]) == 2


async def test_a_burst_is_told_to_wait_and_then_gets_through(tmp_path: Path) -> None:
    async with stage(tmp_path, bot="silent", rate=600) as act:
        act.front.house.runtime.bus.rates.full.clear()
        page = await act.page()
        for at in range(8):
            await write(page, f"line {at}")
        await expect(own(page).last).to_have_class(re.compile("sent|delivered|read"))
        said = await act.lines()
        assert said == [f"customer: line {at}" for at in range(8)]


async def test_the_server_may_go_and_come_back(tmp_path: Path) -> None:
    async with stage(tmp_path, *PULLED) as act:
        page = await act.page()
        await write(page, "hello")
        await expect(log(page)).to_contain_text("echo: hello")
        address = (await act.conversation()).address
        act.cable.pull()
        await act.front.house.hear("said elsewhere", address=address)
        await act.front.house.settled(address)
        act.cable.plug()
        await expect(log(page)).to_contain_text("echo: said elsewhere")
        await expect(log(page).locator(".msg.other")).to_have_count(2)
