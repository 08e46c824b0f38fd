"""Every one of these runs on each store: what a channel brings must be kept in all of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import bots, house, probe


@pytest.fixture(params=["sqlite", "postgres"], autouse=True)
def kept_in(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house, "kept_in", request.param)


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    bots.reset()
    probe.sides.clear()
    probe.install(tmp_path, monkeypatch)
    yield
    bots.reset()
    probe.sides.clear()


@pytest.fixture
def side() -> probe.Side:
    return probe.sides["probe"]
