"""Names that are never translated, and terms whose translation is fixed, through a real engine."""

from pathlib import Path

import pytest

from orchestrator.adapters.clock import SystemClock
from orchestrator.errors import Misconfigured
from orchestrator.understand import Chain, Glossary, Link
from tests.support.apertium import apertium

TOML = """
keep = ["House Red"]

[[term]]
en = "pickup point"
es = "punto de recogida"

[[term]]
en = "point"
es = "tanto"
fr = "but"
"""


def glossary(tmp_path: Path, text: str = TOML) -> Glossary:
    path = tmp_path / "glossary.toml"
    path.write_text(text, encoding="utf-8")
    return Glossary([path])


async def test_terms_come_back_as_agreed_whatever_the_engine_says(tmp_path: Path) -> None:
    async with apertium() as engine:
        chain = Chain([Link(translator=engine)], clock=SystemClock(), glossary=glossary(tmp_path))
        rendered = await chain.translate(
            ["The house red is at the house.", "Pickup  point", "a pickup point"], "en", "es"
        )
        assert rendered.texts == ("El House Red es en la casa.", "Punto de recogida", "un punto de recogida")
        back = await chain.translate(["el punto de recogida"], "es", "en")
        assert back.texts == ("the pickup point",)
        assert (await chain.translate(["the house is a point"], "en", "es")).texts == ("la casa es una tanto",)


def test_the_longest_term_wins_and_parts_of_words_do_not_count(tmp_path: Path) -> None:
    terms = glossary(tmp_path).of("en", "es")
    assert terms is not None
    assert [found[0] for found in terms.pattern.finditer("pickup point, points, pinpoint, POINT")] == [
        "pickup point",
        "POINT",
    ]


def test_a_pair_without_terms_keeps_the_names_only(tmp_path: Path) -> None:
    found = glossary(tmp_path)
    terms = found.of("nl", "it")
    assert terms is not None
    assert set(terms.fixed) == {"house red"}
    assert Glossary().of("en", "es") is None


def test_the_version_changes_with_the_content(tmp_path: Path) -> None:
    first, second = glossary(tmp_path).version, glossary(tmp_path, TOML + '[[term]]\nen = "a"\nes = "b"\n').version
    assert first
    assert first != second
    assert glossary(tmp_path).version == first


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("keep = 5", "a list of names"),
        ('keep = [""]', "a list of names"),
        ("[[terms]]\na = 1", "only a 'keep' list"),
        ("[term]\nen = 1", "two brackets"),
        ('[[term]]\nen = "a"', "term 1: each term needs two"),
        ('[[term]]\nen = "a"\nes = " "', "term 1"),
        ('[[term]]\nen = "a"\nspanish = "b"', "'spanish' is no language"),
        ("[[", "not valid TOML"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(Misconfigured, match=message):
        glossary(tmp_path, text)
    with pytest.raises(Misconfigured, match="No such file"):
        Glossary([tmp_path / "none.toml"])
