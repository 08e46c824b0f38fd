"""Quotas hold among callers side by side, and what was used survives the process."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.sqlite import SqliteStore
from orchestrator.errors import Unavailable
from orchestrator.types import Usage
from orchestrator.understand import Chain, Link, Meter, Quota
from tests.support.apertium import apertium
from tests.support.clock import ManualClock
from tests.support.stores import sqlite

DAY = 86_400


async def test_a_quota_holds_however_many_ask_at_once() -> None:
    async with apertium() as engine:
        chain = Chain([Link(translator=engine, quota=Quota(day=100))], clock=SystemClock())
        texts = [f"la casa roja de {word}" for word in ("abc", "def", "ghi", "jkl", "mno", "pqr", "stu")]
        found = await asyncio.gather(*(chain.translate([text], "es", "en", within=20) for text in texts))
        assert [one.outcome for one in found] == ["ok"] * 5 + ["failed"] * 2
        assert "daily quota of 100 characters is used up" in found[-1].detail
        [health] = chain.health()
        assert (health.characters_today, health.requests_month, health.up) == (95, 5, True)
        assert (await chain.translate(["rojo!"], "es", "en")).outcome == "ok"
        [health] = chain.health()
        assert (health.up, health.trouble) == (False, "daily quota of 100 characters is used up")
        assert not chain.ready("es", "en")


async def test_use_survives_the_process_and_the_day_is_new_at_midnight(tmp_path: Path) -> None:
    clock = ManualClock()
    async with sqlite(tmp_path, clock) as store:
        first = Meter("shop", clock, store)
        await first.open()
        first.count("deepl", 60)
        first.count("deepl", 30)
        await first.close()
        second = Meter("shop", clock, store)
        await second.open()
        assert second.refuses("deepl", 11, Quota(day=100)) == "daily quota of 100 characters is used up"
        assert second.refuses("deepl", 10, Quota(day=100)) == ""
        assert second.refuses("azure", 100, Quota(day=100)) == ""
        clock.advance(DAY)
        assert second.refuses("deepl", 100, Quota(day=100)) == ""
        assert second.refuses("deepl", 11, Quota(month=100)) == "monthly quota of 100 characters is used up"
        clock.advance(30 * DAY)
        assert second.refuses("deepl", 100, Quota(month=100)) == ""
        assert await store.spent("bank", clock.now().date()) == []


async def test_what_another_process_used_counts_after_the_next_write(tmp_path: Path) -> None:
    clock = ManualClock()
    async with sqlite(tmp_path, clock) as store:
        mine, theirs = Meter("shop", clock, store), Meter("shop", clock, store)
        for meter, characters in ((mine, 10), (theirs, 50), (mine, 1)):
            meter.count("deepl", characters)
            await meter.write()
        assert mine.used("deepl", clock.now().date()) == 61
        await mine.close()
        await theirs.close()


class Failing(SqliteStore):
    """A store whose database can't write for a while."""

    broken = True

    async def spend(self, uses: Sequence[Usage]) -> None:
        if self.broken:
            raise Unavailable("disk full")
        await super().spend(uses)


async def test_what_cant_be_written_now_is_written_later(tmp_path: Path) -> None:
    clock = ManualClock()
    store = Failing(tmp_path / "parley.db", clock)
    await store.open()
    try:
        meter = Meter("shop", clock, store)
        meter.count("deepl", 7)
        await meter.write()
        meter.count("deepl", 3)
        assert meter.used("deepl", clock.now().date()) == 10
        store.broken = False
        await meter.close()
        assert [(use.requests, use.characters) for use in await store.spent("shop", clock.now().date())] == [(2, 10)]
    finally:
        await store.close()


@pytest.mark.parametrize("count", [3])
async def test_counting_writes_by_itself(tmp_path: Path, count: int) -> None:
    clock = ManualClock()
    async with sqlite(tmp_path, clock) as store:
        meter = Meter("shop", clock, store)
        for _ in range(count):
            meter.count("deepl", 5)
        await meter.close()
        assert [(use.requests, use.characters) for use in await store.spent("shop", clock.now().date())] == [(3, 15)]
