"""`parley nlp eval`: one JSON object for each measurement, the goals beside it, and clear words for wrong files."""

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli.nlp import chats, chatwords, langid, tricky
from orchestrator.cli.nlp.evaluate import row_of
from orchestrator.cli.nlp.evaluator import Goal, Run, columns
from orchestrator.cli.nlp.evaluators import EVALUATORS
from orchestrator.errors import Misconfigured
from tests.support.process import ROOT, parley

SENTENCES = {
    "en": ("Where is the parcel I ordered last week?", "I would like my money back"),
    "es": ("¿Dónde está el paquete que pedí la semana pasada?", "Quiero que me devuelvan el dinero"),
    "it": ("Dov'è il pacco che ho ordinato la settimana scorsa?", "Vorrei riavere i miei soldi"),
    "nl": ("Waar is het pakje dat ik vorige week besteld heb?", "Ik wil graag mijn geld terug"),
    "de": ("Wo ist das Paket, das ich letzte Woche bestellt habe?", "Ich möchte mein Geld zurück"),
    "ru": ("Где посылка, которую я заказал на прошлой неделе?", "Я хочу вернуть свои деньги"),
    "zh": ("我上周订的包裹在哪里？", "我想退款"),
}
TRICKY = ROOT / "tests" / "nlp" / "data" / "tricky.tsv"


@pytest.fixture
def sentences(tmp_path: Path) -> Path:
    path = tmp_path / "langid.tsv"
    rows = [f"{code}\t{len(text.split())}\t{text}" for code, texts in SENTENCES.items() for text in texts]
    path.write_text("\n".join(("lang\tn_words\ttext", *rows)) + "\n", encoding="utf-8")
    return path


def measured(module: Any, *paths: Path, **settings: Any) -> dict[str, Any]:
    return dict(module.EVALUATOR.measure(paths, module.EVALUATOR.given(settings)))


def test_sentences_are_told(sentences: Path) -> None:
    found = measured(langid, sentences)
    assert found["macro_accuracy_14"] == 1.0
    assert found["messages_14"] == 14
    assert found["mistaken_14"] == {}
    assert 0 < found["p50_ms_14"] < 100


def test_another_engine_is_measured_by_its_name(sentences: Path) -> None:
    found = measured(langid, sentences, **{"language-engine": "langdetect"})
    assert found["engine"] == "langdetect"
    assert 0.5 < found["macro_accuracy_14"] <= 1.0
    with pytest.raises(Misconfigured, match="nonesuch"):
        measured(langid, sentences, **{"language-engine": "nonesuch"})


def test_made_up_chats_stay_in_their_language_and_switch_when_they_should(sentences: Path) -> None:
    found = measured(chats, sentences, **{"chats-count": 60})
    assert found["turns"] == 600
    assert found["wrong_turns"] <= 0.01
    assert found["flaps_per_100"] <= 0.5
    assert found["switches"] > 10
    assert found["switch_noticed_1"] >= 0.9
    assert found["switch_noticed_2"] >= 0.95
    assert measured(chats, sentences, **{"chats-count": 60}) == found


def test_a_detector_that_is_believed_each_turn_is_seen_to_flap(
    sentences: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chats, "prior_of", lambda spoken: "")
    found = measured(chats, sentences, **{"chats-count": 60})
    assert found["flaps_per_100"] > 1
    assert found["wrong_turns"] > 0.02


def test_tricky_messages_and_what_must_be_kept(tmp_path: Path) -> None:
    found = measured(tricky, TRICKY)
    assert found["language"] == 1.0
    assert found["kept_tokens"] == 1.0
    lossy = tmp_path / "tricky.tsv"
    lossy.write_text(
        "id\tdirection\tconv_lang\ttext\tcategory\tkeep\tlang_after\tmust_do\n"
        "1\tin\tes\t¿Dónde está mi pedido?\tx\tpedido\tes\t\n2\tout\tes\tYour order #A-7\tx\t#A-7\tes\t\n"
        "3\tin\tes\thola\tx\t\tit\t\n",
        encoding="utf-8",
    )
    found = measured(tricky, lossy)
    assert (found["lost"], found["kept_tokens"]) == (["1: pedido"], 0.5)
    assert (found["wrong"], found["language"]) == ({"3": "es"}, 0.5)


