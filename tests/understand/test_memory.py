"""Reviewed translations: found as they stand, with their slots filled, and refused when they can't be right."""

import time
from pathlib import Path

import pytest

from orchestrator.errors import Misconfigured
from orchestrator.understand import Memory

ENTRIES = """
[[entry]]
en = "Where is my order?"
es = "¿Dónde está mi pedido?"
nl = "Waar is mijn bestelling?"

[[entry]]
en = "Your order {number} is {status}."
es = "Tu pedido {number} está {status}."
nl = "Je bestelling {number} is {status}."

[[entry]]
en = "on its way"
es = "en camino"
nl = "onderweg"

[[entry]]
en = "Your order {number} is late, {name}."
es = "{name}, tu pedido {number} llega tarde."
nl = "{name}, je bestelling {number} is te laat."

[[entry]]
en = "{a},{b},{c},{d},{e},{f};"
es = "{f},{e},{d},{c},{b},{a};"
nl = "{a},{b},{c},{d},{e},{f};"
"""


def memory(tmp_path: Path, *sources: str) -> Memory:
    paths = []
    for number, source in enumerate(sources):
        path = tmp_path / f"memory{number}.toml"
        path.write_text(source, encoding="utf-8")
        paths.append(path)
    return Memory(paths)


@pytest.mark.parametrize(
    ("text", "source", "target", "found"),
    [
        ("Where is my order?", "en", "es", "¿Dónde está mi pedido?"),
        ("  where is   MY order? ", "en", "nl", "Waar is mijn bestelling?"),
        ("¿dónde está mi pedido?", "es", "en", "Where is my order?"),
        ("Where is my order", "en", "es", None),
        ("Your order #A-99812 is on its way.", "en", "es", "Tu pedido #A-99812 está en camino."),
        ("your order 7 is lost in Rome.", "en", "nl", "Je bestelling 7 is lost in Rome."),
        ("Your order 7 is late, Ana María.", "en", "es", "Ana María, tu pedido 7 llega tarde."),
        ("Your order is on its way.", "en", "es", None),
        ("Your order 7 is on\nits way.", "en", "es", None),
        ("1,2,3,4,5,6;", "en", "es", "6,5,4,3,2,1;"),
        ("Where is my order?", "en", "fr", None),
    ],
)
def test_finds_whole_texts_in_any_direction(
    tmp_path: Path, text: str, source: str, target: str, found: str | None
) -> None:
    assert memory(tmp_path, ENTRIES).find(text, source, target) == found


def test_the_first_file_wins_and_the_rest_add(tmp_path: Path) -> None:
    found = memory(
        tmp_path,
        '[[entry]]\nen = "Yes"\nes = "Sí"\n',
        '[[entry]]\nen = "Yes"\nes = "Claro"\n[[entry]]\nen = "No"\nit = "No"\n',
    )
    assert found.find("yes", "en", "es") == "Sí"
    assert found.find("no", "en", "it") == "No"
    assert found.entries == 3
    assert ("en", "it") in found.pairs()


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("[[entry]]\nen = 'x'\nes = ", "not valid TOML"),
        ("[[entry]]\nen = 'x {a}'\nes = 'y {b}'", "entry 1: the 'es' text has other {placeholders}"),
        ("[[entry]]\nen = '{a} {b} x'\nes = '{a} x {b}'", "placeholders need words around them"),
        ("[[entry]]\nen = '{a}'\nes = '{a}'", "placeholders need words around them"),
        ("[[entry]]\nen = 'a {x} b {x}'\nes = 'a {x} b {x}'", "each once"),
        ("[[entry]]\nenglish = 'x'\nes = 'y'", "'english' is no language"),
        ("[[entry]]\nen = 'x'\nes = ''", "entry 1: each language needs a text"),
        ("[[entry]]\nen = 3", "entry 1: each language needs a text"),
        ("[entry]\nen = 'x'", "only [[entry]] tables"),
        ("[[entries]]\nen = 'x'", "only [[entry]] tables"),
    ],
)
def test_refuses_what_cannot_be_right_and_says_where(tmp_path: Path, source: str, why: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        memory(tmp_path, source)
    assert why in str(caught.value)
    assert "memory0.toml" in str(caught.value)


def test_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="No such file"):
        Memory([tmp_path / "none.toml"])


def test_a_text_made_to_fit_many_ways_takes_no_longer(tmp_path: Path) -> None:
    found = memory(tmp_path, ENTRIES)
    start = time.process_time()
    assert found.find("a," * 900, "en", "es") is None
    assert time.process_time() - start < 0.5
