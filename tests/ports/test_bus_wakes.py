"""Which conversation a Bus wakes for whom, over each adapter."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from orchestrator.ports import Bus
from tests.support.bus_rigs import ADAPTERS, Rig
from tests.support.loop import next_tick


@pytest.fixture(params=ADAPTERS)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with ADAPTERS[request.param]() as made:
        yield made


@pytest.fixture
def bus(rig: Rig) -> Bus:
    return rig.bus


async def test_first_woken_is_first_claimed(bus: Bus) -> None:
    for conversation in ("a", "b", "c"):
        await bus.wake(conversation)
    assert [await bus.claim() for _ in range(3)] == ["a", "b", "c"]


async def test_many_wakes_are_one_claim(bus: Bus) -> None:
    for _ in range(10):
        await bus.wake("a")
    await bus.wake("b")
    assert [await bus.claim(), await bus.claim()] == ["a", "b"]


async def test_claimed_is_nobody_elses_until_released(bus: Bus) -> None:
    await bus.wake("a")
    assert await bus.claim() == "a"
    await bus.wake("a")
    await bus.wake("b")
    assert await bus.claim() == "b"
    await bus.release("a")
    assert await bus.claim() == "a"


async def test_woken_while_running_many_times_is_claimable_once_more(bus: Bus) -> None:
    await bus.wake("a")
    await bus.claim()
    for _ in range(5):
        await bus.wake("a")
    await bus.release("a")
    await bus.wake("z")
    assert [await bus.claim(), await bus.claim()] == ["a", "z"]


async def test_released_without_news_sleeps(bus: Bus) -> None:
    await bus.wake("a")
    await bus.claim()
    await bus.release("a")
    await bus.wake("b")
    assert await bus.claim() == "b"


async def test_busy_conversation_queues_behind_the_others(bus: Bus) -> None:
    await bus.wake("busy")
    await bus.claim()
    await bus.wake("busy")
    await bus.wake("patient")
    await bus.release("busy")
    assert [await bus.claim(), await bus.claim()] == ["patient", "busy"]


async def test_releasing_what_nobody_claimed_changes_nothing(bus: Bus) -> None:
    await bus.wake("a")
    await bus.release("a")
    await bus.release("unheard of")
    await bus.wake("b")
    assert [await bus.claim(), await bus.claim()] == ["a", "b"]


async def test_claim_waits_for_a_wake(bus: Bus) -> None:
    claim = asyncio.create_task(bus.claim())
    await next_tick()
    assert not claim.done()
    await bus.wake("a")
    async with asyncio.timeout(15):
        assert await claim == "a"


async def test_cancelled_claim_loses_nothing(bus: Bus) -> None:
    first, second = asyncio.create_task(bus.claim()), asyncio.create_task(bus.claim())
    await next_tick()
    await bus.wake("a")
    first.cancel()  # woken already, but not yet running
    async with asyncio.timeout(15):
        done = await asyncio.gather(first, second, return_exceptions=True)
    assert sorted(map(type, done), key=repr) == sorted([asyncio.CancelledError, str], key=repr)
    assert done[1] == "a"


async def test_cancelled_waiting_claims_leave_the_queue_in_order(bus: Bus) -> None:
    claims = [asyncio.create_task(bus.claim()) for _ in range(20)]
    await next_tick()
    for claim in claims:
        claim.cancel()
    await asyncio.gather(*claims, return_exceptions=True)
    await bus.wake("a")
    await bus.wake("b")
    async with asyncio.timeout(15):
        assert [await bus.claim(), await bus.claim()] == ["a", "b"]


async def test_no_conversation_runs_twice_at_once_and_every_wake_is_seen(bus: Bus) -> None:
    said = {f"c{number}": 0 for number in range(7)}
    answered = dict.fromkeys(said, 0)
    running: set[str] = set()

    async def worker() -> None:
        while True:
            conversation = await bus.claim()
            assert conversation not in running
            running.add(conversation)
            answered[conversation] = said[conversation]
            await next_tick()
            running.discard(conversation)
            await bus.release(conversation)
            if answered == said == dict.fromkeys(said, 50):
                finished.set()

    finished = asyncio.Event()
    workers = [asyncio.create_task(worker()) for _ in range(5)]
    for _ in range(50):
        for conversation in said:
            said[conversation] += 1
            await bus.wake(conversation)
        await next_tick()
    async with asyncio.timeout(10):
        await finished.wait()
    for task in workers:
        task.cancel()
    results = await asyncio.gather(*workers, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)


async def test_an_app_s_burst_holds_up_nobody_else_s(bus: Bus) -> None:
    for number in range(1000):
        await bus.wake(f"loud{number}", "loud")
    for number in range(5):
        await bus.wake(f"quiet{number}", "quiet")
    claimed = []
    async with asyncio.timeout(10):
        while sum(name.startswith("quiet") for name in claimed) < 5:
            claimed.append(await bus.claim())
            await bus.release(claimed[-1])
    assert len(claimed) < 150
    assert [name for name in claimed if name.startswith("loud")] == [
        f"loud{number}" for number in range(len(claimed) - 5)
    ]


async def test_room_for_many_brings_each_once_and_in_order(bus: Bus) -> None:
    for number in range(300):
        await bus.wake(f"c{number}", "shop")
    async with asyncio.timeout(10):
        assert [await bus.claim(300 - number) for number in range(300)] == [f"c{number}" for number in range(300)]


async def test_woken_without_its_app_it_stays_the_app_s(bus: Bus) -> None:
    """As the sweep does, which knows conversations only."""
    await bus.wake("a", "shop")
    await bus.wake("a")
    assert await bus.claim() == "a"
    await bus.wake("a")
    await bus.release("a")
    assert await bus.claim() == "a"


def test_all_is_well(bus: Bus) -> None:
    assert bus.trouble() == ""
