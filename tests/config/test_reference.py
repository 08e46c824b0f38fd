"""docs/configuration.md is what the settings models say."""

from pathlib import Path

from orchestrator import reference

PAGE = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference.reference(), "run 'make docs' and commit the page"
