"""Places for turns: who waits, who passes, and who is next."""

import asyncio
from collections.abc import Sequence

import pytest

from orchestrator.engine.places import ROOM, Admission, Crowded, Places, shared
from tests.support.loop import next_tick


async def entered(places: Places, app: str, channel: str = "web") -> Admission:
    """A turn that has its place, or waits for it."""
    admission = await places.admit()
    asyncio.create_task(admission.enter(app, channel))
    await next_tick()
    return admission


async def several(places: Places, app: str, count: int, channel: str = "web") -> list[Admission]:
    return [await entered(places, app, channel) for _ in range(count)]


def running(turns: Sequence[Admission]) -> int:
    return sum(turn.key is not None for turn in turns)


async def test_one_app_takes_its_share_and_leaves_the_rest_to_others() -> None:
    places = Places(8, 6, 6)
    loud = await several(places, "loud", 10)
    assert running(loud) == 6
    quiet = await several(places, "quiet", 2)
    assert running(quiet) == 2


async def test_one_channel_takes_its_share_of_the_app() -> None:
    places = Places(8, 8, 5)
    busy = await several(places, "shop", 7, "whatsapp")
    assert running(busy) == 5
    assert running(await several(places, "shop", 3, "web")) == 3


async def test_nothing_is_claimed_that_could_not_begin() -> None:
    places = Places(4, 4, 4)
    turns = await several(places, "shop", 4)
    assert places.room == 0
    waiting = asyncio.create_task(places.admit())
    await next_tick()
    assert not waiting.done()
    turns[0].leave()
    await asyncio.wait_for(waiting, 10)


async def test_no_more_than_so_many_wait_for_their_share() -> None:
    places = Places(4, 2, 2)
    turns = await several(places, "loud", 2 + 4 * ROOM)
    assert running(turns) == 2
    sent_away = await places.admit()
    with pytest.raises(Crowded):
        await sent_away.enter("loud", "web")
    sent_away.leave()
    assert running(await several(places, "quiet", 2)) == 2
    turns[0].leave()
    await next_tick()
    assert running(turns[1:]) == 2


async def test_a_place_that_becomes_free_goes_to_whoever_has_fewest() -> None:
    places = Places(4, 3, 3)
    loud = await several(places, "loud", 5)
    quiet = await several(places, "quiet", 1)
    assert (running(loud), running(quiet), places.taken) == (3, 1, 4)
    late = [Admission(places), Admission(places)]
    for number, app in enumerate(("loud", "calm")):
        late[number].arriving = False
        asyncio.create_task(late[number].enter(app, "web"))
    await next_tick()
    loud[0].leave()
    await next_tick()
    assert [running([one]) for one in late] == [0, 1]


async def test_who_waits_is_told_that_time_has_passed() -> None:
    places = Places(1, 1, 1)
    first = await places.admit()
    assert await first.enter("shop", "web")
    second = Admission(places)
    second.arriving = False
    waits = asyncio.create_task(second.enter("shop", "web"))
    await next_tick()
    assert second.waits
    first.leave()
    assert await waits is False
    assert not second.waits
    assert await second.enter("shop", "web") is True


@pytest.mark.parametrize("granted", [False, True])
async def test_a_turn_that_is_cancelled_while_it_waits_takes_nothing_along(granted: bool) -> None:
    places = Places(1, 1, 1)
    first = await places.admit()
    await first.enter("shop", "web")
    second = Admission(places)
    second.arriving = False
    waits = asyncio.create_task(second.enter("shop", "web"))
    await next_tick()
    if granted:
        first.leave()  # it has its place, but has not woken up yet
    waits.cancel()
    await asyncio.gather(waits, return_exceptions=True)
    second.leave()
    if not granted:
        first.leave()
    assert (places.taken, places.waiting, places.arriving, places.lines) == (0, 0, 0, {})
    assert places.room == 1


async def test_a_claim_that_never_came_gives_its_place_back() -> None:
    places = Places(1, 1, 1)
    (await places.admit()).leave()
    assert places.room == 1


def test_the_only_one_has_everything() -> None:
    assert shared(512, 0.75, several=False) == 512
    assert shared(512, 0.75, several=True) == 384
    assert shared(1, 0.1, several=True) == 1
