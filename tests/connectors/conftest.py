"""A connector beside its platform's stand-in; the test's module says which: `KIND = "apple"`."""

import importlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from orchestrator.adapters.files import LocalFiles
from orchestrator.adapters.http_client import HttpClient
from tests.support.clock import ManualClock
from tests.support.cloud import Cloud, running_cloud
from tests.support.playhouse import Stage, staged
from tests.support.turns import NOON

Made = Callable[..., Any]


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    http = HttpClient()
    await http.open()
    yield http
    await http.close()


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with running_cloud() as running:
        yield running


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> ModuleType:
    return importlib.import_module(f"connectors.{request.module.KIND}")


@pytest.fixture
async def stage(kind: ModuleType, clock: ManualClock) -> AsyncIterator[Stage]:
    async with staged(kind.stand_in(clock)) as stage:
        yield stage


@pytest.fixture
def made(kind: ModuleType, stage: Stage, http: HttpClient, clock: ManualClock, tmp_path: Path) -> Made:
    """The connector as the stand-in wants to be talked to, but for what is given."""

    def build(**more: Any) -> Any:
        given = {key: value for key, value in stage.stand_in.settings(stage.url).items() if key != "kind"}
        settings = kind.Settings.model_validate(given | more)
        return kind.create(settings, clock=clock, http=http, files=LocalFiles(tmp_path, clock))

    return build
