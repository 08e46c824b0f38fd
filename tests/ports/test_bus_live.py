"""Live updates of a Bus, over each adapter."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from orchestrator.ports import Bus, Subscription
from orchestrator.types import Live, TypingChanged
from tests.support.bus_rigs import ADAPTERS, BACKLOG, Rig
from tests.support.loop import next_tick


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
