"""A house whose rules and channels may name registered bots."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support import bots
from tests.support.house import House, house


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    bots.reset()
    async with house(tmp_path) as opened:
        yield opened
