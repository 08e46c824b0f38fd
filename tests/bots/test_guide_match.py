"""How well sentences find their intent: the scorer on its own, and the demo shop's guide on what customers write."""

from collections.abc import AsyncIterator, Sequence
from typing import cast

import pytest

from bots.guide.bot import GuideBot
from bots.guide.match import TfIdf
from bots.guide.talk import examples
from bots.guide.words import Synonyms, plain, sentences
from nlp import apertium
from orchestrator.ports import Files, Http, Translator
from tests.bots import outside, unseen
from tests.bots import sentences as table
from tests.bots.dutch import DUTCH
from tests.support.clock import ManualClock

Rows = Sequence[tuple[str, str]]


@pytest.fixture
async def translator() -> AsyncIterator[Translator]:
    """The real Apertium, as customers' words reach the bot on a machine without any other engine."""
    engine = apertium.create(apertium.Settings(), clock=ManualClock(), http=cast(Http, None), files=cast(Files, None))
    await engine.open()
    yield engine
    await engine.close()


def best(bot: GuideBot, text: str) -> tuple[str, float]:
    assert bot.book is not None
    scores = bot.book.scorer.score(text)
    return scores[0] if scores else ("", 0.0)


def report(bot: GuideBot, rows: Rows) -> tuple[float, float, str]:
    """Shares that were meant right, and that were answered wrongly; and what went wrong, to read in a failure."""
    sure = bot.guide.matching.answer
    found = [(text, meant, *best(bot, text)) for text, meant in rows]
    right = sum(name == meant for _, meant, name, _ in found) / len(rows)
    wrong = sum(name != meant and score >= sure for _, meant, name, score in found) / len(rows)
    missed = [f"{text!r}: {name} {score:.2f}, not {meant}" for text, meant, name, score in found if name != meant]
    return right, wrong, "\n".join(missed)


async def pivoted(translator: Translator, rows: Rows, language: str) -> Rows:
    texts = await translator.translate([text for text, _ in rows], language, "en")
    return [(text, meant) for text, (_, meant) in zip(texts, rows, strict=True)]


def test_english(shop: GuideBot) -> None:
    right, wrong, missed = report(shop, table.ENGLISH)
    assert len(table.ENGLISH) >= 150
    assert right >= 0.97, missed
    assert wrong <= 0.01, missed


async def test_spanish(shop: GuideBot, translator: Translator) -> None:
    right, wrong, missed = report(shop, await pivoted(translator, table.SPANISH, "es"))
    assert len(table.SPANISH) >= 120
    assert right >= 0.97, missed
    assert wrong <= 0.02, missed


async def test_italian(shop: GuideBot, translator: Translator) -> None:
    right, wrong, missed = report(shop, await pivoted(translator, table.ITALIAN, "it"))
    assert len(table.ITALIAN) >= 70
    assert right >= 0.95, missed
    assert wrong <= 0.02, missed


def test_dutch_without_an_engine(shop: GuideBot) -> None:
    right, wrong, missed = report(shop, DUTCH)
    assert len(DUTCH) >= 40
    assert right >= 0.9, missed
    assert wrong <= 0.05, missed


async def test_sentences_nobody_tuned_for(shop: GuideBot, translator: Translator) -> None:
    english = report(shop, unseen.ENGLISH)
    spanish = report(shop, await pivoted(translator, unseen.SPANISH, "es"))
    italian = report(shop, await pivoted(translator, unseen.ITALIAN, "it"))
    for (right, wrong, missed), least in ((english, 0.84), (spanish, 0.92), (italian, 0.85)):
        assert right >= least, missed
        assert wrong <= 0.08, missed


def test_what_is_none_of_the_shops_business_is_rarely_answered(shop: GuideBot) -> None:
    answered = [
        f"{text!r}: {name} {score:.2f}"
        for text in (*outside.OUTSIDE, *unseen.OUTSIDE)
        for name, score in [best(shop, text)]
        if score >= shop.guide.matching.answer
    ]
    assert len(answered) <= 7, answered


def test_no_sentence_is_an_example(shop: GuideBot) -> None:
    known = {plain(text) for given in examples(shop.guide).values() for text in given}
    rows = (*table.ENGLISH, *table.SPANISH, *table.ITALIAN, *unseen.ENGLISH, *unseen.SPANISH)
    assert not known & {text.casefold().strip("?!.¿") for text, _ in rows if len(text.split()) > 3}


EXAMPLES = {
    "shipping": ["How much is shipping?", "What does delivery cost?"],
    "returns": ["Can I return it?", "How do I send it back?"],
}


def test_an_example_finds_itself() -> None:
    scorer = TfIdf(EXAMPLES, {})
    for name, given in EXAMPLES.items():
        for text in given:
            found, score = scorer.score(text)[0]
            assert found == name
            assert score > 0.75


def test_scores_are_shares_and_sorted() -> None:
    scores = [score for _, score in TfIdf(EXAMPLES, {}).score("how much does it cost to send it back")]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_a_foreign_subject_lowers_the_score() -> None:
    scorer = TfIdf(EXAMPLES, {})
    assert scorer.score("How much is the elephant?")[0][1] < scorer.score("How much is the shipping?")[0][1] / 1.5


def test_typing_mistakes_are_forgiven() -> None:
    assert TfIdf(EXAMPLES, {}).score("how much is shiping")[0][0] == "shipping"


@pytest.mark.parametrize("text", ["", "   ", "????", "🦊🦊", "日本語", "\x00", "a" * 5000])
def test_nothing_in_common_scores_nothing_much(text: str) -> None:
    scores = TfIdf(EXAMPLES, {}).score(text)
    assert not scores or scores[0][1] < 0.3


@pytest.mark.parametrize("given", [{}, {"only": ["Hello there"]}, {"one": ["Hello"], "none": []}])
def test_few_intents_are_enough(given: dict[str, list[str]]) -> None:
    scores = TfIdf(given, {}).score("Hello there")
    assert [name for name, _ in scores] == [name for name, texts in given.items() if texts]


def test_synonyms_stand_for_each_other() -> None:
    plainly, knowing = TfIdf(EXAMPLES, {}), TfIdf(EXAMPLES, {"shipping": ["postage and packing", "envio"]})
    for text in ("postage and packing", "how much is the envío"):
        assert knowing.score(text)[0] > ("shipping", 0.5)
        assert dict(plainly.score(text)).get("shipping", 0.0) < knowing.score(text)[0][1]


def test_longer_phrases_are_replaced_first() -> None:
    replaced = Synonyms({"card": ["voucher"], "gift": ["gift voucher"]})
    assert replaced(plain("A gift-voucher, a gift voucher and a voucher")) == "a gift-card a gift and a card"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What's the COST, please?!", "what the cost please"),
        ("I can't, can not, don't", "i cannot cannot do not"),
        ("¿Cuánto cuesta el envío?", "cuanto cuesta el envio"),
        ("Order PD-1002: €12.50 (ann@mail.example)", "order pd-1002 12.50 ann@mail example"),
        ("", ""),
    ],
)
def test_plain(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_sentences_are_told_apart() -> None:
    assert sentences("Hello! How much is it? 4.90 or 5.00\n\nThanks; bye") == [
        *("Hello!", "How much is it?", "4.90 or 5.00", "Thanks", "bye"),
    ]
    assert sentences("?! …") == []
