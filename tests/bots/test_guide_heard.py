"""The app's intents beside the guide's own likeness: other words are understood, and nothing else changes."""

from bots.guide.match import blended
from orchestrator.types import Intent, Language, NotUnderstood, Understanding
from tests.support.guide import Chat

STRANGE = "do I pay anything for the courier"


def understanding(*intents: tuple[str, float], out_of_scope: float = 0.0) -> Understanding:
    found = tuple(Intent(name=name, score=score, engine="intents/minilm#1") for name, score in intents)
    return Understanding(language=Language(code="en"), pivot=STRANGE, intents=found, out_of_scope=out_of_scope)


async def test_words_the_guide_does_not_know_are_understood_by_the_apps_intents(chat: Chat) -> None:
    before = await chat.says("zorp the blick")
    assert chat.has(NotUnderstood)
    after = await chat.says("zorp the blick", understanding=understanding(("hours", 0.99), ("who", 0.01)))
    assert after != before
    heard = await chat.says(STRANGE, understanding=understanding(("shipping_cost", 0.97)))
    assert any("4.95" in line for line in heard)


async def test_unsure_or_out_of_scope_is_not_answered(chat: Chat) -> None:
    await chat.says("zorp the blick", understanding=understanding(("hours", 0.6), out_of_scope=0.45))
    assert chat.has(NotUnderstood)


async def test_intents_of_other_names_change_nothing(chat: Chat) -> None:
    alone = await chat.says("how much is shipping?")
    assert await chat.says("how much is shipping?", understanding=understanding(("loan_terms", 0.99))) == alone


async def test_of_two_sentences_each_is_read_by_itself(chat: Chat) -> None:
    alone = await chat.says("How much is shipping? When are you open?")
    both = await chat.says(
        "How much is shipping? When are you open?", understanding=understanding(("shipping_cost", 0.99))
    )
    assert both == alone


def test_half_each() -> None:
    assert blended([("a", 0.8), ("b", 0.2)], {}) == [("a", 0.8), ("b", 0.2)]
    assert blended([("a", 0.4), ("b", 0.2)], {"b": 1.0, "c": 0.2}) == [("b", 0.6), ("a", 0.2), ("c", 0.1)]
