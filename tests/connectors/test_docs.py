"""What docs/connectors.md tells writers of connectors is so: its sketch is a Connector, its tables miss nothing."""

import inspect
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from orchestrator import ports, types
from orchestrator.errors import SendProblem
from orchestrator.ports import Connector
from orchestrator.types import Inbound

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "connectors.md").read_text(encoding="utf-8")
MEMBERS = [name for name, one in vars(Connector).items() if inspect.isfunction(one) and not name.startswith("_")]


@pytest.fixture(scope="module")
def sketch() -> Any:
    (code,) = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {name: getattr(types, name) for name in types.__all__}
    exec("from __future__ import annotations\nfrom typing import Literal\n" + code, names)
    return names["AcmeChannel"]


def table(heading: str) -> set[str]:
    """The first cells of the table that begins so."""
    _, _, after = GUIDE.partition(f"| {heading} |")
    rows = after.partition("\n\n")[0].splitlines()[2:]
    return {cell for row in rows if (cell := row.split("|")[1].strip(" `"))}


def test_the_sketch_has_what_a_connector_has(sketch: Any) -> None:
    assert {"kind", "limits", "delivery"} <= vars(sketch).keys()
    assert isinstance(sketch.limits, types.Limits)
    assert len(MEMBERS) == 7
    for name in MEMBERS:
        shown, meant = getattr(sketch, name), getattr(Connector, name)
        assert inspect.iscoroutinefunction(shown) == inspect.iscoroutinefunction(meant), name
        assert list(inspect.signature(shown).parameters) == list(inspect.signature(meant).parameters), name


def test_every_event_is_told() -> None:
    assert table("event | when") == {one.__name__ for one in get_args(Inbound)}


def test_every_reason_is_told() -> None:
    assert table("`reason`") == {reason or '""' for reason in get_args(SendProblem)}


def test_every_further_protocol_is_one() -> None:
    (rows,) = re.findall(r"has the Protocols:\n\n(.*?)\n\n", GUIDE, re.DOTALL)
    named = re.findall(r"^\| `(\w+)`", rows, re.MULTILINE)
    assert len(named) == 6
    assert [name for name in named if not hasattr(ports, name)] == []


def test_files_it_names_are_there() -> None:
    named = re.findall(r"`((?:orchestrator|connectors|tests)/[\w/]+\.py)`", GUIDE)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
