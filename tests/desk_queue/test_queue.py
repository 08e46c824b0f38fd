"""Whose turn it is at the desk."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import desk
from orchestrator.types import Agent, Handoff, QueueView
from tests.support.talk import NOON, handoff


def agent(**changes: Any) -> Agent:
    return Agent(
        **{
            "app_id": "shop",
            "id": "ana",
            "email": "ana@shop.example",
            "name": "Ana",
            "password_hash": "",
            "created_at": NOON,
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("waiting", "expected"),
    [
        ([("b", 1, "normal"), ("a", 5, "normal")], "a b"),
        ([("n", 10, "normal"), ("h", 1, "high"), ("u", 0, "urgent"), ("l", 14, "low")], "u h n l"),
        ([("n", 29, "normal"), ("h", 1, "high")], "h n"),
        ([("n", 32, "normal"), ("h", 1, "high")], "n h"),
        ([("l", 121, "low"), ("u", 0, "urgent")], "l u"),
        ([("b", 3, "normal"), ("a", 3, "normal")], "a b"),
        ([("future", -600, "normal"), ("now", 0.5, "normal")], "now future"),
        ([("future", -600, "urgent"), ("now", 0.5, "normal")], "future now"),
    ],
)
def test_priority_then_age_and_nobody_starves(waiting: list[tuple[str, float, str]], expected: str) -> None:
    cases = [handoff(name, minutes=minutes, priority=priority) for name, minutes, priority in waiting]
    assert " ".join(one.id for one in desk.order(cases, NOON)) == expected


CASES = st.lists(
    st.builds(
        handoff,
        st.uuids().map(str),
        minutes=st.floats(-60, 600),
        priority=st.sampled_from(["low", "normal", "high", "urgent"]),
        team=st.sampled_from(["support", "vip"]),
    ),
    max_size=12,
    unique_by=lambda one: one.id,
)


@given(CASES)
def test_everybody_has_one_place_and_it_never_gets_worse_by_waiting(waiting: list[Handoff]) -> None:
    for team in ("support", "vip"):
        mine = [one for one in waiting if one.team == team]
        assert sorted(desk.position(waiting, one.id, NOON) for one in mine) == list(range(1, len(mine) + 1))
    late = NOON + timedelta(hours=5)
    arrived = [one for one in waiting if one.offered_at <= NOON]
    assert desk.order(arrived, NOON) == desk.order(arrived, late)
    newcomers = [handoff("new", priority="urgent", offered_at=late)]
    assert [one.id for one in desk.order([*arrived, *newcomers], late)][-1:] == ["new"]


def test_a_place_is_counted_in_the_own_team() -> None:
    waiting = [handoff("a", minutes=9), handoff("b", minutes=5, team="vip"), handoff("c", minutes=1)]
    assert desk.position(waiting, "c", NOON) == 2
    assert desk.position(waiting, "b", NOON) == 1
    assert desk.position(waiting, "nobody", NOON) == 0
    assert desk.position(waiting, "nobody", NOON, "vip") == 0


def test_what_a_waiting_customer_sees() -> None:
    waiting = [handoff("a", minutes=9), handoff("b", minutes=5, team="vip"), handoff("c", minutes=1)]
    assert desk.queue_view(waiting, "c", now=NOON, agents=2) == QueueView(position=2, waiting=2, open=True, agents=2)
    assert desk.queue_view(waiting, "b", now=NOON, is_open=False) == QueueView(position=1, waiting=1, open=False)
    assert desk.queue_view([], "b", now=NOON) == QueueView(position=0, waiting=0)


@pytest.mark.parametrize(
    ("who", "case", "translated", "may"),
    [
        (agent(), handoff(), True, True),
        (agent(teams=("support",)), handoff(), True, True),
        (agent(teams=("vip",)), handoff(), True, False),
        (agent(disabled=True), handoff(), True, False),
        (agent(app_id="other"), handoff(), True, False),
        (agent(), handoff(language="es"), True, True),
        (agent(), handoff(language="es"), False, False),
        (agent(languages=("en", "es")), handoff(language="es"), False, True),
        (agent(), handoff(language=""), False, True),
    ],
)
def test_who_may_take_a_case(who: Agent, case: Handoff, translated: bool, may: bool) -> None:
    assert desk.eligible(who, case, translated=translated) == may
