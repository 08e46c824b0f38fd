"""Intents by example: learned, kept, swapped while turns run, rolled back; by TF-IDF, and with a model of any kind."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from nlp.intents.examples import corpus
from nlp.intents.model import Head, Model, Reading, load, save
from nlp.intents.page import page
from nlp.intents.report import report
from nlp.intents.stage import Intents, Settings, folder_of, made
from nlp.intents.train import train
from nlp.intents.versions import KEPT, Chosen, Versions
from orchestrator.errors import EngineFailed, Misconfigured, NotFound
from orchestrator.types import Language, Understanding, Utterance
from tests.support.clock import ManualClock
from tests.support.minilm import random_model

INTENTS = """
[[intent]]
name = "shipping"
examples = ["How much is shipping?", "What does delivery cost?", "Is shipping free?", "Price of sending it to Spain"]

[[intent]]
name = "returns"
examples.en = ["I want to return it", "How do I send it back?", "Can I get a refund?", "Return a pair of shoes"]
examples.es = ["Quiero devolverlo", "¿Cómo lo devuelvo?", "¿Me devuelven el dinero?"]

[[intent]]
name = "order"
examples.en = ["Where is my order?", "Track my parcel", "My package has not arrived", "Order status please"]
examples.es = ["¿Dónde está mi pedido?", "Mi paquete no ha llegado", "Estado del pedido"]

[[faq]]
name = "hours"
question = "When are you open?"
also = ["Opening hours", "Are you open on Sunday?"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "intents.toml"
    path.write_text(INTENTS, encoding="utf-8")
    return path


async def engine(file: Path, **more: object) -> Intents:
    settings = Settings(file=file, **{"versions": file.parent / "versions", "model": file.parent / "none", **more})
    stage = made(settings, ManualClock())
    await stage.open()
    return stage


def change(file: Path) -> None:
    file.write_text(INTENTS.replace("Track my parcel", "Follow my parcel"), encoding="utf-8")


def known(code: str, pivot: str) -> Understanding:
    return Understanding(language=Language(code=code), pivot=pivot)


async def heard(stage: Intents, text: str, code: str = "en", pivot: str = "") -> Understanding:
    return await stage.read(Utterance(text=text), known(code, pivot or (text if code == "en" else "")))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("what is the shipping cost", "shipping"),
        ("i would like to return my shoes", "returns"),
        ("the parcel did not arrive, where is it", "order"),
        ("when do you open on sunday", "faq:hours"),
    ],
)
async def test_finds_the_intent_without_the_model(file: Path, text: str, name: str) -> None:
    stage = await engine(file)
    found = await heard(stage, text)
    assert found.intents[0].name == name
    assert found.intents[0].engine == "intents/tfidf#1"
    assert found.out_of_scope < 0.5


@pytest.mark.parametrize("text", ["zebras gallop over moonlit dunes", "xyzzy qwrt plugh"])
async def test_what_is_out_of_scope_has_no_intent(file: Path, text: str) -> None:
    found = await heard(await engine(file), text)
    assert found.intents == ()
    assert found.out_of_scope > 0.5


async def test_examples_in_the_customers_language_need_no_translation(file: Path) -> None:
    stage = await engine(file)
    assert (await heard(stage, "dónde está mi pedido", "es")).intents[0].name == "order"
    assert (await heard(stage, "verzendkosten?", "nl", "shipping cost?")).intents[0].name == "shipping"
    with pytest.raises(EngineFailed, match="examples are in en, es, and there is no translation"):
        await heard(stage, "waar is het", "nl")


async def test_the_second_start_learns_nothing(file: Path) -> None:
    first = await engine(file)
    assert (first.number, (await engine(file)).number) == (1, 1)
    change(file)
    assert (await engine(file)).number == 2


async def test_what_was_rolled_back_stays_so_over_a_start(file: Path) -> None:
    stage = await engine(file)
    stage.versions.add(train(stage.corpus, None))
    assert stage.versions.back() == 1
    change(file)
    assert (await engine(file)).number == 1


async def test_a_new_version_is_taken_between_two_turns(file: Path) -> None:
    stage = await engine(file)
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    other = corpus([file], {"human": ("Talk to a person", "Human please", "Get me an agent")}, "en")
    stage.versions.add(train(other, None))
    clock.advance(5)
    turns = await asyncio.gather(*(heard(stage, "where is my order") for _ in range(20)))
    assert {turn.intents[0].name for turn in turns} == {"order"}
    assert stage.loading is not None
    await stage.loading
    found = await heard(stage, "human please")
    assert (found.intents[0].name, found.intents[0].engine) == ("human", "intents/tfidf#2")


