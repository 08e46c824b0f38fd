"""From the bot to a person and back: who may speak, who waits where, and what everybody knows."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.errors import Conflict, Forbidden, NotFound
from orchestrator.types import Text
from tests.support import bots
from tests.support.house import House, house, words


@pytest.fixture(autouse=True)
def fresh_bots() -> Iterator[None]:
    bots.reset()
    yield
    bots.reset()


async def handed_off(parley: House, address: str = "visitor") -> str:
    """A conversation that waits in the queue."""
    await parley.hear("help", address=address)
    return (await parley.settled(address)).id


async def test_a_bots_wish_for_a_person_becomes_a_waiting_case(tmp_path: Path) -> None:
    async with house(tmp_path, bot="person") as parley:
        await parley.hear("help", context={"cart": {"total": 99.0}}, profile={"name": "Kim"})
        conversation = await parley.settled()
        (case,) = await parley.runtime.store.handoffs("shop")
        assert (case.state, case.team, case.priority) == ("offered", "orders", "urgent")
        packet = case.packet
        assert packet.rule == "bot-request"
        assert packet.context == {"cart": {"total": 99.0}}
        assert packet.profile["name"] == "Kim"
        assert [words(message) for message in packet.transcript] == ["help", "Let me get somebody."]
        assert conversation.controller.kind == "desk"
        queue = await parley.runtime.engine.queue_view(conversation)
        assert queue is not None
        assert queue.position == 1
        assert [message.role for message in await parley.log()] == ["customer", "bot", "system"]


async def test_the_bot_is_silent_while_the_customer_waits(tmp_path: Path) -> None:
    async with house(tmp_path, bot="person") as parley:
        await handed_off(parley)
        await parley.hear("still there?")
        await parley.settled()
        assert (await parley.lines())[-1] == "customer: still there?"


async def test_positions_follow_priority_and_age_and_move_up(tmp_path: Path) -> None:
    async with house(tmp_path, bot="person") as parley:
        engine = parley.runtime.engine
        await handed_off(parley, "anna")
        await handed_off(parley, "ben")
        ben = await parley.conversation("ben")
        view = await engine.queue_view(ben)
        assert view is not None
        assert (view.position, view.waiting) == (2, 2)
        await engine.desk.accept("shop", (await parley.conversation("anna")).id, parley.agent())
        view = await engine.queue_view(await parley.conversation("ben"))
        assert view is not None
        assert (view.position, view.waiting) == (1, 1)


async def test_agent_and_customer_talk_and_the_bot_keeps_quiet(tmp_path: Path) -> None:
    async with house(tmp_path, bot="person") as parley:
        conversation_id = await handed_off(parley)
        desk, ada = parley.runtime.engine.desk, parley.agent()
        await desk.accept("shop", conversation_id, ada)
        await desk.say("shop", conversation_id, ada, (Text(text="How can I help?"),))
        await parley.hear("my order is late")
        await parley.settled()
        await desk.note("shop", conversation_id, ada, "sounds tired")
        assert [message.role for message in await parley.log()][3:] == ["system", "agent", "customer"]
        internal = [message for message in await parley.log(public=False) if message.visibility == "internal"]
        assert [words(message) for message in internal] == ["sounds tired"]


async def test_a_message_an_agent_sends_twice_is_said_once(tmp_path: Path) -> None:
    async with house(tmp_path, bot="person") as parley:
        conversation_id = await handed_off(parley)
        desk, ada = parley.runtime.engine.desk, parley.agent()
        await desk.accept("shop", conversation_id, ada)
        first = await desk.say("shop", conversation_id, ada, (Text(text="Hello"),), "c1")
        second = await desk.say("shop", conversation_id, ada, (Text(text="Hello"),), "c1")
        assert first.seq == second.seq
        assert [line for line in await parley.lines() if line.startswith("agent")] == ["agent: Hello"]


async def test_two_agents_accept_and_one_wins(tmp_path: Path) -> None:
    async with house(tmp_path, bot="person") as parley:
        conversation_id = await handed_off(parley)
        desk = parley.runtime.engine.desk
        outcomes = await asyncio.gather(
            desk.accept("shop", conversation_id, parley.agent("Ada")),
            desk.accept("shop", conversation_id, parley.agent("Bea")),
            return_exceptions=True,
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "Conversation"]


async def test_only_who_has_the_case_speaks(tmp_path: Path) -> None:
    async with house(tmp_path, bot="person") as parley:
        conversation_id = await handed_off(parley)
        desk = parley.runtime.engine.desk
        with pytest.raises(Conflict, match="accept this conversation first"):
            await desk.say("shop", conversation_id, parley.agent(), (Text(text="x"),))
        await desk.accept("shop", conversation_id, parley.agent("Ada"))
        with pytest.raises(Forbidden):
            await desk.say("shop", conversation_id, parley.agent("Bea"), (Text(text="x"),))
        with pytest.raises(NotFound):
            await desk.accept("other", conversation_id, parley.agent())


async def test_a_late_bot_reply_is_traced_and_never_sent(tmp_path: Path) -> None:
    """The control epoch: the agent takes over while the bot thinks."""
    async with house(tmp_path, bot="slow") as parley:
        accepted = await parley.hear("gate-a")
        await bots.entered["gate-a"].wait()
        await parley.runtime.engine.desk.accept("shop", accepted.conversation.id, parley.agent())
        bots.gates["gate-a"].set()
        await parley.settled()
        assert not [line for line in await parley.lines() if line.startswith("bot")]
        discarded = [trace for trace in await parley.traces() if trace.outcome == "discarded"]
        assert len(discarded) == 1
        assert "slow: gate-a" in str(discarded[0].actions)
        assert discarded[0].bots[0].bot == "slow"


async def test_a_note_or_a_page_turn_does_not_void_a_running_turn(tmp_path: Path) -> None:
    async with house(tmp_path, bot="slow") as parley:
        accepted = await parley.hear("gate-a")
        await bots.entered["gate-a"].wait()
        engine = parley.runtime.engine
        await engine.desk.note("shop", accepted.conversation.id, parley.agent(), "watching")
        await engine.set_context("shop", accepted.conversation.id, {"page": {"url": "/x"}})
        bots.gates["gate-a"].set()
        conversation = await parley.settled()
        assert (await parley.lines())[-1] == "bot: slow: gate-a"
        assert conversation.context == {"page": {"url": "/x"}}
        assert len(bots.seen) == 1


async def test_the_bot_learns_what_happened_when_it_gets_the_conversation_back(tmp_path: Path) -> None:
    async with house(
        tmp_path, bot="person", bots={"after": {"kind": "python", "bot": "tests.support.bots:echo"}}
    ) as parley:
        conversation_id = await handed_off(parley)
        desk, ada = parley.runtime.engine.desk, parley.agent()
        await desk.accept("shop", conversation_id, ada)
        await desk.hand_back("shop", conversation_id, ada, "refunded 20 euros")
        conversation = await parley.conversation()
        assert conversation.controller.kind == "bot"
        assert conversation.returned is not None
        (case,) = await parley.runtime.store.handoffs("shop")
        assert (case.state, case.note) == ("returned", "refunded 20 euros")


async def test_the_note_is_in_the_next_turn_and_only_there(tmp_path: Path) -> None:
    async with house(tmp_path) as parley:
        await parley.hear("hello")
        conversation = await parley.settled()
        desk, ada = parley.runtime.engine.desk, parley.agent()
        await desk.accept("shop", conversation.id, ada)
        await desk.hand_back("shop", conversation.id, ada, "all sorted")
        for line in ("thanks", "bye"):
            await parley.hear(line)
            await parley.settled()
        notes = [turn.returned.note if turn.returned else "" for turn in bots.seen]
        assert notes == ["", "all sorted", ""]


async def test_the_next_handoff_works_like_the_first(tmp_path: Path) -> None:
    async with house(tmp_path, bot="person") as parley:
        desk, ada = parley.runtime.engine.desk, parley.agent()
        epochs = []
        for _ in range(3):
            conversation_id = await handed_off(parley)
            await desk.accept("shop", conversation_id, ada)
            await desk.resolve("shop", conversation_id, ada)
            conversation = await parley.conversation()
            assert conversation.status == "closed"
            epochs.append(conversation.epoch)
        assert epochs == sorted(set(epochs))
        states = [case.state for case in await parley.runtime.store.handoffs("shop")]
        assert states == ["resolved"] * 3


async def test_a_transfer_waits_in_the_other_team(tmp_path: Path) -> None:
    async with house(tmp_path, bot="person") as parley:
        conversation_id = await handed_off(parley)
        desk, ada = parley.runtime.engine.desk, parley.agent()
        await desk.accept("shop", conversation_id, ada)
        with pytest.raises(NotFound, match="no team"):
            await desk.transfer("shop", conversation_id, ada, "nowhere")
        conversation = await desk.transfer("shop", conversation_id, ada, "support", "knows the invoice")
        assert conversation.handoff is not None
        assert (conversation.handoff.team, conversation.handoff.state) == ("support", "offered")
        assert await parley.runtime.store.waiting("shop", team="orders") == []
        await desk.accept("shop", conversation_id, parley.agent("Bea"))


async def test_an_offer_nobody_takes_expires_and_the_bot_goes_on(tmp_path: Path) -> None:
    policy = {"offer_minutes": 0.005}
    once = {"kind": "python", "bot": "tests.support.bots:person"}
    async with house(tmp_path, bot="once", bots={"once": once}, policy=policy) as parley:
        conversation_id = await handed_off(parley)
        async with asyncio.timeout(10), parley.runtime.bus.subscribe("shop", conversation_id) as news:
            while (await parley.conversation()).handoff is not None:
                await anext(aiter(news))
        (case,) = await parley.runtime.store.handoffs("shop")
        assert case.state == "expired"
        assert (await parley.conversation()).controller.kind == "bot"


async def test_while_waiting_the_bot_may_go_on_if_the_policy_says_so(tmp_path: Path) -> None:
    policy = {
        "while_waiting": "bot",
        "rules": [{"name": "wish", "when": "text == 'person please'"}],
    }
    async with house(tmp_path, policy=policy) as parley:
        await parley.hear("person please")
        await parley.settled()
        await parley.hear("and meanwhile?")
        conversation = await parley.settled()
        assert (await parley.lines())[-1] == "bot: echo: and meanwhile?"
        await parley.runtime.engine.desk.accept("shop", conversation.id, parley.agent())
        await parley.hear("hello?")
        await parley.settled()
        assert (await parley.lines())[-1] == "customer: hello?"
