"""`parley nlp` where something is learned: evaluators on small files, and intents from training to rollback."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from orchestrator.cli.main import app
from orchestrator.cli.nlp import handoff, intents, sentiment, speed
from orchestrator.cli.nlp.handoff import average_precision
from orchestrator.cli.nlp.intents import area
from orchestrator.cli.nlp.labelled import TRAIN, halves, rows
from orchestrator.errors import Misconfigured

TOPICS = {
    "order": (
        "where is my order",
        "track my order",
        "order status",
        "has my order shipped",
        "order not here",
        "my order",
    ),
    "money": ("i want my money back", "refund please", "money back", "refund my money", "give a refund", "the refund"),
}
CONFIG = """
[apps.shop]
bot = "mine"
[apps.shop.bots.mine]
kind = "guide"
file = "guide.toml"
[apps.shop.channels.web]
kind = "webchat"
[apps.shop.nlp]
translators = "none"
intent = ["intents"]
[apps.shop.nlp.stages.intents.intents]
order = ["where is my order", "track my parcel", "order status please", "has it been shipped"]
money = ["i want my money back", "refund please", "can i get a refund", "pay me back"]
"""
GUIDE = """
[[intent]]
name = "order"
examples = ["where is my order"]
answer = "On its way."
"""


def measured(evaluator: Any, *paths: Path, **settings: Any) -> dict[str, Any]:
    return dict(evaluator.measure(paths, evaluator.given(settings)))


@pytest.fixture
def topics(tmp_path: Path) -> Path:
    path = tmp_path / "data.json"
    rows = [[text, name] for name, texts in TOPICS.items() for text in texts]
    outside = [["zebras gallop", "oos"], ["what a moon", "oos"]]
    path.write_text(json.dumps({"train": rows, "val": rows, "oos_val": outside}), encoding="utf-8")
    return path


def test_intents_are_measured(topics: Path) -> None:
    found = measured(intents.EVALUATOR, topics, topics, mode="lexical", shots=3)
    assert (found["intents"], found["examples"], found["messages"]) == (2, 12, 12)
    assert found["accuracy_full"] == 1.0
    assert found["accuracy_3shot"] > 0.7


def test_scope_is_measured(topics: Path) -> None:
    found = measured(intents.SCOPE_EVALUATOR, topics, topics, mode="lexical", shots=5)
    assert found["out_of_scope"] == 2
    assert found["auroc_full"] > 0.9


def test_without_the_model_it_says_what_to_do(topics: Path) -> None:
    with pytest.raises(Misconfigured, match="parley models fetch"):
        measured(intents.EVALUATOR, topics, topics)
    with pytest.raises(Misconfigured, match="no mode 'best'"):
        measured(intents.EVALUATOR, topics, topics, mode="best")


def test_nothing_is_learned_from_what_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text("text,category\n" + "".join(f"sentence {n},a\n" for n in range(200)), encoding="utf-8")
    known, asked = halves(path, path)
    assert len(known) + len(asked) == 200
    assert 20 < len(asked) < 60
    assert not set(known) & set(asked)


def test_wishes_are_measured(tmp_path: Path) -> None:
    path = tmp_path / "wishes.tsv"
    path.write_text(
        "text\thandoff\ni want to talk to a human\t1\nwhere is my card\t0\nagent please\t1\n", encoding="utf-8"
    )
    found = measured(handoff.EVALUATOR, path)
    assert (found["wishes"], found["f1"], found["average_precision"]) == (2, 1.0, 1.0)
    calm = tmp_path / "calm.csv"
    calm.write_text("text,category\nwhere is my card,card\n", encoding="utf-8")
    assert measured(handoff.FALSE_EVALUATOR, calm)["false_hits_per_1000"] == 0
    calm.write_text("text,handoff\nwhere is my card,no\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match="needs messages with a wish"):
        measured(handoff.EVALUATOR, calm)
    path.write_text("text\thandoff\nagent please\tmaybe\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match="label 'maybe'"):
        measured(handoff.EVALUATOR, path)
    path.write_text("text\tintent\nagent please\thandoff\nwhere is my card\tcard\n", encoding="utf-8")
    assert measured(handoff.EVALUATOR, path)["f1"] == 1.0


def test_what_no_engine_translates_is_measured_and_said(tmp_path: Path) -> None:
    path = tmp_path / "wishes.tsv"
    path.write_text(
        "text\thandoff\nhaluan puhua ihmisen kanssa\t1\nen halua puhua ihmisen kanssa\t0\n", encoding="utf-8"
    )
    found = measured(handoff.EVALUATOR, path, **{"text-language": "fi"})
    assert (found["f1"], found["translated"]) == (1.0, 0.0)
    path.write_text("text\tlabel\nto jest skandal\tnegative\nświetnie\tpositive\ngdzie to jest\tneutral\n", "utf-8")
    found = measured(sentiment.EVALUATOR, path, **{"text-language": "pl"})
    assert (found["macro_f1"], found["translated"]) == (1.0, 0.0)


def test_sentences_are_read_however_they_were_saved(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_text('\ufeffText,Category\r\n"one, ""two""",a\r\n\r\nthree,b\r\n', encoding="utf-8")
    assert rows(path, TRAIN) == [('one, "two"', "a"), ("three", "b")]
    for text, said in (
        ("", "is empty"),
        ("text,category\n", "no rows"),
        ("text,category\nbye\n", "line 2"),
        ('text,category\n"never closed,a\nb,c\n', "line 3"),
        ("where is it,shipping\n", "first line"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(Misconfigured, match=said):
            rows(path, TRAIN)


def test_intents_that_were_not_learned_are_named(topics: Path) -> None:
    asked = topics.with_name("asked.csv")
    first = rows(topics, TRAIN)[0]
    asked.write_text(f"text,category\n{first[0]},{first[1]}\nwhat,unheard_of\n", encoding="utf-8")
    found = measured(intents.EVALUATOR, topics, asked, mode="lexical")
    assert (found["accuracy_full"], found["not_learned"]) == (0.5, ["unheard_of"])
    asked.write_text("text,category\nwhat,unheard_of\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match="no message of an intent"):
        measured(intents.EVALUATOR, topics, asked, mode="lexical")


def test_sentiment_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "moods.tsv"
    path.write_text("label\ttext\n0\tthis is terrible\npositive\ti love it\n1\tthe box is blue\n", encoding="utf-8")
    found = measured(sentiment.EVALUATOR, path)
    assert (found["macro_f1"], found["negative_recall"]) == (1.0, 1.0)
    path.write_text("label\ttext\nangry\tgrr\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match="label 'angry'"):
        measured(sentiment.EVALUATOR, path)


def test_speed_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text(
        "text,category\n" + "".join(f"{text},{name}\n" for name, texts in TOPICS.items() for text in texts),
        encoding="utf-8",
    )
    found = measured(speed.EVALUATOR, path)
    assert found["messages"] == 12
    assert 0 < found["p50_ms"] <= found["p95_ms"]


def test_the_figures() -> None:
    import numpy as np

    assert area(np.array([3.0, 2.0, 1.0, 0.0]), np.array([True, True, False, False])) == 1.0
    assert area(np.array([1.0, 1.0, 1.0, 1.0]), np.array([True, True, False, False])) == 0.5
    assert average_precision([0.9, 0.8, 0.1], [True, False, True]) == pytest.approx((1 + 2 / 3) / 2)


def parley(*arguments: str) -> str:
    ran = CliRunner().invoke(app, ["nlp", *arguments])
    return ran.output + (str(ran.exception) if ran.exception else "")


def test_an_app_from_training_to_rollback(tmp_path: Path) -> None:
    config = tmp_path / "parley.toml"
    config.write_text(CONFIG, encoding="utf-8")
    (tmp_path / "guide.toml").write_text(GUIDE, encoding="utf-8")
    html = tmp_path / "report.html"
    said = parley("train", "--config", str(config), "--html", str(html))
    assert "learning by TF-IDF alone" in said
    assert "too few examples: order, money" in said
    assert "Version 1 is served now" in said
    assert "<svg" in html.read_text(encoding="utf-8")
    assert "Version 2" in parley("train", "--config", str(config))
    assert "Version 1 is served now" in parley("rollback", "--config", str(config))
    assert "served, chosen by hand" in parley("versions", "--config", str(config))
    tried = parley("try", "--config", str(config), "where is my parcel")
    assert "order" in tried
    assert "intents/tfidf#1" in tried


def test_an_app_without_intents_is_told_what_to_add(tmp_path: Path) -> None:
    config = tmp_path / "parley.toml"
    config.write_text(CONFIG.split("[apps.shop.nlp]")[0], encoding="utf-8")
    (tmp_path / "guide.toml").write_text(GUIDE, encoding="utf-8")
    assert "no intents by example" in parley("train", "--config", str(config))


def test_sentiment_is_measured_on_what_people_rated(tmp_path: Path) -> None:
    path = tmp_path / "tweets.txt"
    path.write_bytes(b"1\t-2.1\tthis is terrible\n2\t3.0\ti &lt;3 it, i love it\n3\t0.49\tthe box is blue caf\xe9\n\n")
    assert [label for _, label in sentiment.rated(path)] == ["negative", "positive", "neutral"]
    assert sentiment.rated(path)[1][0] == "i <3 it, i love it"
    found = measured(sentiment.EVALUATOR, path)
    assert (found["messages"], found["macro_f1"]) == (3, 1.0)
    path.write_text("1\tgood\tthis is terrible\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match="line 1: 'good' is no rating"):
        measured(sentiment.EVALUATOR, path)
    with pytest.raises(Misconfigured, match="can't be read"):
        measured(sentiment.EVALUATOR, tmp_path / "absent.txt")