async def test_a_broken_version_leaves_the_one_that_is_served(file: Path) -> None:
    stage = await engine(file)
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    (stage.versions.folder / "0002.npz").write_bytes(b"PK\x03\x04 half of it")
    stage.versions.choose(Chosen(2))
    clock.advance(5)
    await heard(stage, "where is my order")
    assert stage.loading is not None
    await stage.loading
    assert (await heard(stage, "where is my order")).intents[0].engine == "intents/tfidf#1"
    assert (await engine(file)).number == 3


async def test_with_a_model_vectors_are_read(file: Path) -> None:
    random_model(file.parent / "models" / "random")
    stage = await engine(file, model=file.parent / "models" / "random", mode="accurate")
    found = await heard(stage, "Where is my order?")
    assert found.intents[0].name == "order"
    assert found.intents[0].engine == "intents/minilm#1"
    assert (await engine(file)).engine == "intents/tfidf#2"


def test_a_version_is_read_as_it_was_written(file: Path, tmp_path: Path) -> None:
    before = train(corpus([file], {}, "en"), None)
    path = tmp_path / "one.npz"
    path.write_bytes(save(before))
    after = load(path)
    for text in ("where is my order", "shipping", "zebra"):
        assert close(before.heads["en"].read(None, text), after.heads["en"].read(None, text))
    assert (after.corpus, after.mode, set(after.heads)) == (before.corpus, "lexical", {"en", "es"})


def close(one: Reading, other: Reading) -> bool:
    return [name for name, _ in one.scores] == [name for name, _ in other.scores] and np.isclose(
        one.out_of_scope, other.out_of_scope, atol=1e-4
    )


def test_old_versions_go_and_earlier_ones_can_be_chosen(tmp_path: Path) -> None:
    versions = Versions(tmp_path / "v")
    with pytest.raises(NotFound, match="there are: none"):
        versions.back()
    model = Model(heads={"en": Head(names=("a", "b"))}, mode="lexical")
    for _ in range(KEPT + 3):
        versions.add(model)
    assert len(versions.numbers()) == KEPT
    assert versions.back() == KEPT + 2
    assert versions.back(5) == 5
    with pytest.raises(NotFound):
        versions.back(999)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineFailed, match="can't be kept"):
        Versions(tmp_path / "file").add(Model(heads={"en": Head(names=("a", "b"))}, mode="lexical"))


def test_a_language_with_one_intent_is_left_out_and_named(tmp_path: Path) -> None:
    path = tmp_path / "intents.toml"
    path.write_text(
        "[[intent]]\nname = 'a'\nexamples.en = ['one', 'two']\nexamples.es = ['uno']\n"
        "[[intent]]\nname = 'b'\nexamples = ['three']\n",
        encoding="utf-8",
    )
    found = corpus([path], {}, "en")
    assert (list(found.languages), found.left_out) == (["en"], {"es": "a"})


def test_the_report_names_what_to_look_at(tmp_path: Path) -> None:
    inline = {
        "a": ("where is my order", "track my parcel", "order status", "has it shipped", "parcel tracking"),
        "b": ("order where is my", "refund please", "money back", "return it", "send it back", "take <it> back"),
        "c": ("hello there",),
    }
    (found,) = report(corpus([], inline, "en"), None, "lexical")
    assert found.few == ("c",)
    assert (found.alike[0].one_text, found.alike[0].other_text) == ("where is my order", "order where is my")
    assert any(one.meant == "b" and one.told == "a" for one in found.confusions)
    html = page("Intents of <shop>", [found])
    assert "&lt;shop&gt;" in html
    assert "<script" not in html
    assert "https://" not in html


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("[[intent]]\nname = 'a'\nexamples = ['x']", "at least two intents"),
        ("[[intent]]\nname = 'a'\nexamples = 'x'", "intent 1: needs a name and a list"),
        ("[[intent]]\nname = 'a'\nexamples = { en = [1] }", "intent 1: needs a name and a list"),
        ("[[intent]]\nname = 'a'\nexamples = [' ']\n[[intent]]\nname = 'b'\nexamples = ['x']", "'a' has no examples"),
        ("[[intent", "not valid TOML"),
    ],
)
def test_refuses_what_it_cannot_learn_from(tmp_path: Path, source: str, why: str) -> None:
    path = tmp_path / "intents.toml"
    path.write_text(source, encoding="utf-8")
    with pytest.raises(Misconfigured, match=why):
        made(Settings(file=path), ManualClock())


def test_apps_with_other_files_keep_apart(tmp_path: Path) -> None:
    one, other = (Settings(file=tmp_path / name / "guide.toml", versions=tmp_path) for name in ("a", "b"))
    assert folder_of(one) != folder_of(other)
