"""Pipelines of transformers on tiny models made on the spot: how they are loaded, and how answers are read."""

from pathlib import Path

import pytest
import torch
import transformers

from nlp.classifiers import intent, sentiment
from nlp.classifiers.intent import ClassifierIntent
from nlp.classifiers.sentiment import ClassifierSentiment
from orchestrator.errors import EngineFailed, Misconfigured
from orchestrator.types import Language, Understanding, Utterance

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "order", "this", "is", "about", "money", "."]
ENGLISH = Understanding(language=Language(code="en"), pivot="good order")


def tiny(folder: Path, labels: list[str]) -> str:
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
    tokenizer = transformers.BertTokenizer(str(folder / "vocab.txt"))
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    config = transformers.BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
    )
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    return str(folder)


async def test_sentiment(tmp_path: Path) -> None:
    model = tiny(tmp_path / "mood", ["LABEL_0", "LABEL_1", "LABEL_2"])
    stage = ClassifierSentiment(sentiment.Settings(model=model))
    await stage.open()
    found = (await stage.read(Utterance(text="good order"), ENGLISH)).sentiment
    assert found is not None
    assert found.engine == "transformers/mood"
    assert -1 <= found.score <= 1
    assert 1 / 3 <= found.confidence <= 1
    await stage.close()


async def test_labels_nobody_knows_are_asked_about(tmp_path: Path) -> None:
    model = tiny(tmp_path / "mood", ["glad", "sad"])
    stage = ClassifierSentiment(sentiment.Settings(model=model))
    with pytest.raises(EngineFailed, match="say in 'labels' what that means"):
        await stage.read(Utterance(text="good"), ENGLISH)
    told = ClassifierSentiment(sentiment.Settings(model=model, labels={"Glad": "positive", "sad": "negative"}))
    assert (await told.read(Utterance(text="good"), ENGLISH)).sentiment is not None
    for one in (stage, told):
        await one.close()


async def test_intents_by_zero_shot(tmp_path: Path) -> None:
    model = tiny(tmp_path / "nli", ["contradiction", "neutral", "entailment"])
    settings = intent.Settings(model=model, intents={"orders": "order", "payments": "money"}, threshold=0)
    stage = ClassifierIntent(settings)
    found = await stage.read(Utterance(text="good order"), ENGLISH)
    assert {one.name for one in found.intents} == {"orders", "payments"}
    assert sum(one.score for one in found.intents) == pytest.approx(1, abs=1e-3)
    await stage.close()


async def test_intents_by_a_classifier(tmp_path: Path) -> None:
    model = tiny(tmp_path / "intents", ["LABEL_0", "order"])
    settings = intent.Settings(model=model, task="text-classification", intents={"LABEL_0": "money"}, threshold=0)
    stage = ClassifierIntent(settings)
    found = await stage.read(Utterance(text="good order"), ENGLISH)
    assert {one.name for one in found.intents} == {"money", "order"}
    await stage.close()


async def test_languages_the_model_does_not_read_come_in_translation(tmp_path: Path) -> None:
    model = tiny(tmp_path / "mood", ["negative", "positive"])
    stage = ClassifierSentiment(sentiment.Settings(model=model, languages=("en",)))
    with pytest.raises(EngineFailed, match="does not read 'es'"):
        await stage.read(Utterance(text="bueno"), Understanding(language=Language(code="es")))
    await stage.close()


async def test_a_model_that_is_not_there_is_named_and_nothing_is_downloaded(tmp_path: Path) -> None:
    stage = ClassifierSentiment(sentiment.Settings(model=str(tmp_path / "none")))
    await stage.open()
    with pytest.raises(EngineFailed, match="can't be loaded"):
        await stage.read(Utterance(text="good"), ENGLISH)
    await stage.close()


def test_zero_shot_needs_descriptions() -> None:
    with pytest.raises(Misconfigured, match="at least two intents"):
        ClassifierIntent(intent.Settings(model="any"))
