"""Wake-ups between processes: leases, the dead, fairness, and a Redis that was emptied."""

import asyncio
from collections import Counter

import pytest
from redis.asyncio import Redis

from orchestrator.adapters.redisbus import RedisBus
from orchestrator.adapters.redisbus.script import REAP
from tests.support.buses import bus_on, buses
from tests.support.redis import Server, shared

READY, STATE, APPS = (f"parley:{{wake}}:{name}" for name in ("ready", "state", "apps"))


@pytest.fixture
async def server() -> Server:
    return await shared()


async def soon(bus: RedisBus, room: int = 1) -> str:
    async with asyncio.timeout(15):
        return await bus.claim(room)


async def done(*those: RedisBus) -> None:
    """Redis has heard of everything these were told."""
    for bus in those:
        await bus.line.settled()


async def abandon(bus: RedisBus) -> None:
    """As kill -9 does: nothing is given back or said."""
    for task in (*bus.wakes.tasks, *bus.lives.tasks, bus.line.task, bus.link.tending):
        assert task is not None
        task.cancel()
    await asyncio.gather(*bus.wakes.tasks, *bus.lives.tasks, return_exceptions=True)
    await bus.link.hang_up()


async def left_over(server: Server) -> dict[str, object]:
    """What scheduling keeps in Redis, empty when all is done."""
    async with server.client() as client:
        lanes = [key for key in await client.keys(f"{APPS}*")]
        return {
            "entries": await client.xlen(READY),
            "pending": (await client.xpending(READY, "workers"))["pending"] if await client.exists(READY) else 0,
            "states": await client.hgetall(STATE),
            "lanes": lanes,
        }


NOTHING = {"entries": 0, "pending": 0, "states": {}, "lanes": []}


async def test_each_is_claimed_by_one_process_however_often_it_is_woken(server: Server) -> None:
    async with buses(server.url, 3) as (web, one, two):
        for _ in range(3):
            for number in range(20):
                await web.wake(f"c{number}", "shop")
                await one.wake(f"c{number}", "shop")
        claimed = [await soon(bus) for _ in range(10) for bus in (one, two)]
        assert sorted(claimed) == sorted(f"c{number}" for number in range(20))
        for _ in range(20):
            await web.wake("c0", "shop")
        for conversation in claimed:
            await one.release(conversation)
            await two.release(conversation)
        assert {await soon(one)} == {"c0"}
        await one.release("c0")
        await done(web, one, two)
        assert await left_over(server) == NOTHING


async def test_woken_elsewhere_while_it_runs_it_is_claimable_after_the_release(server: Server) -> None:
    async with buses(server.url, 2) as (web, worker):
        await web.wake("a", "shop")
        assert await soon(worker) == "a"
        await web.wake("a", "shop")
        await done(web)
        again = asyncio.create_task(soon(worker))
        await web.wake("b", "shop")
        assert await again == "b"
        await worker.release("a")
        assert await soon(worker) == "a"


async def test_many_workers_never_run_one_conversation_twice_and_see_every_wake(server: Server) -> None:
    said: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    running: set[str] = set()
    everything = {f"c{number}": 30 for number in range(25)}
    finished = asyncio.Event()

    async def work(bus: RedisBus) -> None:
        while True:
            conversation = await bus.claim(4)
            assert conversation not in running
            running.add(conversation)
            seen[conversation] = said[conversation]
            await asyncio.sleep(0)
            running.discard(conversation)
            await bus.release(conversation)
            if seen == everything:
                finished.set()

    async with buses(server.url, 4) as (web, *workers):
        tasks = [asyncio.create_task(work(bus)) for bus in workers for _ in range(4)]
        for _ in range(30):
            for conversation in everything:
                said[conversation] += 1
                await web.wake(conversation, f"app{len(conversation) % 2}")
            await asyncio.sleep(0)
        async with asyncio.timeout(20):
            await finished.wait()
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)


async def test_a_dead_worker_s_conversations_go_to_another_once_the_lease_is_over(server: Server) -> None:
    async with buses(server.url, 2, lease=0.6) as (web, living):
        dying = bus_on(server.url, lease=0.6)
        await dying.open()
        await web.wake("a", "shop")
        assert await soon(dying) == "a"
        await abandon(dying)
        assert await soon(living) == "a"
        await living.release("a")
        await done(living)
        assert await left_over(server) == NOTHING


