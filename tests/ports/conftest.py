"""Every adapter of the store, one after the other."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.clock import ManualClock
from tests.support.stores import ADAPTERS, Database, Opened


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> Opened:
    return ADAPTERS[request.param]


@pytest.fixture
async def store(adapter: Opened, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Database]:
    async with adapter(tmp_path, clock) as opened:
        yield opened
