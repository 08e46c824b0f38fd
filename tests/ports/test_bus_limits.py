"""Rates, holds, keys that are good once and who is present, on a Bus, over each adapter."""

import time
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from orchestrator.ports import Bus
from tests.support.bus_rigs import ADAPTERS, Rig

MINUTE = timedelta(minutes=1)


@pytest.fixture(params=ADAPTERS)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with ADAPTERS[request.param]() as made:
        yield made


@pytest.fixture
def bus(rig: Rig) -> Bus:
    return rig.bus


# Rate limits


async def test_limit_uses_pass_and_the_next_is_told_how_long_to_wait(rig: Rig) -> None:
    for limit in (1, 3, 7, 30):
        key = f"key-{limit}"
        assert [await rig.bus.take(key, limit=limit, per=MINUTE) for _ in range(limit)] == [0.0] * limit
        wait = await rig.bus.take(key, limit=limit, per=MINUTE)
        assert 0 < wait <= 60
        await rig.advance(wait)
        assert await rig.bus.take(key, limit=limit, per=MINUTE) == 0.0
        assert await rig.bus.take(key, limit=limit, per=MINUTE) > 0


async def test_refused_uses_do_not_count(rig: Rig) -> None:
    await rig.bus.take("key", limit=1, per=MINUTE)
    waits = [await rig.bus.take("key", limit=1, per=MINUTE) for _ in range(100)]
    assert max(waits) <= 60
    await rig.advance(60)
    assert await rig.bus.take("key", limit=1, per=MINUTE) == 0.0


async def test_over_a_long_time_no_more_than_the_limit_passes(rig: Rig) -> None:
    """Six a minute, and as many at once at the start. What the test itself takes passes for Redis as well."""
    began = time.monotonic()
    passed = 0
    for _ in range(10 * 60):
        await rig.advance(1)
        passed += await rig.bus.take("key", limit=6, per=MINUTE) == 0.0
    assert 60 <= passed <= 66 + (time.monotonic() - began) / 10


async def test_keys_do_not_share(bus: Bus) -> None:
    assert await bus.take("one", limit=1, per=MINUTE) == 0.0
    assert await bus.take("two", limit=1, per=MINUTE) == 0.0


async def test_limit_of_nothing_refuses(bus: Bus) -> None:
    assert await bus.take("key", limit=0, per=MINUTE) == 60.0


# Paces and tokens


async def test_a_pace_lets_a_burst_pass_and_then_so_many_a_second(rig: Rig) -> None:
    assert [await rig.bus.pace("sms", rate=0.1, burst=3) for _ in range(3)] == [0.0] * 3
    wait = await rig.bus.pace("sms", rate=0.1, burst=3)
    assert 9 < wait <= 10
    await rig.advance(wait)
    assert await rig.bus.pace("sms", rate=0.1, burst=3) == 0.0
    assert await rig.bus.pace("sms", rate=0.1, burst=3) > 9
    assert await rig.bus.pace("mail", rate=0.1, burst=1) == 0.0


async def test_what_is_on_hold_waits_and_the_longest_hold_counts(rig: Rig) -> None:
    await rig.bus.hold("sms", 60)
    await rig.bus.hold("sms", 5)
    for _ in range(5):
        assert 59 < await rig.bus.pace("sms", rate=1, burst=2) <= 60
    await rig.advance(60)
    assert [await rig.bus.pace("sms", rate=1, burst=2) for _ in range(2)] == [0.0, 0.0]


async def test_a_hold_is_no_limit_of_another_kind(bus: Bus) -> None:
    await bus.hold("key", 60)
    assert await bus.take("key", limit=1, per=MINUTE) == 0.0
    assert await bus.once("key", MINUTE)


async def test_a_key_is_good_once_until_it_is_forgotten(rig: Rig) -> None:
    assert [await rig.bus.once("token", MINUTE) for _ in range(3)] == [True, False, False]
    assert await rig.bus.once("another", MINUTE)
    await rig.advance(61)
    assert [await rig.bus.once("token", MINUTE) for _ in range(2)] == [True, False]


# Presence


async def test_present_until_the_ttl_runs_out(rig: Rig) -> None:
    await rig.bus.present("shop", "ana", ["support", "sales"], 30)
    await rig.bus.present("shop", "bo", [], 60)
    await rig.bus.present("bank", "cy", [], 60)
    assert {agent: list(teams) for agent, teams in (await rig.bus.presences("shop")).items()} == {
        "ana": ["support", "sales"],
        "bo": [],
    }
    await rig.advance(30)
    assert list(await rig.bus.presences("shop")) == ["bo"]
    assert list(await rig.bus.presences("nobody's")) == []


async def test_presence_is_renewed_and_teams_replaced(rig: Rig) -> None:
    await rig.bus.present("shop", "ana", ["support"], 30)
    await rig.advance(20)
    await rig.bus.present("shop", "ana", ["sales"], 30)
    await rig.advance(20)
    assert list((await rig.bus.presences("shop"))["ana"]) == ["sales"]


async def test_signing_off(bus: Bus) -> None:
    await bus.present("shop", "ana", ["support"], 30)
    await bus.present("shop", "ana", ["support"], 0)
    await bus.present("shop", "never here", [], 0)
    assert list(await bus.presences("shop")) == []
