"""The job that removes what is old: what the settings say, all of it, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator.config import RetentionSettings
from orchestrator.retention import BATCH, Removal, days
from tests.support.builders import NOON, commit, session, trace
from tests.support.clock import ManualClock
from tests.support.sqlite import CLOCK
from tests.support.stores import Database, hear, sqlite


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Database]:
    async with sqlite(tmp_path, CLOCK) as opened:
        yield opened


def at(days: float) -> ManualClock:
    return ManualClock(NOON + timedelta(days=days))


async def test_everything_that_is_old_goes_however_much_it_is(store: Database) -> None:
    await asyncio.gather(*(store.add_session(session(digest=str(number))) for number in range(BATCH + 1)))
    head = (await hear(store)).conversation
    await store.commit(commit(head, trace=trace(head)))
    gone = await Removal(store, at(100), RetentionSettings()).remove()
    assert gone == {"sessions": BATCH + 1, "traces": 1}
    assert await Removal(store, at(100), RetentionSettings()).remove() == {}
    assert len(await store.messages(head.id)) == 1


async def test_what_is_young_stays(store: Database) -> None:
    head = (await hear(store)).conversation
    await store.commit(commit(head, trace=trace(head)))
    assert await Removal(store, at(89), RetentionSettings()).remove() == {}


async def test_conversations_go_only_when_somebody_said_so(store: Database) -> None:
    head = (await hear(store)).conversation
    await store.commit(commit(head))
    loaded = await store.load(head.id, history=0)
    closing = commit(loaded.conversation)
    await store.commit(replace(closing, conversation=replace(closing.conversation, status="closed")))
    assert await Removal(store, at(10_000), RetentionSettings()).remove() == {}
    assert await Removal(store, at(31), RetentionSettings(conversations_days=30)).remove() == {"conversations": 1}


def test_nothing_is_removed_that_is_kept_for_ever() -> None:
    assert days(RetentionSettings(traces_days=0, sessions_days=0)) == {"deliveries": 30.0, "late answers": 7.0}


async def test_it_starts_and_stops(store: Database) -> None:
    removal = Removal(store, at(0), RetentionSettings())
    await removal.open()
    await removal.close()
    assert removal.task is None
