"""VADER on English, the lexicon in everybody's own words, and what each adds to the other."""

import csv
from pathlib import Path

import pytest

from nlp import lexicon, vader
from nlp.lexicon import LexiconStage
from nlp.lexicon.score import load, tokens
from nlp.vader import Vader
from orchestrator.errors import EngineFailed
from orchestrator.types import Language, Sentiment, Understanding, Utterance
from tests.support.apertium import apertium

ROWS = list(
    csv.DictReader(
        (Path(__file__).parent / "data" / "sentiment.tsv").read_text(encoding="utf-8").splitlines(),
        delimiter="\t",
        quoting=csv.QUOTE_NONE,
    )
)
LANGUAGES = sorted({row["lang"] for row in ROWS})


@pytest.fixture
async def words() -> LexiconStage:
    stage = LexiconStage(lexicon.Settings())
    await stage.open()
    return stage


@pytest.fixture
async def english() -> Vader:
    stage = Vader(vader.Settings())
    await stage.open()
    return stage


def knowing(language: str, pivot: str = "") -> Understanding:
    return Understanding(language=Language(code=language), pivot=pivot)


async def felt(stage: LexiconStage, language: str, text: str, previous: str = "") -> tuple[Sentiment, tuple[str, ...]]:
    found = await stage.read(Utterance(text=text, previous=previous), knowing(language))
    assert found.sentiment is not None
    return found.sentiment, found.signals


@pytest.mark.parametrize("language", LANGUAGES)
async def test_without_translation_unhappy_customers_are_still_noticed(words: LexiconStage, language: str) -> None:
    rows = [row for row in ROWS if row["lang"] == language]
    right = {label: 0 for label in ("negative", "neutral", "positive")}
    for row in rows:
        sentiment, _ = await felt(words, language, row["text"])
        right[row["label"]] += sentiment.label == row["label"]
    for label, count in right.items():
        assert count >= 0.85 * sum(row["label"] == label for row in rows), label


async def test_with_translation_both_together_beat_vader(words: LexiconStage, english: Vader) -> None:
    async with apertium() as engine:
        together = alone = count = 0
        for row in ROWS:
            if row["lang"] not in ("en", "es", "it", "fr", "pt"):
                continue
            pivot = (
                row["text"] if row["lang"] == "en" else (await engine.translate([row["text"]], row["lang"], "en"))[0]
            )
            said = Utterance(text=row["text"])
            first = await english.read(said, knowing(row["lang"], pivot))
            second = await words.read(said, first)
            assert first.sentiment is not None
            assert second.sentiment is not None
            alone += first.sentiment.label == row["label"]
            together += second.sentiment.label == row["label"]
            count += 1
    assert together > alone
    assert together / count >= 0.9


TRICKY = [
    ("de", "OK 👍", "positive", ()),
    ("en", "😡😡😡", "negative", ()),
    ("en", "THIS IS THE THIRD TIME I ASK", "negative", ("caps",)),
    ("en", "Great, another week without my order. Just perfect.", "negative", ()),
    ("en", "not bad at all", "positive", ()),
    ("es", "vete a la mierda", "negative", ("profanity",)),
    ("nl", "dank je wel", "positive", ("thanks",)),
    ("sv", "😡 hej", "negative", ()),
    ("en", "Hello, please", "neutral", ()),
    ("en", "no problem, thanks!!", "positive", ("exclamation", "thanks")),
    ("fr", "ça ne marche pas", "negative", ()),
    ("en", "it isnt working", "negative", ()),
    ("it", "non sono contento", "negative", ()),
    ("pl", "jestem bardzo zly", "negative", ()),
    ("ru", "спасибо, но это ужасно", "negative", ("thanks",)),
    ("ru", "УЖЕ ТРЕТИЙ РАЗ СПРАШИВАЮ!!", "negative", ("caps", "exclamation")),
    ("tr", "TEŞEKKÜRLER, HARİKA", "positive", ("caps", "thanks")),
    ("zh", "不太满意", "negative", ()),
    ("zh", "他妈的骗子", "negative", ("profanity",)),
    ("zh", "最好今天送到", "neutral", ()),
    ("ja", "満足していません", "negative", ()),
    ("ja", "どうぞ", "neutral", ()),
    ("ja", "はがきで送れますか", "neutral", ()),
    ("ko", "친절하지 않아요", "negative", ()),
    ("ar", "شكرا جزيلا", "positive", ("thanks",)),
    ("no", "bestillingen min", "neutral", ()),
    ("da", "tyve kroner", "neutral", ()),
]


@pytest.mark.parametrize(("language", "text", "label", "signals"), TRICKY)
async def test_tricky_messages(
    words: LexiconStage, english: Vader, language: str, text: str, label: str, signals: tuple[str, ...]
) -> None:
    sentiment, found = await felt(words, language, text)
    assert (sentiment.label, found) == (label, signals)
    if language == "en":
        said = Utterance(text=text)
        after = (await words.read(said, await english.read(said, knowing("en", text)))).sentiment
        assert after is not None
        assert after.label == label


async def test_asking_again_weighs(words: LexiconStage) -> None:
    text = "quiero saber el precio del envío"
    once, signals = await felt(words, "es", text)
    again, repeated = await felt(words, "es", text, previous="Quiero saber el precio del envio!")
    assert "repeat" not in signals
    assert "repeat" in repeated
    assert again.score < once.score
    assert (await felt(words, "es", "sí", previous="sí"))[1] == ()


async def test_other_languages_get_emoji_and_capitals_only(words: LexiconStage) -> None:
    sentiment, signals = await felt(words, "hu", "HOL VAN A CSOMAGOM")
    assert (sentiment.label, signals) == ("negative", ("caps",))
    assert (await felt(words, "hu", "hol van a csomagom"))[0].score == 0.0


async def test_scores_stay_within_bounds(words: LexiconStage) -> None:
    for text in ("最悪" * 3000, "terrible " * 500, "great " * 500, "😡" * 5000, "", "\x00"):
        sentiment, _ = await felt(words, "en", text)
        assert -1.0 <= sentiment.score <= 1.0


async def test_vader_says_nothing_where_it_is_blind(english: Vader) -> None:
    with pytest.raises(EngineFailed, match="no English translation"):
        await english.read(Utterance(text="esto es horrible"), knowing("es"))
    found = await english.read(Utterance(text="esto es horrible"), knowing("es", "this is horrible"))
    assert found.sentiment is not None
    assert (found.sentiment.label, found.sentiment.engine) == ("negative", "vader")
    with pytest.raises(EngineFailed, match="not open"):
        await Vader(vader.Settings()).read(Utterance(text="hi"), knowing("en"))


def test_every_list_is_read() -> None:
    lexicons, emoji = load()
    assert sorted(lexicons) == LANGUAGES
    assert emoji["😡"] == -3.0
    assert tokens("L'ordine non è arrivato, doesn't it") == ["l", "ordine", "non", "e", "arrivato", "doesnt", "it"]
