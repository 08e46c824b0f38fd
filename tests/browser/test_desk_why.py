"""The desk's "Why?" in a real browser: what was understood of a customer's line, by which engine, how surely."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from tests.support.chromium import chromium
from tests.support.desk import desk_house
from tests.support.deskpage import UNSIGNED, working

pytestmark = pytest.mark.browser

INTENTS = """
[[intent]]
name = "shipping_cost"
examples = ["How much is shipping?", "What does delivery cost?", "Is shipping free?", "Price of sending it to Spain"]

[[intent]]
name = "returns"
examples = ["I want to return it", "How do I send it back?", "Can I get a refund?", "Return a pair of shoes"]
"""


async def test_what_was_understood_is_drawn_with_its_scores_and_engines(tmp_path: Path) -> None:
    (tmp_path / "intents.toml").write_text(INTENTS, encoding="utf-8")
    nlp = {
        "language": ["langid"],
        "sentiment": ["vader", "lexicon"],
        "intent": ["intents"],
        "wish": ["phrases"],
        "translators": "none",
        "stages": {
            "intents": {
                "file": tmp_path / "intents.toml",
                "versions": tmp_path / "versions",
                "model": tmp_path / "none",
            }
        },
    }
    async with desk_house(tmp_path, nlp=nlp) as desk, chromium(UNSIGNED) as browser:
        page = await working(desk, browser)
        await desk.parley.hear("HOW MUCH IS SHIPPING? THIS IS TERRIBLE, AWFUL SERVICE!")
        await desk.parley.settled()
        await page.locator(".line").first.click()
        lines = page.locator(".bubble.customer")
        await lines.first.hover()
        await lines.first.get_by_role("button", name="Why").click()
        drawer = page.get_by_role("dialog")
        read = drawer.locator(".understood")
        await expect(drawer.get_by_role("heading", name="What was understood")).to_be_visible()
        await expect(row(read, "Language")).to_contain_text("English")
        await expect(row(read, "Sentiment")).to_contain_text("unhappy -")
        await expect(row(read, "Sentiment")).to_contain_text("lexicon")
        await expect(row(read, "Intent").first).to_contain_text("Shipping cost")
        await expect(read.get_by_text("Caps", exact=True)).to_be_visible()
        await page.keyboard.press("Escape")
        await desk.parley.hear("zebras gallop over moonlit dunes")
        await desk.parley.settled()
        await expect(lines).to_have_count(2)
        await lines.last.get_by_role("button", name="Why").click()
        await expect(row(read, "Outside what it knows")).to_contain_text("%")
        await expect(read.locator(".stage-name", has_text=re.compile("^Intent"))).to_have_count(0)


def row(read: Locator, name: str) -> Locator:
    return read.locator("li", has_text=name)
