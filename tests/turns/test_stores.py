"""The list of what runs on every store names tests there are."""

from pathlib import Path

import pytest

from tests.turns.conftest import ON_EVERY_STORE


@pytest.mark.parametrize("name", sorted(ON_EVERY_STORE))
def test_it_is_a_test(name: str) -> None:
    files = Path(__file__).parent.glob("test_*.py")
    assert any(f"async def {name}(" in file.read_text(encoding="utf-8") for file in files)
