"""An answer shows while it is being made, and never once somebody else speaks."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.types import ConversationChanged, Drafting, Text
from tests.support import bots
from tests.support.house import PATIENCE, House
from tests.support.webchat import Socket, Visitor, chat_front


@pytest.fixture(autouse=True)
def fresh_bots() -> Iterator[None]:
    bots.reset()
    yield
    bots.reset()


async def visitor(front: object) -> Visitor:
    found = Visitor(front)  # type: ignore[arg-type]
    await found.arrive()
    return found


async def until_waiting(gate: str) -> None:
    async with asyncio.timeout(PATIENCE):
        await bots.entered[gate].wait()


async def test_words_show_as_they_come_and_the_message_takes_their_place(tmp_path: Path) -> None:
    async with chat_front(tmp_path, bot="drafts") as front, (await visitor(front)).connect() as socket:
        await socket.send(type="send", client_id="1", text="gate-a")
        await socket.until("typing", on=True, text="Your parcel")
        bots.gates["gate-a"].set()
        await socket.says("on its way")
        assert [line.partition(":")[0] for line in await lines(front.house)] == ["customer", "bot"]


async def lines(house: House) -> list[str]:
    (found,) = await house.runtime.store.conversations("shop")
    return await house.lines(found.address)


async def test_who_takes_over_is_not_talked_over(tmp_path: Path) -> None:
    async with chat_front(tmp_path, bot="drafts") as front, (await visitor(front)).connect() as socket:
        await socket.send(type="send", client_id="1", text="gate-a")
        await socket.until("typing", text="Your parcel")
        await until_waiting("gate-a")
        runtime = front.house.runtime
        (conversation,) = await runtime.store.conversations("shop")
        agent = front.house.agent()
        await runtime.store.add_agent(agent)
        await runtime.engine.desk.accept("shop", conversation.id, agent)
        await socket.until("state", controller="agent")
        late = Drafting(
            app_id="shop", conversation_id=conversation.id, author="drafts", version=conversation.version, text="late"
        )
        await runtime.bus.publish(late)
        bots.gates["gate-a"].set()
        await front.house.settled(conversation.address)
        await runtime.engine.desk.say("shop", conversation.id, agent, (Text(text="I am here"),))
        frames = await up_to(socket, "I am here")
        assert not any("late" in frame for frame in frames)


async def up_to(socket: Socket, text: str) -> list[str]:
    """The frames before the message that holds this text."""
    found = []
    while True:
        frame = await socket.next()
        if frame["type"] == "message" and text in str(frame["parts"]):
            return found
        found.append(str(frame))


async def test_a_bot_that_breaks_half_way_takes_its_words_back(tmp_path: Path) -> None:
    async with chat_front(tmp_path, bot="drafts") as front, (await visitor(front)).connect() as socket:
        await socket.send(type="send", client_id="1", text="gate-break")
        await socket.until("typing", text="Your parcel")
        bots.gates["gate-break"].set()
        await socket.until("typing", on=False, text="")
        await socket.until("message", role="system")


async def test_words_in_another_language_than_the_customers_are_not_shown(tmp_path: Path) -> None:
    async with chat_front(tmp_path, bot="drafts") as front:
        house = front.house
        await house.hear("gate-a", address="v")
        await until_waiting("gate-a")
        bots.gates["gate-a"].set()
        conversation = await house.settled("v")
        await house.runtime.engine.desk.speak("shop", conversation.id, house.agent(), "es")
        async with house.runtime.bus.subscribe("shop") as news:
            await house.hear("gate-b", address="v")
            await until_waiting("gate-b")
            bots.gates["gate-b"].set()
            async for live in news:
                assert not isinstance(live, Drafting)
                if isinstance(live, ConversationChanged):
                    break


async def test_who_polls_sees_whole_answers_only(tmp_path: Path) -> None:
    async with chat_front(tmp_path, bot="drafts") as front:
        someone = await visitor(front)
        await someone.post(type="send", client_id="1", text="gate-a")
        await until_waiting("gate-a")
        bots.gates["gate-a"].set()
        after, version, kinds = 0, "", list[str]()
        while "Your parcel is on its way." not in str(kinds):
            answer = (await someone.get(f"events?after={after}&v={version}")).json
            kinds += [str(frame) for frame in answer["frames"]]
            version = answer["v"]
        assert not any("'text': 'Your parcel'" in frame for frame in kinds)
