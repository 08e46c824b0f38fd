"""Intents learnt from examples in memory."""

import asyncio
from pathlib import Path

import pytest

from nlp.tfidf import Settings, Tfidf, create, examples_of
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.files import LocalFiles
from orchestrator.errors import EngineFailed, Misconfigured
from orchestrator.types import Language, Understanding, Utterance
from tests.support.understanding import http_client

INTENTS = """
[guide]
name = "any other table is left alone"

[[intent]]
name = "shipping"
examples = ["How much is shipping?", "What does delivery cost?", "Is shipping free?", "Price of sending it to Spain"]

[[intent]]
name = "returns"
examples = ["I want to return it", "How do I send it back?", "Can I get a refund?", "Return a pair of shoes"]

[[intent]]
name = "order"
examples = ["Where is my order?", "Track my parcel", "My package has not arrived", "Order status please"]

[[intent]]
name = "none yet"
"""


async def engine(tmp_path: Path, **more: object) -> Tfidf:
    path = tmp_path / "intents.toml"
    path.write_text(INTENTS, encoding="utf-8")
    settings = Settings(file=path, **more)
    made = Tfidf(settings, examples_of(settings))
    await made.open()
    return made


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("what is the shipping cost", "shipping"),
        ("i would like to return my shoes", "returns"),
        ("the parcel did not arrive, where is it", "order"),
        ("wehre is my ordr", "order"),
    ],
)
async def test_finds_the_intent(tmp_path: Path, text: str, name: str) -> None:
    made = await engine(tmp_path)
    found = await made.read(Utterance(text=text), Understanding(language=Language(code="en"), pivot=text))
    assert found.intents[0].name == name
    assert found.intents[0].engine == "tfidf"
    assert list(found.intents) == sorted(found.intents, key=lambda intent: -intent.score)
    await made.close()


@pytest.mark.parametrize("text", ["the weather is lovely in june", "xyz", "12345"])
async def test_what_is_out_of_scope_has_no_intent(tmp_path: Path, text: str) -> None:
    made = await engine(tmp_path)
    found = await made.read(Utterance(text=text), Understanding(language=Language(code="en"), pivot=text))
    assert found.intents == ()
    await made.close()


async def test_other_languages_are_read_in_translation(tmp_path: Path) -> None:
    made = await engine(tmp_path)
    spanish = Understanding(language=Language(code="es"), pivot="how much costs the shipping")
    assert (await made.read(Utterance(text="cuánto cuesta el envío"), spanish)).intents[0].name == "shipping"
    with pytest.raises(EngineFailed, match="no translation"):
        await made.read(Utterance(text="cuánto cuesta"), Understanding(language=Language(code="es")))
    await made.close()


async def test_many_at_once(tmp_path: Path) -> None:
    made = await engine(tmp_path)
    texts = ["where is my order", "i want to return it", "is shipping free"] * 20
    found = await asyncio.gather(
        *(made.read(Utterance(text=t), Understanding(language=Language(code="en"), pivot=t)) for t in texts)
    )
    assert [one.intents[0].name for one in found] == ["order", "returns", "shipping"] * 20
    await made.close()


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("[[intent]]\nname = 'a'\nexamples = ['x']", "at least two intents"),
        ("[[intent]]\nname = 'a'\nexamples = 'x'", "intent 1: needs a name and a list"),
        ("[[intent]]\nexamples = ['x']", "intent 1: needs a name"),
        ("[[intent]]\nname = 'a'\nexamples = ['']\n[[intent]]\nname = 'b'\nexamples = ['x']", "'a' has no examples"),
        ("[[intent", "not valid TOML"),
    ],
)
async def test_refuses_what_it_cannot_learn_from(tmp_path: Path, source: str, why: str) -> None:
    path = tmp_path / "intents.toml"
    path.write_text(source, encoding="utf-8")
    async with http_client() as http:
        with pytest.raises(Misconfigured, match=why):
            create(Settings(file=path), clock=SystemClock(), http=http, files=LocalFiles(tmp_path, SystemClock()))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="No such file"):
        examples_of(Settings(file=tmp_path / "none.toml"))


def test_examples_in_the_configuration_add_to_the_file(tmp_path: Path) -> None:
    path = tmp_path / "intents.toml"
    path.write_text(INTENTS, encoding="utf-8")
    examples = examples_of(Settings(file=path, intents={"order": ("Has it shipped?",), "hours": ("Are you open?",)}))
    assert examples["order"][0] == "Has it shipped?"
    assert len(examples["order"]) == 5
    assert set(examples) == {"shipping", "returns", "order", "hours"}
