"""/docs in a real browser, under its own content security policy."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from playwright.async_api import expect
from starlette.routing import BaseRoute

from orchestrator.http import api
from orchestrator.http.api import docs
from tests.support.chromium import chromium
from tests.support.house import House
from tests.support.web import Front, front

pytestmark = pytest.mark.browser
FOLDER = Path(__file__).resolve().parents[2] / "web" / "docs"


def mounted(house: House) -> Sequence[BaseRoute]:
    runtime = house.runtime
    v1 = api.router(
        apps=runtime.apps,
        engine=runtime.engine,
        records=runtime.store,
        letters=runtime.store,
        accounts=runtime.store,
        bus=runtime.bus,
        clock=runtime.clock,
        office=runtime.office,
    )
    return [*v1.routes, *docs.routes(v1, FOLDER, "1.2.3").routes]


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Front]:
    async with front(tmp_path, mounted) as parley:
        yield parley


async def test_every_operation_is_there_and_can_be_tried(parley: Front) -> None:
    described = (await parley.get("/openapi.json")).json
    count = sum(len(methods) for methods in described["paths"].values())
    async with chromium("401") as browser:
        page = await browser.page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(f"{parley.url}/docs")
        await expect(page.locator(".operation")).to_have_count(count)
        await expect(page).to_have_title("Parley API 1.2.3")

        await page.get_by_label("Filter operations").fill("bot list")
        await expect(page.locator("nav li:visible")).to_have_count(1)
        await page.locator("nav li:visible a").click()
        operation = page.locator("#list_bots")
        await operation.get_by_text("Try it").click()
        send = operation.get_by_role("button", name="Send")
        await send.click()
        await expect(operation.locator(".output .status")).to_have_text("401")
        await page.get_by_role("textbox", name="API key").fill(await parley.make_key("read"))
        await send.click()
        await expect(operation.locator(".output .status")).to_have_text("200")
        await expect(operation.locator(".output pre")).to_contain_text('"name": "echo"')
        assert all(url.startswith(parley.url) for url in asked)


async def test_deep_schemas_open_on_demand(parley: Front) -> None:
    async with chromium() as browser:
        page = await browser.page()
        await page.goto(f"{parley.url}/docs#send_message")
        parts = page.locator("#send_message .fields > li", has=page.locator("> .name", has_text="parts")).first
        await parts.locator("> details > summary").click()
        carousel = parts.locator(".variants > details", has_text="Carousel").first
        await carousel.locator("> summary").click()
        await expect(carousel.locator("> .fields > li > .name")).to_have_text(["cards", "kind"])


async def test_a_phone_and_the_dark(parley: Front) -> None:
    async with chromium() as browser:
        page = await browser.page(viewport={"width": 360, "height": 740}, color_scheme="dark")
        await page.goto(f"{parley.url}/docs")
        await expect(page.locator(".operation").first).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
        await expect(page.locator("nav")).to_be_hidden()
        await page.get_by_role("button", name="Contents").click()
        await page.locator("nav").get_by_text("Get a trace").click()
        await expect(page.locator("nav")).to_be_hidden()
        await expect(page.locator("#get_trace")).to_be_in_viewport()
