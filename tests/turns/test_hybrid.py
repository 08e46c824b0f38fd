"""Several bots bid for a turn: the best confident answer wins and sticks; who loses has no effect."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bots import hybrid
from bots.hybrid.bot import HybridBot
from orchestrator.errors import Misconfigured
from orchestrator.types import (
    Action,
    Bid,
    HandOff,
    Intent,
    Language,
    NotUnderstood,
    PassTo,
    Returned,
    Say,
    SetSlots,
    Text,
    Turn,
    Understanding,
)
from tests.support.house import House, house
from tests.support.turns import NOON, turn

seen: list[str] = []
gate = asyncio.Event()
stopped: list[str] = []


def said(text: str) -> Say:
    return Say(parts=(Text(text=text),))


async def orders(given: Turn) -> list[Action]:
    """Sure of what is about orders; leaves a trail, whoever wins."""
    seen.append("orders")
    if "order" in given.text:
        return [Bid(confidence=0.95), said("Your order is on its way."), SetSlots(slots={"topic": "orders"})]
    return [said("Orders only."), SetSlots(slots={"topic": "orders"}), NotUnderstood()]


async def chatty(given: Turn) -> list[Action]:
    """Never very sure."""
    seen.append("chatty")
    if "person" in given.text:
        return [HandOff(reason="chatty would rather not")]
    return [Bid(confidence=0.4), said(f"Interesting: {given.text}"), SetSlots(slots={"topic": "chat", "chatty": True})]


async def broken(given: Turn) -> str:
    seen.append("broken")
    raise RuntimeError


async def slow(given: Turn) -> AsyncIterator[Action]:
    seen.append("slow")
    try:
        await gate.wait()
    except asyncio.CancelledError:
        stopped.append("slow")
        raise
    yield said("At last")


async def passing(given: Turn) -> list[Action]:
    return [Bid(confidence=0.8), PassTo(bot="echo")]


@pytest.fixture(autouse=True)
def fresh() -> None:
    seen.clear()
    stopped.clear()
    gate.clear()


def python(name: str, **more: Any) -> dict[str, Any]:
    return {"kind": "python", "bot": f"tests.turns.test_hybrid:{name}", **more}


def team(*members: Any, **more: Any) -> dict[str, Any]:
    names = ("orders", "chatty", "broken", "slow", "passing")
    return {
        "bot": "team",
        "bots": {
            **{name: python(name) for name in names},
            "team": {"kind": "hybrid", "members": list(members), **more},
        },
    }


async def ask(parley: House, text: str) -> str:
    """What the customer reads."""
    await parley.hear(text)
    await parley.settled()
    return (await parley.lines())[-1]


async def slots(parley: House) -> dict[str, Any]:
    return dict((await parley.conversation()).slots)


async def test_the_most_confident_answers_and_losers_leave_no_trace(tmp_path: Path) -> None:
    async with house(tmp_path, **team("chatty", "orders")) as parley:
        assert await ask(parley, "where is my order?") == "bot: Your order is on its way."
        assert await slots(parley) == {"topic": "orders", "hybrid:team": "orders"}
        (trace,) = await parley.traces()
        assert {call.bot for call in trace.bots} == {"team", "chatty", "orders"}
        assert trace.bots[0].detail == "chose orders"


async def test_who_answered_is_asked_alone_until_it_is_no_longer_confident(tmp_path: Path) -> None:
    async with house(tmp_path, **team("chatty", "orders")) as parley:
        await ask(parley, "where is my order?")
        seen.clear()
        await ask(parley, "and my other order?")
        assert seen == ["orders"], "it keeps the conversation"
        seen.clear()
        assert await ask(parley, "nice weather") == "bot: Interesting: nice weather"
        assert seen == ["orders", "chatty"], "it was not confident: the others bid"
        assert (await slots(parley))["hybrid:team"] == "chatty"
        seen.clear()
        await ask(parley, "where is my order?")
        assert seen == ["chatty"], "whoever has it keeps it, while it has an answer"


async def test_in_turn_nobody_is_asked_in_vain(tmp_path: Path) -> None:
    async with house(tmp_path, **team("orders", "chatty", ask="in_turn", sticky=False)) as parley:
        await ask(parley, "my order")
        await ask(parley, "nice weather")
    assert seen == ["orders", "orders", "chatty"]


async def test_one_who_is_sure_does_not_wait_for_the_slow(tmp_path: Path) -> None:
    async with house(tmp_path, **team("slow", "orders")) as parley:
        assert await ask(parley, "where is my order?") == "bot: Your order is on its way."
        assert stopped == ["slow"]


async def test_when_the_time_is_up_the_best_so_far_answers(tmp_path: Path) -> None:
    async with house(tmp_path, **team("slow", "chatty", deadline=0.3)) as parley:
        assert await ask(parley, "hello") == "bot: Interesting: hello"


async def test_failures_lose_and_all_of_them_fail_the_turn(tmp_path: Path) -> None:
    async with house(tmp_path, **team("broken", "chatty")) as parley:
        assert await ask(parley, "hello") == "bot: Interesting: hello"
    gone = team("broken", "slow", deadline=0.2, fallback="chatty")
    async with house(tmp_path / "other", **gone) as parley:
        assert await ask(parley, "hello") == "bot: Interesting: hello"
        (trace,) = await parley.traces()
        assert trace.bots[0].outcome == "failed"


async def test_nobody_confident_still_says_so(tmp_path: Path) -> None:
    async with house(tmp_path, **team("orders", "broken")) as parley:
        assert await ask(parley, "nice weather") == "bot: Orders only."
        assert (await parley.conversation()).aggregates.misunderstood == 1


async def test_a_winner_may_hand_off_or_pass_on(tmp_path: Path) -> None:
    async with house(tmp_path, **team("orders", "chatty")) as parley:
        await ask(parley, "a person please")
        handoff = (await parley.conversation()).handoff
        assert handoff is not None
    async with house(tmp_path / "other", **team("passing", "broken")) as parley:
        assert await ask(parley, "hello") == "bot: echo: hello"


@pytest.mark.parametrize(
    ("members", "complaint"), [(["orders", "nobody"], "'nobody'"), (["orders", "team"], "can't be one of those")]
)
async def test_members_there_are_not_are_refused_at_the_start(
    tmp_path: Path, members: list[str], complaint: str
) -> None:
    with pytest.raises(Misconfigured, match=complaint):
        async with house(tmp_path, **team(*members)):
            pass


def panel(**more: Any) -> HybridBot:
    members = [{"bot": "a"}, {"bot": "b", "intents": ["refund"], "weight": 1.1}, {"bot": "c", "confidence": 0.1}]
    return HybridBot(hybrid.Settings.model_validate({"members": members, **more}))


REFUND = Understanding(language=Language(code="en"), intents=(Intent(name="refund", score=0.8),))
SCORES: list[tuple[str, list[Action], Turn, float]] = [
    ("a", [said("x")], turn("x"), 0.5),
    ("a", [], turn("x"), 0.0),
    ("a", [SetSlots(slots={"x": 1})], turn("x"), 0.0),
    ("a", [said("x"), NotUnderstood()], turn("x"), 0.0),
    ("a", [Bid(confidence=0.2), said("x")], turn("x"), 0.2),
    ("a", [Bid(confidence=99), said("x")], turn("x"), 1.0),
    ("a", [Bid(confidence=-1), said("x")], turn("x"), 0.0),
    ("b", [said("x")], turn("x", understanding=REFUND), 0.88),
    ("c", [HandOff()], turn("x"), 0.1),
]


@pytest.mark.parametrize(("name", "actions", "given", "expected"), SCORES)
def test_scores(name: str, actions: list[Action], given: Turn, expected: float) -> None:
    assert panel().score(given, name, actions) == pytest.approx(expected)


def test_a_tie_goes_to_the_preferred_and_the_rest_to_nobody() -> None:
    ours = panel()
    both = {"b": [Bid(confidence=0.5), said("x")], "a": [Bid(confidence=0.55), said("x")]}
    assert ours.choose(turn("x"), both, False) == "a"
    assert ours.choose(turn("x"), both, True) == "", "others may be better"
    assert ours.choose(turn("x"), {"c": [said("x")]}, False) == ""
    assert ours.settle(turn("x"), {"c": [said("x")], "a": []}) == "c"
    assert ours.settle(turn("x"), {}) == ""


def test_after_an_agent_gave_it_back_all_bid() -> None:
    kept = {"hybrid:guide": "b"}
    assert panel().groups(turn("x", slots=kept)) == [["b"], ["a", "c"]]
    back = Returned(handoff_id="h", agent="ada", note="", at=NOON)
    assert panel().groups(turn("x", slots=kept, returned=back)) == [["a", "b", "c"]]
    assert panel().groups(turn("x", slots={"hybrid:guide": "gone"})) == [["a", "b", "c"]]
    assert panel(sticky=False).groups(turn("x", slots=kept)) == [["a", "b", "c"]]
