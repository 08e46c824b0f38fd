"""/docs and /openapi.json: complete, and nothing from anywhere else."""

import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from starlette.routing import BaseRoute

from orchestrator.http import api
from orchestrator.http.api import docs
from tests.support.house import House
from tests.support.web import Front, front

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
    return docs.routes(v1, FOLDER, "1.2.3").routes


@pytest.fixture
async def parley(tmp_path: Path) -> AsyncIterator[Front]:
    async with front(tmp_path, mounted) as parley:
        yield parley


async def test_the_description_is_complete(parley: Front) -> None:
    described = (await parley.get("/openapi.json")).json
    assert described["openapi"].startswith("3.1")
    assert described["info"]["version"] == "1.2.3"
    operations = [one for methods in described["paths"].values() for one in methods.values()]
    assert len({one["operationId"] for one in operations}) == len(operations) >= 20
    for operation in operations:
        assert operation["summary"]
        assert operation["security"] == [{"apiKey": []}]
        assert "422" not in operation["responses"]
        assert operation["responses"]["400"]["content"]["application/json"]["schema"]["$ref"].endswith("/Problem")
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', (await parley.get("/openapi.json")).body.decode()))
    assert named <= set(described["components"]["schemas"])


async def test_the_page_and_all_it_loads(parley: Front) -> None:
    page = await parley.get("/docs")
    assert page.status == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for path in re.findall(r'(?:src|href)="(/[^"#]+)"', page.body.decode()):
        answer = await parley.get(path)
        assert answer.status == 200, path
        assert answer.headers["x-content-type-options"] == "nosniff", path


def test_nothing_is_foreign_or_inline() -> None:
    for file in FOLDER.iterdir():
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://", text), file.name
        assert "innerHTML" not in text
        assert " style=" not in text
        assert not re.search(r"<script(?![^>]*src=)", text)
        assert not re.search(r"\son\w+=\"", text)


@pytest.mark.parametrize(
    "path", ["/docs/../pyproject.toml", "/docs/%2e%2e/desk/index.html", "/docs/nothing", "/docs/\x00"]
)
async def test_nothing_else_is_served(parley: Front, path: str) -> None:
    assert (await parley.get(path)).status in (400, 404)
