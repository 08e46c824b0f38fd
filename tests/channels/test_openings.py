"""A customer who opens a conversation that is there already: greeted again when it is over, and only once."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.types import Started
from tests.support import bots
from tests.support.channel import channel, tell
from tests.support.house import House
from tests.support.probe import Side

WELCOME = {"welcome": "Welcome!"}
HOUR = timedelta(hours=1)


def opened(parley: House, external_id: str, **more: Any) -> Started:
    return Started(address="visitor", external_id=external_id, **{"at": parley.runtime.clock.now(), **more})


async def left(parley: House, side: Side, ago: timedelta = timedelta()) -> None:
    """A conversation that was greeted and spoken in, the last time so long ago."""
    await tell(parley, opened(parley, "start-1"))
    await side.until(lambda: side.texts == ["Welcome!"])
    await parley.hear("hello")
    await side.until(lambda: len(side.sent) == 2)
    await parley.settled()
    if ago:
        await aged(parley, ago)


async def aged(parley: House, ago: timedelta) -> None:
    """As if it had happened so long ago."""
    clock = parley.runtime.clock
    now = clock.now
    clock.now = lambda: now() + ago  # type: ignore[method-assign]


async def close(parley: House) -> None:
    ada, desk = parley.agent(), parley.runtime.engine.desk
    conversation = await parley.conversation()
    await desk.accept("shop", conversation.id, ada)
    await desk.resolve("shop", conversation.id, ada)


async def greeted(side: Side, times: int) -> None:
    await side.until(lambda: side.texts.count("Welcome!") == times)


async def quiet(parley: House, side: Side, times: int) -> None:
    """Something else is answered, and nobody was greeted meanwhile."""
    await parley.hear("still there?")
    await side.until(lambda: "echo: still there?" in side.texts)
    assert side.texts.count("Welcome!") == times


async def test_a_conversation_that_was_idle_is_greeted_again_once(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path, probe=WELCOME) as parley:
        await left(parley, side, HOUR)
        again = opened(parley, "start-2")
        await tell(parley, again)
        await greeted(side, 2)
        await tell(parley, again)
        await tell(parley, opened(parley, "start-1"))
        await tell(parley, opened(parley, "start-3", at=again.at))
        await quiet(parley, side, 2)


async def test_a_closed_one_is_greeted_at_once(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path, probe=WELCOME) as parley:
        await left(parley, side)
        await close(parley)
        again = opened(parley, "start-2")
        await tell(parley, again)
        await greeted(side, 2)
        assert (await parley.conversation()).status == "open"
        await tell(parley, again)
        await quiet(parley, side, 2)


async def test_the_bot_has_the_turn_where_the_channel_has_no_words(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path) as parley:
        await parley.hear("hello")
        await side.until(lambda: side.sent)
        await parley.settled()
        await aged(parley, HOUR)
        bots.seen.clear()
        await tell(parley, opened(parley, "start-2"))
        while not bots.seen:
            await parley.settled()
        assert bots.seen[0].messages == ()


@pytest.mark.parametrize("ago", [timedelta(), timedelta(minutes=20)])
async def test_nobody_is_greeted_in_the_middle_of_a_conversation(tmp_path: Path, side: Side, ago: timedelta) -> None:
    async with channel(tmp_path, probe=WELCOME) as parley:
        await left(parley, side, ago)
        await tell(parley, opened(parley, "start-2"))
        await quiet(parley, side, 1)


async def test_a_redelivery_that_comes_late_greets_nobody(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path, probe=WELCOME) as parley:
        first = parley.runtime.clock.now()
        await left(parley, side, HOUR)
        await tell(parley, opened(parley, "start-1"))
        await tell(parley, opened(parley, "start-0", at=first))
        await quiet(parley, side, 1)


async def test_a_person_who_has_it_goes_on(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path, probe=WELCOME) as parley:
        await left(parley, side)
        ada, desk = parley.agent(), parley.runtime.engine.desk
        conversation = await parley.conversation()
        await desk.accept("shop", conversation.id, ada)
        await aged(parley, HOUR)
        await tell(parley, opened(parley, "start-2"))
        await desk.hand_back("shop", conversation.id, ada)
        await quiet(parley, side, 1)
