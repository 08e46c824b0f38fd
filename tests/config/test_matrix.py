"""docs/channels.md is what the connectors say they can show."""

from pathlib import Path

from orchestrator.matrix import matrix
from orchestrator.preview import installed
from orchestrator.registry import found

PAGE = Path(__file__).resolve().parents[2] / "docs" / "channels.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == matrix(), "run 'make docs' and commit the page"


def test_every_connector_says_what_it_can_show() -> None:
    assert set(installed()) == set(found("connectors")), "a connector's module needs 'limits = LIMITS'"
