"""The heads that come with Parley: trained on the sentences beside them, and how they weigh in."""

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from nlp import heads, mood, wishes
from nlp.mood import Mood, as_shares, weighed
from nlp.wishes import WISH, Wishes, together
from orchestrator.errors import EngineFailed
from orchestrator.types import Language, Sentiment, Understanding, Utterance
from tests.support.minilm import random_model


@pytest.mark.parametrize(("package", "classes"), [(mood.PACKAGE, mood.LABELS), (wishes.PACKAGE, wishes.CLASSES)])
def test_heads_were_trained_on_their_sentences(package: str, classes: tuple[str, ...]) -> None:
    """Fails when sentences changed: run 'make heads'."""
    kept = json.loads(files(package).joinpath(heads.HEAD).read_text(encoding="ascii"))
    assert kept["sentences"] == heads.digest(package, classes)
    told = [text for name in classes for text in heads.sentences(package, name)]
    assert len({text.casefold() for text in told}) == len(told)


@pytest.mark.parametrize(
    ("own", "patterns", "wish"),
    [(0.95, 0.0, True), (0.5, 0.0, False), (0.0, 0.95, True), (0.4, 0.7, True), (0.3, 0.3, False), (0.0, 0.0, False)],
)
def test_a_wish_is_heard_by_either_when_sure_or_by_both(own: float, patterns: float, wish: bool) -> None:
    assert (together(own, patterns) >= WISH) is wish
    assert 0 <= together(own, patterns) <= 1


def test_surer_is_never_less() -> None:
    steps = np.linspace(0, 1, 21)
    for fixed in steps:
        for one, other in zip(steps, steps[1:], strict=False):
            assert together(one, fixed) <= together(other, fixed)


def test_word_lists_weigh_in_on_mood() -> None:
    unsure = np.array([0.36, 0.34, 0.3], dtype=np.float32)
    angry = Sentiment(score=-0.8, label="negative", engine="lexicon")
    glad = Sentiment(score=0.9, label="positive", engine="lexicon")
    assert weighed(unsure, None, 0.7).label == "negative"
    assert weighed(unsure, angry, 0.7).score < weighed(unsure, None, 0.7).score < weighed(unsure, glad, 0.7).score
    assert weighed(unsure, glad, 0.7).engine == "lexicon+mood"
    assert as_shares(angry).sum() == pytest.approx(1)


async def test_stages_read_english_or_its_translation_alone(tmp_path: Path) -> None:
    random_model(tmp_path / "models" / "random")
    for stage in (
        Mood(mood.Settings(model=tmp_path / "models" / "random")),
        Wishes(wishes.Settings(model=tmp_path / "models" / "random")),
    ):
        await stage.open()
        spanish = Understanding(language=Language(code="es"), pivot="i want a refund", wants_person=0.1)
        assert await stage.read(Utterance(text="quiero un reembolso"), spanish) != spanish
        digits = Understanding(language=Language(code="en"), pivot="12345")
        assert await stage.read(Utterance(text="12345"), digits) == digits
        await stage.close()
        with pytest.raises(EngineFailed, match="not open"):
            await stage.read(Utterance(text="i want a refund"), spanish)


async def test_without_the_model_both_say_what_to_do(tmp_path: Path) -> None:
    assert "parley models fetch" in (mood.usable(mood.Settings(model=tmp_path)) or "")
    assert "parley models fetch" in (wishes.usable(wishes.Settings(model=tmp_path)) or "")
    with pytest.raises(EngineFailed, match="parley models fetch"):
        await Mood(mood.Settings(model=tmp_path)).open()
