"""Sums of a conversation: one step each, never more than the last few."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.decide.aggregates import KEPT, after_bot, after_customer, after_offer, after_return, after_turn
from orchestrator.types import Aggregates
from tests.support.talk import understood


def heard(*scores: float | None) -> Aggregates:
    sums = Aggregates()
    for score in scores:
        sums = after_customer(sums, understood(score), "said")
    return sums


def test_two_unhappy_messages_are_two_lows_and_a_falling_trend() -> None:
    sums = heard(0.5, -0.6, -0.7)
    assert (sums.customer_messages, sums.lows, sums.scores) == (3, 2, (0.5, -0.6, -0.7))
    assert sums.trend < 0
    assert sums.sentiment < -0.2


def test_a_better_message_ends_the_lows_and_one_without_a_feeling_does_not() -> None:
    assert heard(-0.6, -0.6, None).lows == 2
    assert heard(-0.6, -0.6, 0.1).lows == 0


def test_a_bare_no_is_no_low() -> None:
    assert heard(-0.296, -0.296).lows == 0


def test_nothing_understood_still_counts() -> None:
    sums = after_customer(Aggregates(last_text="before"), None, "")
    assert (sums.customer_messages, sums.scores, sums.last_text) == (1, (), "before")


def test_the_streak_of_misunderstandings() -> None:
    sums = after_bot(after_bot(Aggregates(), misunderstood=True, said=1), misunderstood=True, said=1)
    assert (sums.misunderstood, sums.bot_messages) == (2, 2)
    assert after_bot(sums, failed=True).misunderstood == 2
    assert after_bot(sums, failed=True).bot_failures == 1
    assert after_bot(sums, said=1).misunderstood == 0
    assert after_bot(after_bot(sums, failed=True)).bot_failures == 0


def test_an_offer_and_a_return_start_the_streaks_anew() -> None:
    sums = after_bot(heard(-0.9, -0.9), misunderstood=True)
    offered = after_offer(sums)
    assert (offered.handoffs, offered.lows, offered.misunderstood) == (1, 0, 0)
    returned = after_return(offered)
    assert (returned.sentiment, returned.trend, returned.handoffs, returned.scores) == (0.0, 0.0, 1, (-0.9, -0.9))
    assert after_turn(returned).turns == 1


@given(st.lists(st.floats() | st.none(), max_size=40))
def test_sums_stay_small_and_in_range_whatever_an_engine_says(scores: list[float | None]) -> None:
    sums = Aggregates()
    for score in scores:
        sums = after_customer(sums, understood(score, intent="x"), "t" * 5000)
    assert len(sums.scores) <= KEPT
    assert len(sums.intents) <= KEPT
    assert len(sums.last_text) <= 500
    assert -1 <= sums.sentiment <= 1
    assert -1.2 <= sums.trend <= 1.2
    assert all(-1 <= score <= 1 for score in sums.scores)
