"""What MiniLM adds: other wordings are understood, wishes nobody wrote a pattern for are heard, moods are told."""

import sys
from pathlib import Path

import pytest

from bots.guide.bot import GuideBot
from bots.guide.match import blended
from nlp import heads, mood, wishes
from nlp.embedding.encoder import Encoder
from nlp.embedding.place import NAME
from nlp.intents.examples import corpus
from nlp.intents.train import train
from orchestrator.cli.nlp.labelled import TRAIN, rows
from orchestrator.types import Language, Understanding, Utterance
from tests.bots import unseen
from tests.models.fresh import FRESH, NOTHING

GUIDE = Path(__file__).parents[2] / "examples" / "shop" / "guide.toml"
MODEL = Path(sys.prefix) / "share" / "parley" / "models" / NAME
SENTIMENT = Path(__file__).parents[1] / "nlp" / "data" / "sentiment.tsv"


def test_the_vector_of_a_sentence(minilm: Encoder) -> None:
    near, far = (minilm.embed_now(text)[:384] for text in ("when will my parcel arrive", "I hate this song"))
    asked = minilm.embed_now("where is my package")[:384]
    assert float(asked @ near) > 0.4 > 0.25 > float(asked @ far)
    # Of the reference implementation (sentence-transformers), to four digits.
    assert minilm.tokens.ids("Where is my package?") == [101, 2073, 2003, 2026, 7427, 1029, 102]


async def test_the_guide_understands_other_words(minilm: Encoder) -> None:
    """Answered rightly: with the guide's own likeness, and with the app's intents beside it."""
    bot = GuideBot(GUIDE)
    await bot.open()
    assert bot.book is not None
    scorer = bot.book.scorer
    model = train(corpus([GUIDE], {}, "en"), minilm).heads["en"]

    def scored(text: str) -> tuple[tuple[str, float], tuple[str, float]]:
        own = scorer.score(text)
        reading = model.read(minilm.embed_now(text), text)
        sure = 1 - reading.out_of_scope
        heard = {name: score * sure for name, score in reading.scores[:3]} if reading.out_of_scope < 0.5 else {}
        both = blended(own, heard)
        return (own[0] if own else ("", 0.0)), (both[0] if both else ("", 0.0))

    def answered(told: list[tuple[str, tuple[str, float]]]) -> float:
        return sum(name == meant and score >= 0.5 for meant, (name, score) in told) / len(told)

    found = [(meant, scored(text)) for text, meant in (*unseen.ENGLISH, *FRESH)]
    alone = answered([(meant, before) for meant, (before, _) in found])
    beside = answered([(meant, after) for meant, (_, after) in found])
    assert beside >= alone + 0.15, (alone, beside)
    assert beside >= 0.78, beside
    nonsense = [scored(text)[1] for text in NOTHING]
    assert sum(score >= 0.5 for _, score in nonsense) <= 0.15 * len(NOTHING), nonsense


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("I'd rather deal with somebody of flesh and blood", True),
        ("could one of your colleagues look after this for me, please", True),
        ("hand me over to an actual employee", True),
        ("where is my card", False),
        ("are you a human being?", False),
        ("how do I transfer money to another person", False),
    ],
)
def test_wishes_in_other_words(minilm: Encoder, text: str, wish: bool) -> None:
    share = float(heads.load(wishes.PACKAGE).shares(minilm.embed_now(text))[1])
    assert (share >= 0.5) is wish, share


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("I don't want to talk to a person", False),
        ("my colleague spoke to your agent already", False),
        ("you don't let me talk to a person", True),
    ],
)
async def test_a_wish_that_is_denied_is_none(text: str, wish: bool) -> None:
    stage = wishes.Wishes(wishes.Settings(model=MODEL))
    await stage.open()
    found = await stage.read(Utterance(text=text), Understanding(language=Language(code="en"), pivot=text))
    assert (found.wants_person >= wishes.WISH) is wish, found.wants_person


def test_moods(minilm: Encoder) -> None:
    head = heads.load(mood.PACKAGE)

    def told(text: str) -> str:
        shares = mood.leaning(head.shares(mood.features(minilm.embed_now(text), text)))
        return mood.LABELS[int(shares.argmax())]

    found = english()
    assert sum(told(text) == label for text, label in found) / len(found) >= 0.9


def english() -> list[tuple[str, str]]:
    lines = SENTIMENT.read_text(encoding="utf-8").splitlines()
    known = dict(rows(SENTIMENT, TRAIN))
    return [(text, known[text]) for code, _, text in (line.split("\t") for line in lines[1:]) if code == "en"]
