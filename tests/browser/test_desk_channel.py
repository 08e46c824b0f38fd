"""The desk in a real browser: what channels tell of messages shows in the thread, without reading it again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from orchestrator.errors import SendFailed
from orchestrator.types import Consent, Deleted, Edited, Reacted, StatusChanged
from tests.support import bots, probe
from tests.support.builders import texts
from tests.support.channel import tell
from tests.support.deskpage import at_the_desk, working

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    bots.reset()
    probe.sides.clear()
    probe.install(tmp_path, monkeypatch)
    yield
    probe.sides.clear()


async def test_what_a_channel_tells_shows_in_the_thread(tmp_path: Path) -> None:
    side = probe.sides["probe"]
    channels = {"web": {"kind": "webchat"}, "line": {"kind": "probe"}}
    async with at_the_desk(tmp_path, bot="echo", channels=channels) as (desk, browser):
        parley = desk.parley
        parley.channel = "line"
        await parley.hear("hello", external_id="m-1")
        await side.until(lambda: side.sent)
        await parley.hear("about that", external_id="m-2", quotes="m-1")
        await side.until(lambda: len(side.sent) == 2)
        page = await working(desk, browser)
        await page.get_by_role("link", name="All").click()
        await page.locator(".line").first.click()
        thread = page.locator(".thread")
        await expect(thread.locator(".bubble.customer")).to_have_count(2)
        await expect(thread.locator(".quoted")).to_contain_text("hello")

        now = parley.runtime.clock.now()
        await tell(parley, Reacted(address="visitor", external_id="theirs-1", emoji="🎉", at=now))
        await expect(thread.locator(".reactions")).to_have_text("🎉")
        await tell(parley, Edited(address="visitor", external_id="m-1", parts=texts("hallo"), at=now))
        await expect(thread.locator(".bubble.customer").first).to_contain_text("hallo")
        await tell(parley, Deleted(address="visitor", external_id="m-2", at=now))
        await expect(thread.locator(".bubble.customer").last).to_contain_text("The customer deleted this message")

        await tell(parley, StatusChanged(external_id="theirs-1", state="read", at=now))
        await expect(thread.locator(".ticks.read")).to_have_count(1)
        side.refusals.append(SendFailed("closed", retryable=False, reason="window_closed"))
        await parley.hear("still there?")
        await expect(thread.get_by_text("The customer wrote too long ago")).to_be_visible()
        await tell(parley, Consent(address="visitor", allowed=False, at=now))
        await expect(thread.get_by_text("This customer does not want to hear from us")).to_be_visible()
        await parley.hear("hm")
        await expect(thread.get_by_text("The customer does not want to hear from us here")).to_be_visible()
