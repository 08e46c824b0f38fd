"""Whole turns: what the customer says, and what stands in the thread afterwards."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.types import Commit, Text
from tests.support import bots
from tests.support.builders import message
from tests.support.house import house, words


@pytest.fixture(autouse=True)
def fresh_bots() -> Iterator[None]:
    bots.reset()
    yield
    bots.reset()


async def test_a_line_is_answered(tmp_path: Path) -> None:
    async with house(tmp_path) as parley:
        await parley.hear("hello")
        await parley.settled()
        assert await parley.lines() == ["customer: hello", "bot: echo: hello"]
        (trace,) = await parley.traces()
        assert trace.outcome == "answered"
        assert [call.outcome for call in trace.bots] == ["ok"]


async def test_the_same_event_ten_times_makes_one_message_and_one_turn(tmp_path: Path) -> None:
    async with house(tmp_path) as parley:
        await asyncio.gather(*(parley.hear("hello", external_id="wamid.1") for _ in range(10)))
        await parley.settled()
        await parley.hear("hello", external_id="wamid.1")
        await parley.settled()
        assert await parley.lines() == ["customer: hello", "bot: echo: hello"]
        assert len(bots.seen) == 1


async def test_lines_sent_while_a_turn_runs_are_answered_together_in_the_next(tmp_path: Path) -> None:
    async with house(tmp_path, bot="slow") as parley:
        await parley.hear("gate-a")
        await bots.entered["gate-a"].wait()
        await parley.hear("one")
        await parley.hear("two")
        bots.gates["gate-a"].set()
        await parley.settled()
        assert await parley.lines() == [
            "customer: gate-a",
            "customer: one",
            "customer: two",
            "bot: slow: gate-a",
            "bot: slow: one\ntwo",
        ]


async def test_a_slow_bot_holds_up_only_its_own_conversation(tmp_path: Path) -> None:
    async with house(tmp_path, bot="slow") as parley:
        await parley.hear("gate-a", address="anna")
        await bots.entered["gate-a"].wait()
        await parley.hear("hello", address="ben")
        await parley.settled("ben")
        assert await parley.lines("ben") == ["customer: hello", "bot: slow: hello"]
        assert await parley.lines("anna") == ["customer: gate-a"]
        bots.gates["gate-a"].set()
        await parley.settled("anna")


async def test_a_bot_gets_a_stable_turn_id_context_slots_and_history(tmp_path: Path) -> None:
    async with house(tmp_path) as parley:
        await parley.hear("first", context={"cart": {"total": 12.5}}, profile={"name": "Kim"})
        await parley.settled()
        await parley.hear("second")
        await parley.settled()
        first, second = bots.seen
        assert first.id.endswith(".1-1")
        assert second.id.endswith(".3-3")
        assert first.context == {"cart": {"total": 12.5}}
        assert second.profile["name"] == "Kim"
        assert [line.text for line in second.history] == ["first", "echo: first"]
        assert second.deadline > second.now


async def test_slots_last_from_turn_to_turn(tmp_path: Path) -> None:
    async with house(tmp_path, bot="counter") as parley:
        for line in ("a", "b", "c"):
            await parley.hear(line)
            await parley.settled()
        assert [line for line in await parley.lines() if line.startswith("bot")] == [
            "bot: number 1",
            "bot: number 2",
            "bot: number 3",
        ]


async def test_a_bot_that_fails_hands_off_and_says_so(tmp_path: Path) -> None:
    async with house(tmp_path, bot="broken") as parley:
        await parley.hear("hello")
        conversation = await parley.settled()
        assert conversation.handoff is not None
        (trace,) = await parley.traces()
        assert trace.outcome == "handed_off"
        assert trace.bots[0].outcome == "failed"
        assert "secret" not in str(trace)


async def test_a_failing_bot_is_replaced_by_its_fallback(tmp_path: Path) -> None:
    stumbling = {"kind": "python", "bot": "tests.support.bots:broken", "fallback": "echo"}
    async with house(tmp_path, bot="stumbling", bots={"stumbling": stumbling}) as parley:
        await parley.hear("hello")
        await parley.settled()
        assert (await parley.lines())[1] == "bot: echo: hello"
        (trace,) = await parley.traces()
        assert [call.bot for call in trace.bots] == ["stumbling", "echo"]


async def test_an_open_circuit_leaves_a_failing_bot_alone(tmp_path: Path) -> None:
    stumbling = {
        "kind": "python",
        "bot": "tests.support.bots:broken",
        "fallback": "echo",
        "breaker_failures": 2,
    }
    async with house(tmp_path, bot="stumbling", bots={"stumbling": stumbling}) as parley:
        for line in ("a", "b", "c"):
            await parley.hear(line)
            await parley.settled()
        outcomes = [trace.bots[0].outcome for trace in await parley.traces()]
        assert outcomes == ["open_circuit", "failed", "failed"]


async def test_a_bot_past_its_deadline_is_given_up(tmp_path: Path) -> None:
    hasty = {"kind": "python", "bot": "tests.support.bots:slow", "deadline": 0.05, "fallback": "echo"}
    async with house(tmp_path, bot="hasty", bots={"hasty": hasty}) as parley:
        await parley.hear("gate-never")
        await parley.settled()
        assert (await parley.lines())[1] == "bot: echo: gate-never"
        assert (await parley.traces())[0].bots[0].outcome == "timeout"


async def test_a_bot_that_never_ends_is_cut_off(tmp_path: Path) -> None:
    async with house(tmp_path, bot="endless") as parley:
        await parley.hear("hello")
        conversation = await parley.settled()
        assert conversation.handoff is not None
        assert not [line for line in await parley.lines() if line.startswith("bot")]


async def test_bots_pass_on_but_never_in_a_circle(tmp_path: Path) -> None:
    async with house(tmp_path, bot="passes") as parley:
        await parley.hear("hello")
        conversation = await parley.settled()
        assert (await parley.log())[1].author == "echo"
        assert conversation.bot == "echo"
    circle = tmp_path / "circle"
    circle.mkdir()
    async with house(circle, bot="circle") as parley:
        await parley.hear("hello")
        await parley.settled()
        assert len((await parley.traces())[0].bots) == 1


async def test_a_typed_number_or_title_is_the_choice_it_stands_for(tmp_path: Path) -> None:
    async with house(tmp_path, bot="choices") as parley:
        await parley.hear("shoes")
        await parley.settled()
        await parley.hear("large")
        await parley.settled()
        assert (await parley.lines())[-1] == "bot: chose size:l"
        assert (await parley.log())[2].parts == (Text(text="large"),)


async def test_opening_the_chat_lets_the_bot_speak_first_and_only_once(tmp_path: Path) -> None:
    async with house(tmp_path) as parley:
        await parley.open_chat()
        await parley.settled()
        await parley.open_chat()
        await parley.settled()
        assert len(bots.seen) == 1
        assert bots.seen[0].messages == ()


async def test_a_customer_back_after_a_restart_finds_the_conversation(tmp_path: Path) -> None:
    async with house(tmp_path) as parley:
        await parley.hear("hello")
        await parley.settled()
    async with house(tmp_path) as parley:
        await parley.hear("again", external_id="second-life")
        await parley.settled()
        assert [words(message) for message in await parley.log()] == ["hello", "echo: hello", "again", "echo: again"]


async def test_a_wish_in_the_first_of_several_lines_is_heard(tmp_path: Path) -> None:
    rules = [{"name": "wish", "when": "wish >= 0.7"}]
    policy = {"rules": rules, "defaults": False}
    nlp = {"language": [], "sentiment": [], "wish": ["phrases"], "translators": "none"}
    async with house(tmp_path, bot="slow", policy=policy, nlp=nlp) as parley:
        await parley.hear("gate-a")
        await bots.entered["gate-a"].wait()
        await parley.hear("I want to talk to a real person")
        await parley.hear("hello?")
        bots.gates["gate-a"].set()
        assert (await parley.settled()).handoff is not None


async def test_a_rule_about_a_failed_bot_lets_another_answer(tmp_path: Path) -> None:
    policy = {"rules": [{"name": "spare", "when": "bot.failed", "then": "bot", "bot": "echo"}]}
    async with house(tmp_path, bot="broken", policy=policy) as parley:
        await parley.hear("hello")
        conversation = await parley.settled()
        assert (await parley.lines())[1] == "bot: echo: hello"
        assert conversation.handoff is None
        (trace,) = await parley.traces()
        assert [call.bot for call in trace.bots] == ["broken", "echo"]


async def test_a_rule_may_read_how_many_wait(tmp_path: Path) -> None:
    policy = {"defaults": False, "rules": [{"name": "room", "when": "desk.waiting < 1 && text == 'person'"}]}
    async with house(tmp_path, policy=policy) as parley:
        for address in ("anna", "ben"):
            await parley.hear("person", address=address)
            await parley.settled(address)
        assert (await parley.conversation("anna")).handoff is not None
        assert (await parley.conversation("ben")).handoff is None


async def test_an_answer_to_a_turn_that_another_worker_did_answers_nothing_else(tmp_path: Path) -> None:
    async with house(tmp_path, bot="slow") as parley:
        await parley.hear("gate-a")
        await bots.entered["gate-a"].wait()
        store = parley.runtime.store
        head = (await store.load((await parley.conversation()).id, history=0)).conversation
        answer = message(head, "slow: gate-a")
        await store.commit(Commit(conversation=replace(head, processed_seq=1), messages=(answer,), at=head.updated_at))
        await parley.hear("two")
        bots.gates["gate-a"].set()
        await parley.settled()
        assert await parley.lines() == ["customer: gate-a", "bot: slow: gate-a", "customer: two", "bot: slow: two"]