def test_words_of_several_languages_are_told_apart_by_what_was_known(tmp_path: Path) -> None:
    path = tmp_path / "words.tsv"
    path.write_text("lang\ttext\nes\tgracias\nit\tgrazie\npt\tno\nnl\thallo\n", encoding="utf-8")
    found = measured(chatwords, path)
    assert (found["kept"], found["hinted"], found["messages"]) == (1.0, 1.0, 4)
    assert found["accuracy"] == 0.5


def test_files_of_another_kind_are_refused_in_clear_words(tmp_path: Path) -> None:
    path = tmp_path / "some.tsv"
    for text, said in (
        ("a\tb\n1\t2\n", "no column 'lang'"),
        ("lang\ttext\n", "no rows"),
        ("lang\ttext\nen\n", "line 2: 1 columns instead of 2"),
        ("", "is empty"),
        ("\ufeff\r\n", "is empty"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(Misconfigured, match=said):
            columns(path, ("lang", "text"))
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Misconfigured, match="UTF-8"):
        columns(path, ("lang",))
    with pytest.raises(Misconfigured, match="No such file"):
        columns(tmp_path / "none.tsv", ("lang",))


def test_files_as_other_editors_save_them(tmp_path: Path) -> None:
    path = tmp_path / "some.tsv"
    path.write_text('\ufeffText\t Lang \r\n\r\n"no quotes" here\ten\r\n', encoding="utf-8")
    assert columns(path, ("lang", "text")) == [{"text": '"no quotes" here', "lang": "en"}]


def test_a_number_below_one_is_refused() -> None:
    with pytest.raises(Misconfigured, match="--chats-count: 0 is too few"):
        chats.EVALUATOR.given({"chats-count": 0})


def test_a_goal_is_reached_missed_or_not_measured() -> None:
    run = Run(title="x", files=(), goals=())
    least, most = Goal(metric="a", what="a", at_least=0.9), Goal(metric="b", what="b", at_most=2)
    assert row_of(least, {"a": 0.9}, run)[2:] == (">= 0.9", "0.9", "reached")
    assert row_of(least, {"a": 0.89999}, run)[-1] == "MISSED"
    assert row_of(most, {"b": 3}, run)[2:] == ("<= 2", "3", "MISSED")
    assert row_of(most, {"b": None}, run)[-1] == "not measured"


def test_every_run_names_an_option_that_exists() -> None:
    assert len({one.name for one in EVALUATORS}) == len(EVALUATORS)
    for one in EVALUATORS:
        for run in one.runs:
            assert set(run.given) <= {setting.name for setting in one.settings}
            assert len(run.files) == len(one.files)


@pytest.mark.processes
async def test_one_json_object_on_a_line(sentences: Path) -> None:
    ran = await parley("nlp", "eval", "--langid", str(sentences))
    assert (ran.code, ran.err) == (0, "")
    [line] = ran.out.splitlines()
    assert json.loads(line)["measure"] == "langid"


@pytest.mark.processes
async def test_the_table_of_goals(sentences: Path) -> None:
    ran = await parley("nlp", "eval", "--chats-count", "20", "--data", str(sentences.parent))
    assert "language: 14 languages, 2-12 words" in ran.out
    assert "reached" in ran.out
    assert "tricky messages: not measured" in ran.err
    absent = await parley("nlp", "eval", "--data", str(sentences.parent / "none"))
    assert absent.code == 0
    assert absent.out.startswith("not measured: ")
    assert "PARLEY_EVAL_DATA" in absent.out


@pytest.mark.processes
async def test_what_can_not_be_measured_is_said(tmp_path: Path) -> None:
    assert (await parley("nlp", "eval")).code == 2
    ran = await parley("nlp", "eval", "--langid", str(tmp_path / "none.tsv"))
    assert (ran.code, ran.out) == (1, "")
    assert "none.tsv" in ran.err
    assert "Traceback" not in ran.err
