"""Limits, paces and one-use keys of several processes, counted by Redis' own clock."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from orchestrator.adapters.redisbus import RedisBus
from tests.support.buses import buses
from tests.support.redis import Server, age, shared

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def server() -> Server:
    return await shared()


@pytest.fixture
async def two(server: Server) -> AsyncIterator[list[RedisBus]]:
    async with buses(server.url, 2) as made:
        yield made


async def test_processes_share_a_limit(two: list[RedisBus]) -> None:
    waits = await asyncio.gather(*(bus.take("key", limit=10, per=MINUTE) for _ in range(10) for bus in two))
    assert sum(wait == 0.0 for wait in waits) == 10


async def test_nothing_is_lost_to_rounding(server: Server, two: list[RedisBus]) -> None:
    """Each use weighs 5.5 ms, and Redis' expiry counts whole ones."""
    takes = [two[0].take("key", limit=2000, per=timedelta(seconds=11)) for _ in range(200)]
    async with server.client() as client:
        began = await client.time()
        assert set(await asyncio.gather(*takes)) == {0.0}
        left, ended = await client.pttl(two[0].link.keys.rate("key")), await client.time()
    elapsed = (ended[0] - began[0]) * 1000 + (ended[1] - began[1]) / 1000
    assert left <= 1100 + 1
    assert left + elapsed >= 1100 - 1


async def test_a_pace_lets_a_burst_through_and_then_one_at_a_time(server: Server, two: list[RedisBus]) -> None:
    one, other = two
    assert [await bus.pace("sms", rate=10, burst=4) for bus in (one, other, one, other)] == [0.0] * 4
    wait = await other.pace("sms", rate=10, burst=4)
    assert 0 < wait <= 0.1
    async with server.client() as client:
        await age(client, wait)
    assert await one.pace("sms", rate=10, burst=4) == 0.0


async def test_a_hold_is_everybody_s_and_is_never_shortened(server: Server, two: list[RedisBus]) -> None:
    one, other = two
    await one.hold("sms", 60)
    await other.hold("sms", 5)
    assert 59 < await other.pace("sms", rate=10, burst=4) <= 60
    assert await other.pace("mail", rate=10, burst=4) == 0.0
    async with server.client() as client:
        await age(client, 60)
    assert [await one.pace("sms", rate=10, burst=4) for _ in range(4)] == [0.0] * 4, "waiting cost nothing"


async def test_a_token_is_good_once_anywhere(server: Server, two: list[RedisBus]) -> None:
    used = await asyncio.gather(*(bus.once("token", MINUTE) for _ in range(5) for bus in two))
    assert sum(used) == 1
    assert not await two[1].once("token", MINUTE)


async def test_nothing_that_people_typed_is_in_a_key(server: Server, two: list[RedisBus]) -> None:
    bus = two[0]
    number = "+34 600 000 000 {tag}"
    await bus.take(f"hook:sms:{number}", limit=1, per=MINUTE)
    await bus.pace(number * 1000, rate=1, burst=1)
    await bus.hold(number, 5)
    await bus.once(number, MINUTE)
    async with server.client() as client:
        keys = [key.decode() for key in await client.keys("*")]
    assert not any("600" in key or len(key) > 100 for key in keys)
    assert all(key.startswith("parley:") for key in keys)


async def test_keys_expire_by_themselves(server: Server, two: list[RedisBus]) -> None:
    bus = two[0]
    await bus.take("key", limit=1, per=MINUTE)
    await bus.pace("key", rate=1, burst=1)
    await bus.hold("key", 5)
    await bus.once("key", MINUTE)
    await bus.present("shop", "ana", [], 30)
    async with server.client() as client:
        await age(client, 60)
        assert [key for key in await client.keys("*") if b"{wake}" not in key] == []


async def test_a_limit_that_is_not_strict_is_asked_for_when_half_of_it_is_used(server: Server) -> None:
    async with buses(server.url, 1) as (bus,):
        takes = 0
        for used in range(10):
            assert await bus.take("key", limit=10, per=MINUTE, strict=False) == 0.0
            takes += bool(bus.limits.untold)
            await bus.line.settled()
            assert await level(server, bus, "key") == pytest.approx(6 * (used + 1), abs=1), "counted by Redis too"
        assert takes == 5
        assert 0 < await bus.take("key", limit=10, per=MINUTE, strict=False) <= 6
        assert 0 < await bus.take("key", limit=10, per=MINUTE) <= 6


async def test_what_is_told_late_is_told_by_itself(server: Server) -> None:
    async with buses(server.url, 1) as (bus,):
        assert await bus.take("key", limit=10, per=MINUTE, strict=False) == 0.0
        await server.says("1", "EXISTS", bus.link.keys.rate("key"))


async def test_at_the_same_time_each_process_gives_one_use_at_most_before_it_asks(server: Server) -> None:
    async with buses(server.url, 3) as made:
        for _ in range(9):
            await made[0].take("key", limit=10, per=MINUTE)
        waits = await asyncio.gather(
            *(bus.take("key", limit=10, per=MINUTE, strict=False) for _ in range(20) for bus in made)
        )
        assert 1 <= sum(wait == 0.0 for wait in waits) <= 3
        for bus in made:
            await bus.line.settled()
            assert await bus.take("key", limit=10, per=MINUTE, strict=False) > 0
        # What was given too much is paid for by who comes next.
        assert await level(server, made[0], "key") == pytest.approx(
            60 + 6 * (sum(wait == 0.0 for wait in waits) - 1), abs=1
        )


async def test_who_was_refused_is_not_let_in_because_this_process_forgot(server: Server) -> None:
    async with buses(server.url, 2) as (here, there):
        for _ in range(10):
            await there.take("key", limit=10, per=MINUTE)
        assert await here.take("key", limit=10, per=MINUTE, strict=False) == 0.0, "nobody told it"
        await here.line.settled()
        assert [await here.take("key", limit=10, per=MINUTE, strict=False) > 0 for _ in range(20)] == [True] * 20
        assert await here.take("other", limit=10, per=MINUTE, strict=False) == 0.0


async def test_a_limit_of_one_is_always_strict(two: list[RedisBus]) -> None:
    waits = await asyncio.gather(*(bus.take("key", limit=1, per=MINUTE, strict=False) for bus in two for _ in range(5)))
    assert sum(wait == 0.0 for wait in waits) == 1


async def level(server: Server, bus: RedisBus, key: str) -> float:
    """Seconds until the bucket is full again."""
    async with server.client() as client:
        return float(await client.pttl(bus.link.keys.rate(key))) / 1000
