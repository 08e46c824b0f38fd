"""A channel is listened to by one process at a time, by the database's clock."""

from datetime import timedelta
from pathlib import Path

from orchestrator.types import ChannelReport
from tests.support.builders import NOON
from tests.support.clock import ManualClock
from tests.support.postgres import opened, url_for


def held_by(holder: str) -> ChannelReport:
    return ChannelReport(
        app_id="shop", channel_id="tg", side="listening", holder=holder, until=NOON + timedelta(hours=1)
    )


async def test_one_of_two_has_it_until_it_is_given_up(tmp_path: Path) -> None:
    url = await url_for(tmp_path)
    async with opened(url, ManualClock()) as one, opened(url, ManualClock()) as two:
        assert await one.channels.lease(held_by("one"), 60)
        assert not await two.channels.lease(held_by("two"), 60)
        assert await one.channels.lease(held_by("one"), 60)
        await two.channels.give_up(held_by("two"))
        assert not await two.channels.lease(held_by("two"), 60)
        await one.channels.give_up(held_by("one"))
        assert await two.channels.lease(held_by("two"), 60)


async def test_a_holder_that_died_loses_it(tmp_path: Path) -> None:
    url = await url_for(tmp_path)
    async with opened(url, ManualClock()) as one, opened(url, ManualClock()) as two:
        assert await one.channels.lease(held_by("one"), 0.0)
        assert await two.channels.lease(held_by("two"), 60)
        assert not await one.channels.lease(held_by("one"), 60)