async def test_a_lease_is_kept_while_the_turn_runs(server: Server) -> None:
    async with buses(server.url, 2, lease=1.0) as (busy, other), server.client() as client:
        await busy.wake("slow", "shop")
        assert await soon(busy) == "slow"
        waiting = asyncio.create_task(other.claim())
        renewals, before = 0, 0
        async with asyncio.timeout(10):
            while renewals < 5:  # a third of a lease or less each: more than a whole one
                now = await idle(client)
                renewals, before = renewals + (now < before), now
        assert not waiting.done()
        await busy.release("slow")
        waiting.cancel()


async def idle(client: Redis) -> int:
    (entry,) = await client.xpending_range(READY, "workers", "-", "+", 10)
    return int(entry["time_since_delivered"])


async def test_who_was_silent_past_its_lease_does_not_release_what_is_another_s_now(server: Server) -> None:
    async with buses(server.url, 2, lease=0.5) as (sleeper, other):
        await sleeper.wake("a", "shop")
        assert await soon(sleeper) == "a"
        for task in sleeper.wakes.tasks:  # its process is stopped, as far as Redis can tell
            task.cancel()
        assert await soon(other) == "a"
        before = [(entry["message_id"], entry["consumer"]) for entry in await pending(server)]
        assert [consumer.decode() for _, consumer in before] == [other.wakes.consumer]
        await sleeper.release("a")
        await sleeper.wake("a", "shop")
        await done(sleeper)
        assert [(entry["message_id"], entry["consumer"]) for entry in await pending(server)] == before
        await other.release("a")
        assert await soon(other) == "a"


async def pending(server: Server) -> list[dict[str, bytes]]:
    async with server.client() as client:
        return await client.xpending_range(READY, "workers", "-", "+", 10)


async def test_a_lost_lease_is_noticed(server: Server) -> None:
    async with buses(server.url, 1, lease=600) as (bus,):
        await bus.wake("a", "shop")
        await soon(bus)
        async with server.client() as client:
            await client.xack(READY, "workers", bus.wakes.entries["a"])
        await bus.wakes.keep()
        assert bus.wakes.entries == {}
        await bus.release("a")
        await bus.wake("b", "shop")
        assert await soon(bus) == "b"


async def test_an_app_s_burst_does_not_starve_another(server: Server) -> None:
    async with buses(server.url, 2) as (web, worker):
        for number in range(10_000):
            await web.wake(f"burst{number}", "loud")
        await done(web)
        await web.wake("quiet0", "quiet")
        await web.wake("quiet1", "quiet")
        await done(web)
        order = []
        while not {"quiet0", "quiet1"} <= set(order):
            conversation = await soon(worker, 16)
            order.append(conversation)
            await worker.release(conversation)
        assert len(order) <= 64 + 2 * 16 + 4, "those who stood in the window already, and then by turns"
        async with server.client() as client:
            assert await client.llen(f"{APPS}:loud") > 9_000


async def test_a_burst_fills_workers_that_only_listen(server: Server) -> None:
    """Nobody waits for a release, or for a lease's renewal, while there is work in the lanes and room for it."""
    async with buses(server.url, 2, lease=600) as (web, worker):
        waiting = asyncio.create_task(soon(worker, 500))
        await asyncio.sleep(0)
        for number in range(500):
            await web.wake(f"c{number}", "shop")
        claimed = [await waiting] + [await soon(worker, 500 - got) for got in range(1, 500)]
        assert claimed == [f"c{number}" for number in range(500)]


async def test_what_is_fetched_and_not_claimed_is_given_back(server: Server) -> None:
    async with buses(server.url, 3) as (web, leaving, staying):
        claim = asyncio.create_task(leaving.claim(10))
        await asyncio.sleep(0)
        for number in range(3):
            await web.wake(f"c{number}", "shop")
        first = await claim
        await done(web)
        await leaving.close()
        assert sorted([first, await soon(staying), await soon(staying)]) == ["c0", "c1", "c2"]


