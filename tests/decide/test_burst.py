"""Several lines, one turn."""

from orchestrator.decide import together
from orchestrator.types import Language
from tests.support.talk import understood


def test_one_line_is_itself_and_none_is_nothing() -> None:
    line = understood(0.5)
    assert together([line]) is line
    assert together([]) is None


def test_a_wish_is_not_taken_back_by_the_line_after_it() -> None:
    both = together([understood(wish=0.95, intent="refund"), understood(wish=0.0)])
    assert both is not None
    assert both.wants_person == 0.95
    assert both.intents[0].name == "refund"


def test_the_lowest_mood_all_signals_all_words_and_the_last_language() -> None:
    lines = [
        understood(-0.8, pivot="It broke!", signals=("caps",), language=Language(code="es")),
        understood(None, pivot=""),
        understood(0.2, pivot="Hello?", signals=("caps", "repeat"), language=Language(code="it")),
    ]
    both = together(lines)
    assert both is not None
    assert both.sentiment is not None
    assert (both.sentiment.score, both.pivot, both.signals, both.language.code) == (
        -0.8,
        "It broke!\nHello?",
        ("caps", "repeat"),
        "it",
    )
