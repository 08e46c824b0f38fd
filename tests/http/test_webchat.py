"""The web chat end to end over real HTTP and WebSocket: what a widget relies on."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from connectors.webchat.wire import Ready, Shown
from orchestrator.http import webchat
from orchestrator.http.webchat.feed import Feed
from orchestrator.types import MessageAdded, Text
from tests.support import bots
from tests.support.webchat import Visitor, chat_front, words


async def test_a_message_is_acknowledged_echoed_and_answered(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        visitor = Visitor(front)
        session = await visitor.arrive(language="es-AR,en")
        assert (session["language"], session["known"], session["expires_in"]) == ("es", False, 3600)
        assert session["texts"]["send"] == "Enviar"
        async with visitor.connect() as socket:
            ready = await socket.next()
            assert (ready["type"], ready["conversation"], ready["messages"]) == ("ready", "", [])
            await socket.send(type="send", client_id="m1", text="hello")
            ack = await socket.until("ack")
            assert (ack["client_id"], ack["seq"], ack["duplicate"]) == ("m1", 1, False)
            ready = await socket.until("ready")
            own = [frame for frame in ready["messages"] if frame["client_id"] == "m1"]
            assert [words(frame) for frame in own] == ["hello"]
            if not any(frame["role"] == "bot" for frame in ready["messages"]):
                answer = await socket.says("echo: hello")
                assert (answer["role"], answer["author"]) == ("bot", "")


async def test_typing_and_state_tell_what_the_bot_does(tmp_path: Path) -> None:
    bots.reset()
    async with chat_front(tmp_path, bot="slow") as front:
        visitor = Visitor(front)
        await visitor.arrive()
        async with visitor.connect() as socket:
            await socket.send(type="send", client_id="m1", text="gate-a please")
            assert (await socket.until("typing", on=True))["role"] == "bot"
            bots.gates["gate-a"].set()
            wanted = {"message", "marks", "typing"}
            while wanted:
                frame = await socket.next()
                if frame["type"] == "typing" and not frame["on"]:
                    wanted.discard("typing")
                elif frame["type"] == "marks" and frame["read"] >= 1:
                    wanted.discard("marks")
                elif frame["type"] == "message" and "slow: gate-a" in words(frame):
                    wanted.discard("message")


async def test_a_message_sent_twice_is_one(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        async with visitor.connect() as socket, visitor.connect() as other:
            for line in (socket, other, socket):
                await line.send(type="send", client_id="m1", text="once")
            acks = [await socket.until("ack"), await other.until("ack"), await socket.until("ack")]
        assert {ack["seq"] for ack in acks} == {1}
        assert sorted(ack["duplicate"] for ack in acks) == [False, True, True]
        address = front.house.runtime.engine.app("shop").id and (await self_address(front, visitor))
        await front.house.settled(address)
        assert await front.house.lines(address) == ["customer: once", "bot: echo: once"]


async def self_address(front: Any, visitor: Visitor) -> str:
    conversations = await front.house.runtime.store.conversations("shop")
    assert len(conversations) == 1
    return str(conversations[0].address)


async def test_another_visitor_may_use_the_same_client_id(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        for name in ("first", "second"):
            visitor = Visitor(front)
            await visitor.arrive()
            answer = await visitor.post(type="send", client_id="m1", text=name)
            assert answer.json["frames"][0]["duplicate"] is False
        assert len(await front.house.runtime.store.conversations("shop")) == 2


async def test_coming_back_resumes_after_the_last_message_without_a_gap(tmp_path: Path) -> None:
    bots.reset()
    async with chat_front(tmp_path, bot="slow") as front:
        visitor = Visitor(front)
        await visitor.arrive()
        async with visitor.connect() as socket:
            await socket.send(type="send", client_id="m1", text="one")
            last = (await socket.says("slow: one"))["seq"]
            await socket.send(type="send", client_id="m2", text="gate-b")
            await socket.until("ack", client_id="m2")
        await bots.entered["gate-b"].wait()
        bots.gates["gate-b"].set()
        address = await self_address(front, visitor)
        await front.house.settled(address)
        async with visitor.connect(after=last) as socket:
            ready = await socket.next()
            assert ready["fresh"] is False
            assert [words(frame) for frame in ready["messages"]] == ["gate-b", "slow: gate-b"]
        later = Visitor(front, resume=visitor.resume)
        assert (await later.arrive())["known"] is True
        async with later.connect() as socket:
            ready = await socket.next()
            assert ready["fresh"] is True
            assert [frame["seq"] for frame in ready["messages"]] == [1, 2, 3, 4]


async def test_a_line_that_lags_catches_up_from_the_store(tmp_path: Path) -> None:
    async with chat_front(tmp_path, bot="silent", rate=100_000) as front:
        front.house.runtime.bus.feeds.backlog = 1
        visitor = Visitor(front)
        await visitor.arrive()
        await visitor.post(type="send", client_id="m0", text="line 0")
        address = await self_address(front, visitor)
        async with visitor.connect() as socket:
            seen = {frame["seq"] for frame in (await socket.until("ready"))["messages"]}
            await asyncio.gather(*(front.house.hear(f"line {at}", address=address) for at in range(1, 30)))
            while len(seen) < 30:
                frame = await socket.next()
                found = [*frame.get("messages", ()), *([frame] if frame["type"] == "message" else [])]
                seen |= {each["seq"] for each in found}
        assert seen == set(range(1, 31))


async def test_what_was_dropped_is_read_again_whatever_it_was(tmp_path: Path) -> None:
    async with chat_front(tmp_path, bot="silent") as front:
        runtime = front.house.runtime
        services = webchat.Services(
            engine=runtime.engine,
            records=runtime.store,
            accounts=runtime.store,
            bus=runtime.bus,
            files=runtime.files,
            clock=runtime.clock,
        )
        await front.house.hear("one")
        feed = Feed(services, await front.house.settled(), 0)
        assert [words(each.model_dump()) for each in (await feed.ready()).messages] == ["one"]
        await front.house.hear("two")
        await front.house.settled()
        (ready,) = await feed.hear(None)
        assert isinstance(ready, Ready)
        assert (ready.fresh, [words(each.model_dump()) for each in ready.messages]) == (False, ["two"])
        # News of what has been shown is none; what jumps ahead brings what lies between.
        log = await front.house.log()
        assert not await feed.hear(MessageAdded(app_id="shop", conversation_id=log[1].conversation_id, message=log[1]))
        await front.house.hear("three")
        await front.house.hear("four")
        await front.house.settled()
        last = (await front.house.log())[-1]
        frames = await feed.hear(MessageAdded(app_id="shop", conversation_id=last.conversation_id, message=last))
        assert [words(each.model_dump()) for each in frames if isinstance(each, Shown)] == ["three", "four"]


async def test_other_tabs_see_what_one_tab_writes(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        async with visitor.connect() as one, visitor.connect() as two:
            assert (await two.next())["conversation"] == ""
            await one.send(type="send", client_id="m1", text="from one")
            await one.until("ack")
            await two.send(type="resume", after=0)
            await two.says("from one")
            await one.send(type="send", client_id="m2", text="again")
            assert (await two.says("again"))["client_id"] == "m2"


async def test_history_goes_back_page_by_page(tmp_path: Path) -> None:
    async with chat_front(tmp_path, bot="silent", rate=100_000) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        await visitor.post(type="send", client_id="m0", text="line 1")
        address = await self_address(front, visitor)
        for at in range(2, 101):
            await front.house.hear(f"line {at}", address=address)
        async with visitor.connect() as socket:
            ready = await socket.next()
        assert ready["more"] is True
        seqs = [frame["seq"] for frame in ready["messages"]]
        more = True
        while more:
            page = (await visitor.get(f"history?before={seqs[0]}")).json
            seqs, more = [frame["seq"] for frame in page["messages"]] + seqs, page["more"]
        assert seqs == list(range(1, 101))


async def test_starting_over_is_a_new_conversation_and_the_old_one_stays(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        async with visitor.connect() as socket:
            await socket.send(type="send", client_id="m1", text="first")
            await socket.says("echo: first")
            await socket.send(type="start_over")
            session = await socket.until("session")
            assert (await socket.until("ready"))["messages"] == []
            await socket.send(type="send", client_id="m1", text="second")
            await socket.says("echo: second")
        visitor.resume = session["resume"]
        await visitor.arrive()
        async with visitor.connect() as socket:
            assert [words(frame) for frame in (await socket.next())["messages"]] == ["second", "echo: second"]
        assert len(await front.house.runtime.store.conversations("shop")) == 2


async def test_nobody_starts_over_in_front_of_a_person(tmp_path: Path) -> None:
    async with chat_front(tmp_path, bot="person") as front:
        visitor = Visitor(front)
        await visitor.arrive()
        async with visitor.connect() as socket:
            await socket.send(type="send", client_id="m1", text="a person please")
            await socket.says("Let me get somebody")
            await front.house.settled(await self_address(front, visitor))
            await socket.send(type="start_over")
            assert (await socket.until("error"))["code"] == "conflict"
        answer = await front.post("/webchat/web/session", {"resume": visitor.resume, "start_over": True})
        assert (answer.status, answer.code) == (409, "conflict")


async def test_an_agent_is_seen_with_name_and_the_queue_with_its_place(tmp_path: Path) -> None:
    async with chat_front(tmp_path, bot="person") as front:
        runtime = front.house.runtime
        agent = front.house.agent("Ada")
        await runtime.store.add_agent(agent)
        visitor = Visitor(front)
        await visitor.arrive()
        async with visitor.connect() as socket:
            await socket.send(type="send", client_id="m1", text="a person please")
            state = await in_state(socket, "queue")
            assert state["queue"]["position"] == 1
            conversation = await front.house.conversation(await self_address(front, visitor))
            await runtime.engine.desk.accept("shop", conversation.id, agent)
            state = await in_state(socket, "agent")
            assert (state["agent"]["name"], state["queue"]) == ("Ada", None)
            await runtime.engine.typing("shop", conversation.id, "agent", agent.id, True)
            assert (await socket.until("typing", role="agent"))["name"] == "Ada"
            await runtime.engine.desk.note("shop", conversation.id, agent, "an internal note")
            await runtime.engine.desk.say("shop", conversation.id, agent, (Text(text="I am Ada"),))
            said = await socket.says("I am Ada")
            assert (said["role"], said["author"]) == ("agent", "Ada")
            await runtime.engine.desk.read("shop", conversation.id, agent, 1)
            await socket.until("marks", read=1)
            await socket.send(type="read", seq=said["seq"])
            await socket.until("marks", seen=said["seq"])
        async with visitor.connect() as socket:
            shown = [words(frame) for frame in (await socket.next())["messages"]]
        assert not any("internal" in text for text in shown)


async def in_state(socket: Any, controller: str) -> dict[str, Any]:
    while True:
        frame = await socket.next()
        state = frame if frame["type"] == "state" else frame.get("state")
        if state and state["controller"] == controller:
            return dict(state)


async def test_context_reaches_the_bot_before_and_after_the_first_message(tmp_path: Path) -> None:
    bots.reset()
    async with chat_front(tmp_path) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        async with visitor.connect(context={"cart": {"total": 12.5}}) as socket:
            await socket.send(type="send", client_id="m1", text="one")
            await socket.says("echo: one")
            await socket.send(type="context", context={"cart": {"total": 99}})
            await socket.until("ack", client_id="")
            await socket.send(type="send", client_id="m2", text="two")
            await socket.says("echo: two")
    assert [turn.context for turn in bots.seen] == [{"cart": {"total": 12.5}}, {"cart": {"total": 99}}]


# --- without WebSockets


async def test_everything_works_over_plain_http(tmp_path: Path) -> None:
    bots.reset()
    async with chat_front(tmp_path, bot="slow") as front:
        visitor = Visitor(front)
        await visitor.arrive()
        assert (await visitor.get("events")).json["frames"][0]["conversation"] == ""
        sent = await visitor.post(type="send", client_id="m1", text="gate-c")
        assert sent.json["frames"][0]["seq"] == 1
        first = (await visitor.get("events?after=0")).json
        ready = first["frames"][0]
        assert [words(frame) for frame in ready["messages"]] == ["gate-c"]
        await bots.entered["gate-c"].wait()
        waiting = asyncio.create_task(visitor.get(f"events?after={ready['last_seq']}&v={first['v']}"))
        bots.gates["gate-c"].set()
        frames: list[dict[str, Any]] = []
        after, version = ready["last_seq"], first["v"]
        while not any("slow: gate-c" in words(each) for each in messages(frames)):
            news = (await waiting).json
            frames += news["frames"]
            after = max([after, *(each["seq"] for each in messages(frames))])
            version = news["v"]
            waiting = asyncio.create_task(visitor.get(f"events?after={after}&v={version}"))
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert (await visitor.post(type="read", seq=after)).status == 200
        conversation = (await front.house.runtime.store.conversations("shop"))[0]
        assert conversation.marks.customer_read == after
        assert (await visitor.post(type="ping")).json["frames"] == [{"type": "pong"}]


def messages(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    alone = [frame for frame in frames if frame["type"] == "message"]
    return alone + [each for frame in frames for each in frame.get("messages", ())]


# --- the bot speaks first


@pytest.mark.parametrize("greets", [True, False])
async def test_opening_the_chat_lets_the_bot_greet_where_the_channel_says_so(tmp_path: Path, greets: bool) -> None:
    bots.reset()
    async with chat_front(tmp_path, bot_greets=greets) as front:
        visitor = Visitor(front)
        assert (await visitor.arrive())["bot_greets"] is greets
        async with visitor.connect() as socket:
            await socket.send(type="start")
            await socket.send(type="start")
            if greets:
                await socket.says("echo:")
            await socket.send(type="ping")
            await socket.until("pong")
        assert len(bots.seen) == (1 if greets else 0)
        assert len(await front.house.runtime.store.conversations("shop")) == (1 if greets else 0)
