"""Every key, table and element of a TOML file is found on its line."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import Key
from orchestrator.lines import Lines

SHOP = Path(__file__).resolve().parents[2] / "examples" / "shop"

GNARLY = '''# a comment with [a.table] and key = "value"
top = 1 # [not.a.table]
a.b . "c d" = "x # no comment" # comment
'quoted # key' = 'it''s'
list = [ # one
  1, [2, 3], # two
  { x = "]", y.z = [ { w = 1979-05-27 07:32:00 } ] },
]
text = """
key = 5
[table]
""\\""" quotes \\" inside"""""
literal = \'\'\'
[table] = \'\'\'\'\'
[ server . "x]y" ]
date = 1979-05-27T07:32:00Z
[[rule]]
name = "a"
  [[rule.step]]
  n = 1
  [[rule.step]]
  n = 2
[[rule]]
name = "b"
[rule.sub]
k = inf
'''.replace("'it''s'", "'its'")


def leaves(value: Any, place: Key = ()) -> Iterator[Key]:
    match value:
        case dict():
            for name, item in value.items():
                yield from leaves(item, (*place, name))
        case list():
            for number, item in enumerate(value):
                yield from leaves(item, (*place, number))
        case _:
            yield place


@pytest.mark.parametrize(
    "source", [GNARLY, GNARLY.replace("\n", "\r\n"), *(p.read_text() for p in SHOP.glob("*.toml"))]
)
def test_every_value_is_found_where_it_stands(source: str) -> None:
    lines, rows = Lines(source), source.split("\n")
    for place in leaves(tomllib.loads(source)):
        assert place in lines.places
        names = [step for step in place if isinstance(step, str)]
        if isinstance(place[-1], str):
            assert names[-1].split()[0] in rows[lines.line(place) - 1]


def test_lines_of_the_gnarly_one() -> None:
    lines = Lines(GNARLY)
    expected: dict[Key, int] = {
        ("a", "b", "c d"): 3,
        ("list", 1, 1): 6,
        ("list", 2, "y", "z", 0, "w"): 7,
        ("text",): 9,
        ("literal",): 13,
        ("server", "x]y", "date"): 16,
        ("rule", 0): 17,
        ("rule", 0, "step", 1, "n"): 22,
        ("rule", 1, "name"): 24,
        ("rule", 1, "sub"): 25,
    }
    assert {place: lines.line(place) for place in expected} == expected


def test_what_is_not_there_is_put_to_what_is_above_it() -> None:
    lines = Lines("[server]\nport = 1\n[apps.shop]\nbot = 'x'\n")
    assert lines.line(("apps", "shop", "bots", "b")) == 3
    assert lines.line(("apps", "shop", "function-before", "bot")) == 4
    assert lines.line(("nope",)) == 1
    assert lines.line(()) == 1


def test_of_what_is_no_toml_it_knows_what_it_could_make_out() -> None:
    for source in ("[server]\nport = \nhost = 1", "[server]\nport = [1,", "[server]\nport = {", "[server]\nport == 1"):
        assert Lines(source).line(("server", "port")) == 2
    for source in ("", "[", "]", "=", "a", '"', "'''", "a = '''", "[[a]", "a.", "a.b.=1", "\\", "a = [" * 50_000):
        assert Lines(source).line(()) == 1


NAMES = st.text(min_size=1, max_size=6)
VALUES = st.recursive(
    st.integers(-5, 5) | st.booleans() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def written(value: Any) -> str:
    """As an inline value. JSON's strings are TOML's, but for DEL and lone surrogates, which are escaped here too."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(name)} = {written(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[\n" + ",\n".join(map(written, value)) + "]"
    return json.dumps(value).replace("\x7f", "\\u007f")


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_any_toml(tree: dict[str, Any]) -> None:
    source = "\n".join(f"{written(name)} = {written(value)}" for name, value in tree.items())
    try:
        found = tomllib.loads(source)
    except tomllib.TOMLDecodeError:
        Lines(source)  # half a character, which TOML can't escape
        return
    lines = Lines(source)
    for place in leaves(found):
        assert place in lines.places
