"""What every Bus does, run over each adapter: add yours to ADAPTERS."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest

from orchestrator.adapters.localbus import LocalBus
from orchestrator.adapters.redisbus import RedisBus
from orchestrator.ports import Bus, Subscription
from orchestrator.types import Live, TypingChanged
from tests.support.clock import ManualClock
from tests.support.loop import next_tick
from tests.support.redis import age, deployment, shared

BACKLOG = 4
MINUTE = timedelta(minutes=1)


@dataclass
class Rig:
    """`bus` keeps BACKLOG live updates for a slow reader; `advance` lets that many seconds pass for it."""

    bus: Bus
    advance: Callable[[float], Awaitable[None]]


@asynccontextmanager
async def local() -> AsyncIterator[Rig]:
    clock = ManualClock()
    bus = LocalBus(clock, backlog=BACKLOG)

    async def advance(seconds: float) -> None:
        clock.advance(seconds)

    await bus.open()
    yield Rig(bus, advance)
    await bus.close()


@asynccontextmanager
async def redis() -> AsyncIterator[Rig]:
    server, clock = await shared(), ManualClock()
    bus = RedisBus(server.url, clock, deployment=deployment, backlog=BACKLOG, block=0.05)
    async with server.client() as client:

        async def advance(seconds: float) -> None:
            clock.advance(seconds)
            await age(client, seconds)

        await bus.open()
        try:
            yield Rig(bus, advance)
        finally:
            await bus.close()


ADAPTERS: dict[str, Callable[[], AbstractAsyncContextManager[Rig]]] = {"local": local, "redis": redis}


@pytest.fixture(params=ADAPTERS)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with ADAPTERS[request.param]() as made:
        yield made


@pytest.fixture
def bus(rig: Rig) -> Bus:
    return rig.bus


def typing(author: str, conversation: str = "c1", app: str = "shop") -> Live:
    return TypingChanged(app_id=app, conversation_id=conversation, role="agent", author=author, on=True)


async def soon(subscription: Subscription) -> Live | None:
    async with asyncio.timeout(15):
        return await anext(aiter(subscription))


async def authors(subscription: Subscription, count: int) -> list[str | None]:
    events = [await soon(subscription) for _ in range(count)]
    return [event.author if isinstance(event, TypingChanged) else None for event in events]


# Wake-ups


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


# Live updates


async def test_subscribers_of_app_and_conversation_hear_it_and_others_do_not(bus: Bus) -> None:
    async with (
        bus.subscribe("shop") as app,
        bus.subscribe("shop", "c1") as one,
        bus.subscribe("shop", "c2") as two,
        bus.subscribe("bank") as stranger,
    ):
        await bus.publish(typing("ana"))
        await bus.publish(typing("bo", "c2"))
        await bus.publish(typing("cy", app="bank"))
        assert await authors(app, 2) == ["ana", "bo"]
        assert await authors(one, 1) == ["ana"]
        assert await authors(two, 1) == ["bo"]
        assert await authors(stranger, 1) == ["cy"]


async def test_the_same_conversation_id_in_another_app_stays_there(bus: Bus) -> None:
    async with bus.subscribe("shop", "c1") as here, bus.subscribe("bank", "c1") as there:
        await bus.publish(typing("ana", app="bank"))
        await bus.publish(typing("bo"))
        assert await authors(there, 1) == ["ana"]
        assert await authors(here, 1) == ["bo"]


async def test_subscribed_once_the_context_is_entered(bus: Bus) -> None:
    await bus.publish(typing("early"))
    async with bus.subscribe("shop") as subscription:
        await bus.publish(typing("late"))
        assert await authors(subscription, 1) == ["late"]


async def test_reader_waits_for_news(bus: Bus) -> None:
    async with bus.subscribe("shop") as subscription:
        reading = asyncio.create_task(soon(subscription))
        await next_tick()
        await bus.publish(typing("ana"))
        assert await reading == typing("ana")


async def test_slow_reader_gets_one_none_then_the_newest(bus: Bus) -> None:
    async with bus.subscribe("shop") as slow, bus.subscribe("shop") as quick:
        heard = []
        for number in range(10 * BACKLOG):
            await bus.publish(typing(str(number)))
            heard += await authors(quick, 1)
        await bus.publish(typing("last"))
        assert heard == [str(number) for number in range(10 * BACKLOG)]
        got: list[str | None] = []
        while not got or got[-1] != "last":
            got += await authors(slow, 1)
    assert got.count(None) == 1
    assert len(got) <= BACKLOG + 1
    after = [int(author) for author in got[got.index(None) + 1 : -1] if author is not None]
    assert after == list(range(10 * BACKLOG - len(after), 10 * BACKLOG)), "nothing may be missing after the None"


async def test_slow_reader_recovers(bus: Bus) -> None:
    async with bus.subscribe("shop") as slow:
        for number in range(3 * BACKLOG):
            await bus.publish(typing(str(number)))
        while (await authors(slow, 1))[0] != str(3 * BACKLOG - 1):
            pass
        await bus.publish(typing("ana"))
        assert await authors(slow, 1) == ["ana"]


async def test_cancelled_reader_misses_nothing(bus: Bus) -> None:
    async with bus.subscribe("shop") as subscription:
        reading = asyncio.create_task(soon(subscription))
        await next_tick()
        await bus.publish(typing("ana"))
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        assert await authors(subscription, 1) == ["ana"]


async def test_leaving_ends_the_loop(bus: Bus) -> None:
    async with bus.subscribe("shop") as subscription:
        reading = asyncio.create_task(anext(aiter(subscription), "ended"))
        await next_tick()
    async with asyncio.timeout(15):
        assert await reading == "ended"


async def test_closing_the_bus_ends_every_subscription_after_what_is_left(bus: Bus) -> None:
    async with bus.subscribe("shop") as subscription:
        await bus.publish(typing("ana"))
        await bus.close()
        async with asyncio.timeout(15):
            assert [event async for event in subscription] == [typing("ana")]


async def test_publishing_to_nobody_is_fine(bus: Bus) -> None:
    async with bus.subscribe("shop"):
        pass
    await bus.publish(typing("ana"))


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
    passed = 0
    for _ in range(10 * 60):
        await rig.advance(1)
        passed += await rig.bus.take("key", limit=6, per=MINUTE) == 0.0
    assert 60 <= passed <= 66


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
