"""Candidates beside the version that answers: unheard, or for some; and back when they do worse."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.engine.app import Candidate
from orchestrator.errors import Conflict, Malformed
from orchestrator.roster import NewBot, trials
from orchestrator.types import BotCount, Say, Text, Trial, TrialLimits
from tests.support import bots
from tests.support.builders import NOON
from tests.support.house import House, house
from tests.support.registered import python, registered, until


async def on_trial(home: House, bot: str, mode: str, share: float = 0.0, **limits: Any) -> None:
    """Version 1 echoes; version 2 is `bot`."""
    await registered(home, "helper", "echo")
    registrar = home.runtime.registrar
    await registrar.register("shop", NewBot(name="helper", raw=python(bot)))
    trial = Trial(version=2, mode=mode, share=share, limits=TrialLimits(**limits), started_at=home.runtime.clock.now())  # type: ignore[arg-type]
    await registrar.try_out("shop", "helper", trial, force=True)
    await home.runtime.roster.look()


async def said(home: House, text: str, address: str = "visitor") -> str:
    await home.hear(text, address=address)
    await home.settled(address)
    return (await home.lines(address))[-1]


async def test_a_shadow_answers_and_nobody_hears_it(home: House) -> None:
    await on_trial(home, "counter", "shadow")
    assert await said(home, "hello") == "bot: echo: hello"
    (conversation,) = await home.runtime.store.conversations("shop")
    assert conversation.slots == {}, "what it would have kept is not kept"
    roster = home.runtime.roster
    await until(lambda: not roster.watch.shadows)
    await roster.flush()
    (note,) = await home.runtime.store.bots.notes("shop", kind="shadow")
    assert note.turn_id == (await home.traces())[0].turn_id
    assert note.version == 2
    assert note.same is False
    assert Say(parts=(Text(text="number 1"),)) in note.actions
    counts = {(one.arm, one.version, one.what): one.count for one in await roster.bots.counts("shop", NOON, "helper")}
    assert counts["shadow", 2, "turns"] == 1
    assert counts["live", 1, "turns"] == 1


async def test_a_shadow_never_delays_the_answer_and_knows_what_it_is(home: House) -> None:
    await on_trial(home, "slow", "shadow")
    assert await said(home, "gate-shadow") == "bot: echo: gate-shadow"
    turn = next(turn for turn in bots.seen if turn.rehearsal)
    assert turn.callback_url == "", "it has no way to answer in the place of the other"
    assert turn.id.endswith(".shadow")
    bots.gates["gate-shadow"].set()


async def test_a_broken_shadow_is_nobodys_trouble(home: House) -> None:
    await on_trial(home, "broken", "shadow")
    assert await said(home, "hello") == "bot: echo: hello"
    assert [call.outcome for call in (await home.traces())[0].bots] == ["ok"]


async def test_a_canary_meets_some_customers_again_and_again(home: House) -> None:
    await on_trial(home, "three", "canary", share=0.5)
    met = {}
    for number in range(12):
        address = f"visitor-{number}"
        met[address] = await said(home, "hello", address)
        assert (await said(home, "hello", address)) == met[address], "sticky"
    assert set(met.values()) == {"bot: third", "bot: echo: hello"}
    lucky = next(address for address, answer in met.items() if answer == "bot: third")
    (call,) = (await home.traces(lucky))[0].bots
    assert (call.bot, call.version, call.arm) == ("helper", 2, "canary")


def test_the_share_is_about_what_was_asked_for(home: House) -> None:
    running = home.runtime.apps["shop"].bots["echo"]
    for share in (0.05, 0.5):
        candidate = Candidate(running=replace(running, version=2), mode="canary", share=share)
        taken = sum(candidate.takes(f"customer-{number}") for number in range(4000)) / 4000
        assert abs(taken - share) < 0.03


async def test_a_canary_that_fails_costs_no_customer_an_answer(home: House) -> None:
    await on_trial(home, "broken", "canary", share=0.99)
    assert await said(home, "hello") == "bot: echo: hello"
    assert [(call.arm, call.outcome) for call in (await home.traces())[0].bots] == [
        ("canary", "failed"),
        ("live", "ok"),
    ]


async def test_a_canary_that_fails_too_often_is_taken_back_by_itself(home: House) -> None:
    await on_trial(home, "broken", "canary", share=0.99, turns=3)
    for number in range(4):
        await said(home, "hello", f"visitor-{number}")
    store = home.runtime.store.bots
    async with asyncio.timeout(10):
        while (trial := (await store.entry("shop", "helper")).trial) is None or trial.state == "running":
            await home.runtime.roster.flush()
            await home.runtime.roster.judge()
    assert trial.state == "rolled_back"
    assert "100.0% of its turns failed" in trial.reason
    assert (await store.entry("shop", "helper")).active == 1
    await home.runtime.roster.look()
    assert home.runtime.apps["shop"].candidates == {}


async def test_a_candidate_is_promoted(home: House) -> None:
    await on_trial(home, "three", "shadow")
    entry = await home.runtime.registrar.end_trial("shop", "helper", "promoted")
    assert entry.active == 2
    await home.runtime.roster.look()
    assert await said(home, "hello") == "bot: third"
    with pytest.raises(Conflict, match="not on trial"):
        await home.runtime.registrar.end_trial("shop", "helper", "stopped")


async def test_trials_that_make_no_sense(home: House) -> None:
    await on_trial(home, "three", "shadow")
    registrar = home.runtime.registrar
    for trial, complaint in (
        (Trial(version=1, mode="shadow", started_at=NOON), "is the active one"),
        (Trial(version=2, mode="canary", share=0.0, started_at=NOON), "between 0 and 1"),
    ):
        with pytest.raises((Conflict, Malformed), match=complaint):
            await registrar.try_out("shop", "helper", trial)
    with pytest.raises(Conflict, match="never checked"):
        await registrar.try_out("shop", "helper", Trial(version=2, mode="canary", share=0.1, started_at=NOON))


async def test_errors_are_kept_with_the_bot(tmp_path: Path) -> None:
    async with house(tmp_path, bot="broken") as home:
        await home.hear("hello")
        await home.settled()
        await home.runtime.roster.flush()
        (note,) = await home.runtime.store.bots.notes("shop", bot="broken", kind="error")
    assert "RuntimeError" in note.detail
    assert "secret-in-the-error" not in note.detail


def count(version: int, arm: str, what: str, number: int, total: float = 0.0) -> BotCount:
    hour = NOON - timedelta(minutes=NOON.minute)
    return BotCount(
        app_id="shop",
        bot="helper",
        version=version,
        arm=arm,  # type: ignore[arg-type]
        hour=hour,
        what=what,
        count=number,
        total=total,
    )


OLD = [count(1, "live", "turns", 900), count(1, "live", "ms<=100", 900), count(1, "live", "sentiment", 500, 100.0)]
CANARY = Trial(version=2, mode="canary", share=0.1, started_at=NOON)


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ([], ""),
        ([count(2, "canary", "turns", 49), count(2, "canary", "failed", 49)], ""),
        ([count(2, "canary", "turns", 100), count(2, "canary", "failed", 5)], ""),
        ([count(2, "canary", "turns", 100), count(2, "canary", "failed", 6)], "6.0% of its turns failed"),
        ([count(2, "canary", "turns", 100), count(2, "canary", "handoffs", 11)], "11.0% of its turns were handed off"),
        ([count(2, "canary", "turns", 100), count(2, "canary", "ms<=200", 100)], ""),
        ([count(2, "canary", "turns", 100), count(2, "canary", "ms<=400", 100)], "within 400 ms"),
        ([count(2, "canary", "turns", 100), count(2, "canary", "sentiment", 50, -1.0)], "sentiment is -0.02"),
        ([count(2, "canary", "turns", 100), count(2, "canary", "sentiment", 50, 5.0)], ""),
    ],
)
def test_what_takes_a_candidate_back(new: list[BotCount], reason: str) -> None:
    found = trials.judge(CANARY, 1, [*OLD, *new])
    assert (reason in found) if reason else found == ""


def test_a_shadow_is_not_blamed_for_how_customers_feel() -> None:
    sad = [count(2, "shadow", "turns", 100), count(2, "shadow", "sentiment", 100, -90.0)]
    assert trials.judge(replace(CANARY, mode="shadow"), 1, [*OLD, *sad]) == ""


def test_figures() -> None:
    (one,) = trials.figures([*OLD, count(1, "live", "ms", 900, 45_000.0), count(1, "live", "ms<=inf", 100)])
    assert (one.turns, one.mean_ms, one.p50, one.p95, one.sentiment) == (900, 50.0, 100.0, 25_600.0, 0.2)