async def test_what_is_fetched_for_a_claim_that_is_cancelled_is_given_back(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that stops goes on with its turns for a while: nobody's wake-up may wait for that."""
    async with buses(server.url, 2, lease=60.0) as (stopping, other):
        claim = asyncio.create_task(stopping.claim())
        laid = stopping.wakes.local.wake

        def wake(conversation_id: str, app_id: str = "") -> None:
            laid(conversation_id, app_id)
            claim.cancel()

        monkeypatch.setattr(stopping.wakes.local, "wake", wake)
        await stopping.wake("c1", "shop")
        with pytest.raises(asyncio.CancelledError):
            await claim
        assert await soon(other) == "c1"


@pytest.mark.parametrize("running", [False, True])
async def test_a_flushed_redis_is_used_again_at_once(server: Server, running: bool) -> None:
    async with buses(server.url, 2) as (web, worker):
        await web.wake("a", "shop")
        if running:
            assert await soon(worker) == "a"
        waiting = asyncio.create_task(soon(worker))
        await done(web, worker)
        await server.ask("FLUSHALL")
        await web.wake("b", "shop")
        assert await waiting in ("a", "b")
        await worker.release("a")
        await web.wake("c", "shop")
        assert await soon(worker) in ("b", "c")
        assert web.trouble() == worker.trouble() == ""


async def test_who_waits_for_work_makes_the_stream_anew_and_goes_on_waiting(server: Server) -> None:
    async with buses(server.url, 1) as (worker,):
        waiting = asyncio.create_task(worker.claim())
        await server.says("1", "EXISTS", READY)
        for _ in range(2):
            await server.ask("DEL", READY)
            await server.says("1", "EXISTS", READY)
        assert worker.link.losses == 0
        await worker.wake("a", "shop")
        assert await waiting == "a"


@pytest.mark.parametrize("lost", ["ready", "group", "lane"])
async def test_what_only_seems_scheduled_is_scheduled_again(server: Server, lost: str) -> None:
    """An evicting server, or somebody's DEL: no conversation may be stuck for ever."""
    async with buses(server.url, 1) as (web,):
        for number in range(70):
            await web.wake(f"c{number}", "shop")
        await done(web)
        async with server.client() as client:
            match lost:
                case "ready":
                    await client.delete(READY)
                case "group":
                    await client.xgroup_destroy(READY, "workers")
                    await client.xgroup_create(READY, "workers", "0")
                case "lane":
                    await client.delete(APPS, f"{APPS}:shop")
                    for name, at in (await client.hgetall(STATE)).items():
                        if at.startswith(b"q"):
                            await client.hset(STATE, name, b"q1000 shop ")
        for number in range(70):
            await web.wake(f"c{number}", "shop")
        assert {await soon(web, 70) for _ in range(70)} == {f"c{number}" for number in range(70)}


async def test_consumers_of_processes_long_gone_are_forgotten(server: Server) -> None:
    async with buses(server.url, 1) as (bus,), server.client() as client:
        await bus.wake("a", "shop")
        await soon(bus)
        await client.xgroup_createconsumer(READY, "workers", "long-gone")
        assert len(await client.xinfo_consumers(READY, "workers")) == 2
        script = REAP.text.replace("FORGET = 3600000", "FORGET = -1")
        await client.eval(script, 3, *bus.wakes.keys, bus.wakes.consumer, 60_000, 1)
        assert [one["name"].decode() for one in await client.xinfo_consumers(READY, "workers")] == [bus.wakes.consumer]


async def test_a_process_that_claims_nothing_queues_nothing_while_redis_is_away(server: Server) -> None:
    bus = bus_on(server.url)
    for number in range(1000):
        await bus.wake(f"c{number}", "shop")
    await asyncio.sleep(0)
    assert bus.wakes.local.ready == set()


async def test_what_is_released_while_redis_is_away_is_released_when_it_is_back(server: Server) -> None:
    """Or it would be held until the lease ends, whoever wakes it."""
    async with buses(server.url, 2, lease=600) as (web, worker):
        await web.wake("a", "shop")
        assert await soon(worker) == "a"
        worker.link.lost(ConnectionError("the switch was changed"))
        await worker.release("a")
        await web.wake("a", "shop")
        await done(web)
        assert await soon(worker) == "a"
        await worker.release("a")
        await done(worker)
        assert await left_over(server) == NOTHING


async def test_what_runs_again_when_redis_is_back_is_held_as_before(server: Server) -> None:
    async with buses(server.url, 2, lease=600) as (web, worker):
        await web.wake("a", "shop")
        assert await soon(worker) == "a"
        worker.link.lost(ConnectionError("the switch was changed"))
        await worker.release("a")
        await worker.wake("a", "shop")
        assert await soon(worker) == "a"
        async with asyncio.timeout(15):
            await worker.link.up.wait()
        await web.wake("a", "shop")
        await web.wake("b", "shop")
        await done(web)
        assert await soon(web) == "b", "and not what runs elsewhere"
        await worker.release("a")
        assert await soon(web) == "a"
