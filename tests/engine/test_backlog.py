"""Whether there is room: a figure that costs nothing, and is never old when it turns somebody away."""

import asyncio
from collections.abc import Mapping

import pytest

from orchestrator.engine.backlog import COME_AGAIN, FRESH, Backlog
from orchestrator.errors import Unavailable
from tests.support.clock import ManualClock


class Counted:
    """A store, as far as a backlog looks into it."""

    def __init__(self, **waiting: int) -> None:
        self.waiting = dict(waiting)
        self.asked = 0
        self.gate: asyncio.Event | None = None
        self.broken = False

    async def backlog(self, limit: int) -> Mapping[str, int]:
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.broken:
            raise Unavailable("the database is away")
        return dict(self.waiting)


def backlog(store: Counted, clock: ManualClock, most: int = 10, most_per_app: int = 6) -> Backlog:
    return Backlog(store, clock, most=most, most_per_app=most_per_app, sweep=5)  # type: ignore[arg-type]


async def test_nothing_is_counted_while_there_is_room() -> None:
    store, clock = Counted(), ManualClock()
    room = backlog(store, clock)
    for _ in range(5):
        await room.admit("shop")
        room.took("shop")
    assert store.asked == 0


async def test_a_full_app_is_refused_and_others_are_not() -> None:
    store, clock = Counted(shop=6), ManualClock()
    room = backlog(store, clock)
    await room.count()
    with pytest.raises(Unavailable) as refused:
        await room.admit("shop")
    assert refused.value.retry_after == COME_AGAIN
    await room.admit("bank")


async def test_when_all_is_full_everybody_is_refused() -> None:
    store, clock = Counted(shop=5, bank=5), ManualClock()
    room = backlog(store, clock)
    await room.count()
    for app in ("shop", "bank", "new"):
        with pytest.raises(Unavailable):
            await room.admit(app)


async def test_what_was_accepted_here_counts_until_the_next_look() -> None:
    store, clock = Counted(), ManualClock()
    room = backlog(store, clock)
    for _ in range(6):
        await room.admit("shop")
        room.took("shop")
    await room.admit("shop")
    assert store.asked == 1, "it was full by its own count, so it looked: all were answered meanwhile"


async def test_nobody_is_turned_away_on_an_old_figure_and_nobody_asks_too_often() -> None:
    store, clock = Counted(shop=9), ManualClock()
    room = backlog(store, clock)
    await room.count()
    for _ in range(3):
        with pytest.raises(Unavailable):
            await room.admit("shop")
    assert store.asked == 1
    store.waiting = {}
    clock.advance(FRESH)
    await room.admit("shop")
    assert store.asked == 2


async def test_a_crowd_asks_once() -> None:
    store, clock = Counted(shop=9), ManualClock()
    room = backlog(store, clock)
    await room.count()
    clock.advance(FRESH)
    store.gate, store.waiting = asyncio.Event(), {}
    crowd = [asyncio.create_task(room.admit("shop")) for _ in range(50)]
    await asyncio.sleep(0)
    store.gate.set()
    await asyncio.gather(*crowd)
    assert store.asked == 2


async def test_what_comes_in_while_the_store_counts_is_not_forgotten() -> None:
    store, clock = Counted(shop=3), ManualClock()
    room = backlog(store, clock)
    store.gate = asyncio.Event()
    counting = asyncio.create_task(room.count())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    room.took("shop")
    store.gate.set()
    await counting
    assert (room.figures["shop"], room.total) == (4, 4)


async def test_a_store_that_can_not_count_is_unavailable_only_when_it_matters() -> None:
    store, clock = Counted(shop=9), ManualClock()
    room = backlog(store, clock)
    await room.count()
    store.broken = True
    clock.advance(FRESH)
    with pytest.raises(Unavailable, match="away"):
        await room.admit("shop")
    await room.admit("bank")
