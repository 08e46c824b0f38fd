"""Live updates between processes, and what readers are told when some were lost."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from orchestrator.adapters.redisbus.live import LARGEST, messages
from orchestrator.ports import Subscription
from orchestrator.types import Live, MessageAdded, RosterChanged, SignedOut
from tests.support.builders import conversation, message
from tests.support.buses import buses, typing
from tests.support.process import until
from tests.support.redis import Server, shared


@pytest.fixture
async def server() -> Server:
    return await shared()


async def soon(subscription: Subscription) -> Live | None:
    async with asyncio.timeout(15):
        return await anext(aiter(subscription))


async def test_every_process_hears_it_in_one_order(server: Server) -> None:
    async with buses(server.url, 3) as made, AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(bus.subscribe("shop")) for bus in made]
        for number in range(30):
            await made[number % 3].publish(typing(str(number)))
            if number % 5 == 0:
                await asyncio.sleep(0)
        heard = [[await soon(reader) for _ in range(30)] for reader in readers]
        assert heard[0] == heard[1] == heard[2]
        assert {event.author for event in heard[0] if event} == set(map(str, range(30)))  # type: ignore[union-attr]


async def test_what_one_process_says_keeps_its_order(server: Server) -> None:
    async with buses(server.url, 2) as (here, there), there.subscribe("shop", "c1") as reader:
        for number in range(100):
            await here.publish(typing(str(number)))
        assert [await soon(reader) for _ in range(100)] == [typing(str(number)) for number in range(100)]


async def test_a_whole_message_arrives_as_it_was(server: Server) -> None:
    said = message(conversation(id="c1"), "uno\ndos \u2028 ñ 🙂" * 1_000)
    async with buses(server.url, 2) as (here, there), there.subscribe("shop") as reader:
        event = MessageAdded(app_id="shop", conversation_id="c1", message=said)
        await here.publish(event)
        await here.publish(event)
        assert [await soon(reader), await soon(reader)] == [event, event]


def test_what_is_published_at_once_goes_in_messages_of_bounded_size() -> None:
    lines = [line for number in range(10) for line in (b"c%d" % number, b"x" * (LARGEST // 3))]
    made = list(messages(lines))
    assert b"\n".join(made).split(b"\n") == lines
    assert max(map(len, made)) <= LARGEST + 100
    assert len(made) == 5


async def test_updates_nobody_here_reads_are_not_even_decoded(server: Server) -> None:
    async with buses(server.url, 2) as (here, there), there.subscribe("shop", "c1") as reader:
        await here.line.call("SPUBLISH", here.link.keys.live_of("shop"), b"c2\n{broken")
        await here.publish(typing("ana"))
        assert await soon(reader) == typing("ana")


async def test_what_is_not_understood_is_a_gap(server: Server) -> None:
    """From a newer version, during an upgrade."""
    async with buses(server.url, 2) as (here, there), there.subscribe("shop", "c1") as reader:
        await here.line.call("SPUBLISH", here.link.keys.live_of("shop"), b'c1\n{"kind": "hologram"}')
        await here.publish(typing("ana"))
        assert [await soon(reader), await soon(reader)] == [None, typing("ana")]


@pytest.mark.parametrize("kind", ["pubsub", "all"])
async def test_after_a_lost_connection_every_reader_is_told(server: Server, kind: str) -> None:
    async with (
        buses(server.url, 2) as (here, there),
        there.subscribe("shop") as desk,
        there.subscribe("shop", "c1") as widget,
        there.subscribe("bank") as other,
    ):
        await here.publish(typing("before"))
        assert await soon(desk) == await soon(widget) == typing("before")
        for connection in ("pubsub",) if kind == "pubsub" else ("pubsub", "normal"):
            await server.ask("CLIENT", "KILL", "TYPE", connection)
        assert [await soon(reader) for reader in (desk, widget, other)] == [None, None, None]
        async with asyncio.timeout(15):
            await asyncio.gather(here.link.up.wait(), there.link.up.wait(), there.lives.listening.wait())
        await here.publish(typing("after"))
        heard = [await soon(desk)]
        while heard[-1] is None:
            heard.append(await soon(desk))
        assert heard[-1] == typing("after")


async def test_there_is_no_gap_between_none_and_what_follows(server: Server) -> None:
    """Whatever is published once a reader was told None reaches it, or another None does."""
    async with buses(server.url, 2) as (here, there), there.subscribe("shop") as reader:
        for round_ in range(2):
            await server.ask("CLIENT", "KILL", "TYPE", "pubsub")
            while await soon(reader) is not None:
                pass
            await here.link.up.wait()
            await here.publish(typing(f"right after {round_}"))
            got = await soon(reader)
            assert got in (typing(f"right after {round_}"), None)


async def test_who_subscribes_as_the_connection_is_lost_waits_for_the_next(server: Server) -> None:
    """And nothing dials behind the back of who hears: such a connection would be closed by nobody."""
    name = "tells-its-name"
    async with buses(f"{server.url}/0?client_name={name}", 2) as (here, there), there.subscribe("shop"):
        for round_ in range(5):
            await until(lambda: there.lives.listening.is_set() and there.lives.heard is not None)
            there.lives.listening.clear()
            assert there.lives.heard is not None
            await there.lives.heard.connection.disconnect(nowait=True)  # as redis-py does when a send fails
            async with there.subscribe(f"shop{round_}") as reader:
                assert await soon(reader) is None
                await here.publish(typing("ana", app=f"shop{round_}"))
                while (got := await soon(reader)) is None:
                    pass
                assert got.app_id == f"shop{round_}"
    for _ in range(1500):  # the server notices the end of a connection later
        if name not in str(await server.ask("CLIENT", "LIST")):
            break
        await asyncio.sleep(0.01)
    else:
        raise AssertionError("a connection was left")


async def test_a_process_that_could_not_publish_tells_the_others_of_the_gap(server: Server) -> None:
    async with (
        buses(server.url, 2) as (cut_off, there),
        there.subscribe("shop") as reader,
        there.subscribe("bank") as bank,
    ):
        cut_off.link.lost(ConnectionError("the switch was changed"))
        async with cut_off.subscribe("shop") as own:
            await cut_off.publish(typing("lost"))
            assert await soon(own) in (typing("lost"), None)
        assert await soon(reader) is None
        await there.publish(typing("ana", app="bank"))
        assert await soon(bank) == typing("ana", app="bank"), "whose updates were not lost is told nothing"


async def test_whoever_starts_tells_all_readers_to_look(server: Server) -> None:
    """In place of one that was killed with something it had not told yet."""
    async with (
        buses(server.url, 1) as (there,),
        there.subscribe("shop") as reader,
        there.subscribe("bank", "c9") as other,
        buses(server.url, 1),
    ):
        assert await soon(reader) is None
        assert await soon(other) is None


async def test_a_stalled_connection_is_noticed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.adapters.redisbus.live.QUIET", 0.1)
    async with buses(server.url, 2, timeout=0.3) as (here, there), there.subscribe("shop") as reader:
        assert there.lives.heard is not None
        heard = there.lives.heard

        async def deaf(*_: object) -> None:
            """Its pings go nowhere."""

        monkeypatch.setattr(heard, "ping", deaf)
        assert await soon(reader) is None
        await there.lives.listening.wait()
        await here.publish(typing("ana"))
        while (got := await soon(reader)) is None:
            pass
        assert got == typing("ana")


async def test_readers_are_told_of_a_gap_one_after_the_other(server: Server) -> None:
    """Ten thousand of them don't ask the store in the same instant; whoever gets an update first is told at once."""
    async with buses(server.url, 1) as (bus,), AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(bus.subscribe("shop", f"c{number}")) for number in range(200)]
        rung = [asyncio.create_task(soon(reader)) for reader in readers]
        await asyncio.sleep(0)
        bus.lives.gap(bus.lives.readers())
        for _ in range(3):
            await asyncio.sleep(0)
        assert 1 <= sum(task.done() for task in rung) < 50
        assert set(await asyncio.gather(*rung)) == {None}


