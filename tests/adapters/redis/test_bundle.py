"""What a process tells Redis at one moment goes as one command, and in order."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from orchestrator.adapters.redisbus import RedisBus
from orchestrator.adapters.redisbus.bundle import LARGEST, Bundle
from orchestrator.adapters.redisbus.keys import Keys
from tests.support.buses import buses, typing
from tests.support.redis import Server, shared

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def server() -> Server:
    return await shared()


@pytest.fixture
async def two(server: Server) -> AsyncIterator[list[RedisBus]]:
    """With the longest lease, so that nothing else is said meanwhile."""
    async with buses(server.url, 2, lease=600, block=5.0, timeout=10.0) as made:
        yield made


async def turn(web: RedisBus, worker: RedisBus, conversation: str) -> None:
    """As the engine goes about it: accept, claim, answer."""
    assert await web.take(f"hook:{conversation}", limit=30, per=MINUTE, strict=False) == 0.0
    await web.publish(typing("said", conversation))
    await web.wake(conversation, "shop")
    assert await worker.claim() == conversation
    waits = asyncio.create_task(worker.pace("sms", rate=1000, burst=1000))
    await worker.publish(typing("answered", conversation))
    await worker.publish(typing("changed", conversation))
    await worker.release(conversation)
    assert await waits == 0.0
    await worker.line.settled()


async def sent(server: Server) -> dict[str, int]:
    """Commands, also those that scripts ran, since they were last counted anew."""
    async with server.client() as client:
        stats = await client.info("commandstats")
        await client.config_resetstat()
    return {name.removeprefix("cmdstat_"): one["calls"] for name, one in stats.items()}


async def test_a_lone_turn_takes_three_commands(server: Server, two: list[RedisBus]) -> None:
    web, worker = two
    await turn(web, worker, "warm up")
    await sent(server)
    for number in range(10):
        await turn(web, worker, f"c{number}")
    commands = await sent(server)
    assert commands["evalsha"] == 20
    # One waits for each next turn besides; the last one's is not over.
    assert 10 <= commands["xreadgroup"] <= 11
    assert commands["spublish"] == 20, "two updates of one app at one moment are one message"
    outside = {"eval", "evalsha", "xreadgroup", "subscribe", "publish", "script|load", "multi", "exec"}
    assert outside & set(commands) == {"evalsha", "xreadgroup"}


async def test_turns_at_one_moment_share_the_command(server: Server, two: list[RedisBus]) -> None:
    web, worker = two
    await turn(web, worker, "warm up")
    await sent(server)
    for number in range(50):
        await web.take(f"hook:{number}", limit=30, per=MINUTE, strict=False)
        await web.publish(typing("said", f"c{number}", app=f"app{number % 3}"))
        await web.wake(f"c{number}", f"app{number % 3}")
    waits = await asyncio.gather(*(web.take(f"other:{number}", limit=1, per=MINUTE) for number in range(50)))
    assert waits == [0.0] * 50
    assert (await sent(server))["evalsha"] == 1


async def test_one_update_alone_needs_no_script(server: Server, two: list[RedisBus]) -> None:
    web, worker = two
    await sent(server)
    async with worker.subscribe("shop") as reader:
        await web.publish(typing("ana"))
        async with asyncio.timeout(15):
            assert await anext(aiter(reader)) == typing("ana")
    commands = await sent(server)
    assert (commands["spublish"], "evalsha" in commands, "eval" in commands) == (1, False, False)


async def test_each_use_gets_its_own_answer(two: list[RedisBus]) -> None:
    bus = two[0]
    await bus.hold("held", 60)
    asked = (
        bus.take("one", limit=1, per=MINUTE),
        bus.pace("held", rate=10, burst=4),
        bus.take("one", limit=1, per=MINUTE),
        bus.pace("free", rate=1, burst=1),
        bus.pace("free", rate=1, burst=1),
        bus.take("two", limit=1, per=MINUTE, strict=False),
    )
    one, held, again, free, next_one, two_ = await asyncio.gather(*asked)
    assert (one, free, two_) == (0.0, 0.0, 0.0)
    assert 59 < held <= 60
    assert 59 < again <= 60
    assert 0 < next_one <= 1


async def test_order_is_kept_when_more_is_published_than_one_command_holds(two: list[RedisBus]) -> None:
    here, there = two
    authors = [f"{number:02}" + "x" * 100_000 for number in range(30)]
    async with there.subscribe("shop", "c1") as reader:
        await here.wake("c1", "shop")
        for author in authors:
            await here.publish(typing(author))
        async with asyncio.timeout(15):
            heard = [await anext(aiter(reader)) for _ in authors]
    assert [event.author[:2] for event in heard if event] == [author[:2] for author in authors]  # type: ignore[union-attr]


def test_a_command_holds_so_many_bytes_of_updates_and_what_follows_comes_behind_it() -> None:
    bundle = Bundle(Keys("parley"))
    for number in range(5):
        bundle.updates.append((f"channel{number}", b"x" * (LARGEST // 2), lambda _: None))
    first, *rest = bundle.calls()
    assert first.command[0] == "EVALSHA"
    assert [call.command[1] for call in rest] == ["channel2", "channel3", "channel4"]
