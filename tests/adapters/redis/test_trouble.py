"""Redis down, slow, restarted, demoted, full: nothing raises, the log says it once, and it comes back by itself."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from orchestrator.adapters.redisbus import RedisBus
from orchestrator.adapters.redisbus.call import Call
from orchestrator.adapters.redisbus.link import LONGEST_PAUSE, STEADY, ended
from orchestrator.errors import Unavailable
from tests.support.buses import bus_on, buses, typing
from tests.support.logbook import Logbook, logbook
from tests.support.loop import next_tick
from tests.support.process import until
from tests.support.redis import Server, server

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def own() -> AsyncIterator[Server]:
    async with server() as made:
        yield made


@pytest.fixture
async def bus(own: Server) -> AsyncIterator[RedisBus]:
    async with buses(own.url, 1, timeout=0.3) as (made,):
        yield made


async def soon(bus: RedisBus) -> str:
    async with asyncio.timeout(15):
        return await bus.claim()


async def back(*those: RedisBus) -> None:
    async with asyncio.timeout(20):
        for bus in those:
            await bus.link.up.wait()


async def noticed(bus: RedisBus) -> None:
    async with asyncio.timeout(15):
        await bus.link.gone.wait()


async def everything(bus: RedisBus) -> None:
    """Whatever a turn may ask of a bus. It answers, and raises nothing."""
    async with asyncio.timeout(15):
        await bus.wake("a", "shop")
        assert await bus.claim() == "a"
        await bus.wake("a", "shop")
        await next_tick()
        await bus.release("a")
        assert await bus.claim() == "a"
        await bus.release("a")
        async with bus.subscribe("shop", "c1") as reader:
            await bus.publish(typing("ana"))
            while await anext(aiter(reader)) is None:
                pass
        assert [await bus.take("key", limit=2, per=MINUTE) for _ in range(3)][2] > 0
        assert [await bus.pace("key", rate=1, burst=1) for _ in range(2)][1] > 0
        await bus.hold("held", 30)
        assert await bus.pace("held", rate=1, burst=1) > 29
        assert [await bus.once("token", MINUTE) for _ in range(2)] == [True, False]
        await bus.present("shop", "ana", ["sales"], 30)
        assert dict(await bus.presences("shop")) == {"ana": ("sales",)}
        assert await bus.cache().get_many(["hello"]) == [None]


def told(log: Logbook, line: str) -> int:
    return sum(one["event"].startswith(line) for one in log.lines)


async def test_all_of_it_works_with_redis(bus: RedisBus) -> None:
    """What the next tests ask while it is away."""
    await everything(bus)


async def test_without_redis_a_process_works_for_itself_and_says_so_once(own: Server, bus: RedisBus) -> None:
    with logbook() as log:
        working = asyncio.create_task(soon(bus))
        await next_tick()
        own.kill()
        await bus.wake("first", "shop")
        assert await working == "first"
        await noticed(bus)
        await everything(bus)
        await everything_again(bus)
        assert told(log, "Redis is lost") == 1
        assert "Redis" in bus.trouble()
        assert "lost" in bus.trouble()


async def everything_again(bus: RedisBus) -> None:
    for number in range(20):
        await bus.wake(f"c{number}", "shop")
    assert {await soon(bus) for _ in range(20)} == {f"c{number}" for number in range(20)}


async def test_a_restarted_redis_is_used_again(own: Server, bus: RedisBus) -> None:
    with logbook() as log:
        own.kill()
        await noticed(bus)
        await own.start()
        await back(bus)
        await everything(bus)
        assert bus.trouble() == ""
        assert (told(log, "Redis is lost"), told(log, "Redis is back")) == (1, 1)
        assert await own.ask("EXISTS", "parley:{wake}:deployment") == 1


async def test_a_redis_that_answers_nothing_costs_one_time_out_and_not_one_a_call(own: Server, bus: RedisBus) -> None:
    loop = asyncio.get_running_loop()
    with logbook() as log:
        own.freeze()
        began = loop.time()
        await bus.take("key", limit=1, per=MINUTE)
        for _ in range(50):
            await bus.take("key", limit=1, per=MINUTE)
            await bus.presences("shop")
        assert loop.time() - began < 2, "two time-outs of 0.3 s at most"
        await noticed(bus)
        own.thaw()
        await back(bus)
        assert told(log, "Redis is lost") == 1
        assert await bus.take("fresh", limit=1, per=MINUTE) == 0.0


async def test_wakes_and_updates_never_wait_for_redis(own: Server, bus: RedisBus) -> None:
    loop = asyncio.get_running_loop()
    own.freeze()
    began = loop.time()
    for number in range(100):
        await bus.wake(f"c{number}", "shop")
        await bus.publish(typing("ana"))
        await bus.release(f"c{number}")
    assert loop.time() - began < 0.2
    own.thaw()


async def test_wakes_sent_into_the_void_are_worked_on_here(own: Server, bus: RedisBus) -> None:
    """They were on their way when Redis went."""
    claim = asyncio.create_task(soon(bus))
    await next_tick()
    own.freeze()
    await bus.wake("a", "shop")
    assert await claim == "a"
    own.thaw()


async def test_readers_are_told_when_redis_is_back(own: Server) -> None:
    async with buses(own.url, 2) as (here, there), there.subscribe("shop") as reader:
        own.kill()
        await noticed(there)
        await noticed(here)
        await here.publish(typing("lost"))
        await own.start()
        await back(here, there)
        async with asyncio.timeout(15):
            assert await anext(aiter(reader)) is None
            await there.lives.listening.wait()
            await here.publish(typing("ana"))
            while await anext(aiter(reader)) != typing("ana"):
                pass


async def test_while_it_is_away_readers_are_told_to_look_for_themselves(
    own: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.adapters.redisbus.live.BLIND", 0.05)
    async with buses(own.url, 1) as (bus,), bus.subscribe("shop") as reader:
        own.kill()
        async with asyncio.timeout(15):
            assert [await anext(aiter(reader)) for _ in range(3)] == [None] * 3


async def test_presence_is_what_was_known_and_is_said_again_afterwards(own: Server) -> None:
    async with buses(own.url, 2) as (desk, worker):
        await desk.present("shop", "ana", ["sales"], 60)
        assert dict(await worker.presences("shop")) == {"ana": ("sales",)}
        own.kill()
        await noticed(worker)
        assert dict(await worker.presences("shop")) == {"ana": ("sales",)}
        await own.start()
        await back(desk, worker)
        await desk.line.settled()
        worker.presence.until.clear()
        assert dict(await worker.presences("shop")) == {"ana": ("sales",)}


async def test_a_demoted_redis_is_left_alone_until_it_may_be_written_again(own: Server, bus: RedisBus) -> None:
    """As in a failover: the address answers, and takes no writes."""
    with logbook() as log:
        await own.ask("REPLICAOF", "127.0.0.1", "1")
        await bus.wake("a", "shop")
        await noticed(bus)
        await until(lambda: "replica" in bus.trouble())
        await own.ask("REPLICAOF", "NO", "ONE")
        await back(bus)
        assert told(log, "Redis is lost") == 1
        await bus.wake("b", "shop")
        assert await soon(bus) in ("a", "b")


async def test_a_full_redis_is_worked_without(own: Server, bus: RedisBus) -> None:
    await own.ask("CONFIG", "SET", "maxmemory", "1")
    claim = asyncio.create_task(soon(bus))
    await next_tick()
    await bus.wake("a", "shop")
    assert await claim == "a"
    assert await bus.take("key", limit=1, per=MINUTE) == 0.0
    await own.ask("CONFIG", "SET", "maxmemory", "0")
    await back(bus)


async def test_scripts_that_were_forgotten_are_sent_again(own: Server, bus: RedisBus) -> None:
    await bus.wake("a", "shop")
    assert await soon(bus) == "a"
    await own.ask("SCRIPT", "FLUSH")
    await bus.wake("b", "shop")
    assert await soon(bus) == "b"
    assert bus.trouble() == ""


async def test_processes_come_back_at_different_times(own: Server) -> None:
    async with buses(own.url, 1) as (bus,):
        pauses = [bus.link.backed_off() for _ in range(50)]
        assert max(pauses) <= LONGEST_PAUSE
        assert len(set(pauses)) == 50
        assert bus.link.pause == LONGEST_PAUSE
        bus.link.since -= STEADY + 1
        bus.link.lost(ConnectionError("gone"))
        assert bus.link.pause < LONGEST_PAUSE, "after a good while it begins anew"
        await back(bus)


async def test_closing_without_redis_takes_no_time(own: Server) -> None:
    async with buses(own.url, 1) as (bus,):
        waiting = asyncio.create_task(bus.claim())
        await next_tick()
        own.kill()
        await noticed(bus)
        waiting.cancel()
        async with asyncio.timeout(10):
            await bus.close()


async def test_cached_texts_are_shared_and_kept_here_while_it_is_away(own: Server) -> None:
    async with buses(own.url, 2) as (one, two):
        mine, theirs = one.cache(), two.cache()
        await mine.set_many({"k1": "hola", "k2": "x" * 100_000})
        await one.line.settled()
        assert await theirs.get_many(["k1", "k2", "k3"]) == ["hola", None, None], "long texts stay where they are"
        assert 0 < int(str(await own.ask("TTL", one.link.keys.cached("k1")))) <= 7 * 24 * 3600
        own.kill()
        await noticed(two)
        assert await theirs.get_many(["k1", "k3"]) == ["hola", None]


async def test_the_database_need_not_be_there_when_redis_comes_back(own: Server) -> None:
    asked = 0

    async def once() -> str:
        nonlocal asked
        asked += 1
        if asked > 1:
            raise Unavailable("the database is away")
        return "the-tests"

    bus = bus_on(own.url, once, lease=1.0)
    await bus.open()
    own.kill()
    await noticed(bus)
    await own.start()
    await back(bus)
    await bus.wakes.sign()
    await bus.close()


async def test_what_nobody_foresaw_ends_no_loop(own: Server, bus: RedisBus) -> None:
    with logbook() as log:
        bus.line.calls.append(Call((object(),), lambda _: None))  # type: ignore[arg-type]
        bus.line.ring()
        await noticed(bus)
        assert "Traceback" in log.text or "exception" in log.text
        await back(bus)
        assert await bus.take("key", limit=1, per=MINUTE) == 0.0


async def test_closing_ends_what_keeps_a_cancellation_to_itself() -> None:
    """As a connection of redis-py may that is being closed at that moment."""
    kept = asyncio.Event()

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            kept.set()
        await asyncio.Event().wait()

    async def broken() -> None:
        raise ConnectionError("gone")

    tasks = [asyncio.create_task(stubborn()), asyncio.create_task(broken())]
    await next_tick()
    async with asyncio.timeout(5):
        await ended(*tasks)
        await ended()
    assert kept.is_set()
    assert all(task.done() for task in tasks)
