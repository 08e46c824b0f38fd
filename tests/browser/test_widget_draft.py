"""An answer in the widget while it is being made: there at once, read out when done, replaced by the message."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support import bots
from tests.support.stage import log, stage, write

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture(autouse=True)
def fresh_bots() -> Iterator[None]:
    bots.reset()
    yield
    bots.reset()


async def test_words_show_as_they_come(tmp_path: Path) -> None:
    async with stage(tmp_path, bot="drafts") as act:
        page = await act.page()
        await write(page, "gate-a")
        draft = page.locator("parley-chat .draft")
        await expect(draft).to_be_visible()
        await expect(draft).to_contain_text("Your parcel")
        await expect(draft).to_have_attribute("aria-hidden", "true")
        await expect(page.locator("parley-chat .dots")).to_have_count(0)
        bots.gates["gate-a"].set()
        await expect(log(page)).to_contain_text("Your parcel is on its way.")
        await expect(draft).to_be_hidden()
        await expect(page.locator("parley-chat .msg.other")).to_have_count(1)


async def test_who_takes_over_clears_what_the_bot_had(tmp_path: Path) -> None:
    async with stage(tmp_path, bot="drafts") as act:
        page = await act.page()
        await write(page, "gate-b")
        draft = page.locator("parley-chat .draft")
        await expect(draft).to_be_visible()
        runtime = act.front.house.runtime
        (conversation,) = await runtime.store.conversations("shop")
        agent = act.front.house.agent()
        await runtime.store.add_agent(agent)
        await runtime.engine.desk.accept("shop", conversation.id, agent)
        await expect(draft).to_be_hidden()
        bots.gates["gate-b"].set()
        await act.front.house.settled(conversation.address)
        await expect(log(page)).not_to_contain_text("Your parcel")