async def test_who_reads_what_is_nobody_s_conversation_is_not_sent_what_customers_say(server: Server) -> None:
    """As every process does, also those that serve nobody."""
    changed = RosterChanged(app_id="shop")
    async with (
        buses(server.url, 3) as (here, worker, desk),
        worker.subscribe("shop", changed.conversation_id) as roster,
        desk.subscribe("shop") as everything,
        desk.subscribe("shop", changed.conversation_id) as besides,
        here.subscribe("bank", changed.conversation_id) as other,
    ):
        for number in range(10):
            await here.publish(typing(str(number)))
            await here.line.settled()
        assert await server.ask("PUBSUB", "SHARDNUMSUB", here.link.keys.live_of("shop")) == [
            *(here.link.keys.live_of("shop").encode(), 1)
        ]
        await here.publish(changed)
        assert [await soon(everything) for _ in range(11)] == [*(typing(str(number)) for number in range(10)), changed]
        assert (await soon(roster), await soon(besides)) == (changed, changed)
        await here.publish(RosterChanged(app_id="bank"))
        assert await soon(other) == RosterChanged(app_id="bank"), "and once each"
        await here.publish(changed)
        assert (await soon(everything), await soon(roster), await soon(besides)) == (changed, changed, changed)


async def test_what_concerns_the_whole_app_is_told_once(server: Server) -> None:
    async with buses(server.url, 2) as (here, there), there.subscribe("shop") as reader:
        ended = SignedOut(app_id="shop", agent_id="ana", digest="d")
        await here.publish(ended)
        await here.publish(typing("ana"))
        assert [await soon(reader), await soon(reader)] == [ended, typing("ana")]


async def test_of_a_gap_who_reads_what_is_aside_is_told_when_that_was_missed(server: Server) -> None:
    changed = RosterChanged(app_id="shop")
    async with buses(server.url, 2) as (cut_off, there), there.subscribe("shop", changed.conversation_id) as roster:
        cut_off.link.lost(ConnectionError("the switch was changed"))
        await cut_off.publish(typing("lost"))
        await cut_off.publish(changed)
        assert await soon(roster) is None
