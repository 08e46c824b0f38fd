"""What is there to watch a server by, as it really runs."""

import asyncio
from pathlib import Path

import pytest

from tests.support.shop import Shop, shop

pytestmark = pytest.mark.processes


def value(page: str, name: str, *labels: str) -> float:
    """The sum of a metric's samples that carry these labels."""
    lines = [line for line in page.splitlines() if line.startswith(f"{name}{{") or line.startswith(f"{name} ")]
    return sum(float(line.rpartition(" ")[2]) for line in lines if all(label in line for label in labels))


async def metrics(here: Shop, deliveries: int) -> str:
    """Once so many are counted: the platform has a message a moment before that."""
    async with asyncio.timeout(20):
        while True:
            page = await (await here.get("/metrics")).text()
            if value(page, "parley_deliveries_total", 'outcome="sent"') >= deliveries:
                return page
            await asyncio.sleep(0.05)


async def test_metrics_count_turns_bots_and_deliveries(tmp_path: Path) -> None:
    bots = {"spare": {"kind": "python", "bot": "tests.support.bots:echo"}}
    bots["gone"] = {"kind": "webhook", "url": "http://127.0.0.1:9/", "secret": "whsec_" + "A" * 32, "fallback": "spare"}
    rules = [{"name": "gone", "when": "text == 'gone'", "then": "bot", "bot": "gone"}]
    async with shop(tmp_path, bots=bots, rules=rules) as here:
        for number, text in enumerate(("one", "two", "gone"), 1):
            assert (await here.hear(text, conversation=f"c{number}")).status == 200
        assert (await here.hear("one", conversation="c1")).status == 200
        await here.platform.until(taken=3)
        page = await metrics(here, deliveries=3)
        assert value(page, "parley_turn_seconds_count", 'outcome="answered"') == 3
        assert value(page, "parley_bot_seconds_count", 'bot="thinker"', 'outcome="ok"') == 2
        assert value(page, "parley_bot_seconds_count", 'bot="gone"', 'outcome="failed"') == 1
        assert value(page, "parley_bot_seconds_count", 'bot="spare"', 'outcome="ok"') == 1
        assert value(page, "parley_deliveries_total", 'outcome="sent"') == 3
        assert value(page, "parley_unprocessed") == 0


async def test_the_api_explains_itself_without_asking_anybody(tmp_path: Path) -> None:
    """The page, what it loads and the schema come from this server, and its policy lets nothing else in."""
    async with shop(tmp_path) as here:
        page = await here.get("/docs")
        assert page.status == 200
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        text = await page.text()
        assert "://" not in text.replace("http://www.w3.org", "")
        for name in ("docs.css", "docs.js"):
            assert name in text
            assert (await here.get(f"/docs/{name}")).status == 200
        schema = await (await here.get("/openapi.json")).json()
        assert schema["openapi"].startswith("3.1")
        assert "/v1/conversations" in schema["paths"]
