"""What every store keeps of registered bots."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orchestrator.errors import Conflict, NotFound
from orchestrator.types import (
    BotCount,
    BotEntry,
    BotNote,
    BotVersion,
    Capabilities,
    Grade,
    Say,
    Serves,
    SetSlots,
    Text,
    Trial,
)
from tests.support.builders import NOON, later, unique
from tests.support.stores import Database


def entry(**more: Any) -> BotEntry:
    return BotEntry(**{"app_id": "shop", "name": "helper", "created_at": NOON, "updated_at": NOON, **more})


def version(number: int = 1, **more: Any) -> BotVersion:
    values: dict[str, Any] = {
        "app_id": "shop",
        "name": "helper",
        "version": number,
        "kind": "webhook",
        "sealed": f"v1.sealed-{number}",
        "shown": {"url": "https://bot.example/é\0", "retries": 1},
        "capabilities": Capabilities(languages=("en", "es"), streaming=True),
        "note": "the first “one”",
        "author": "ada",
        "created_at": later(number),
    }
    return BotVersion(**(values | more))


async def test_a_bot_comes_back_whole_and_changes(store: Database) -> None:
    kept = await store.bots.keep(entry(serves=Serves(languages=("es",), segment='customer.tier == "gold"')), version())
    assert kept.revision == 1
    assert await store.bots.entry("shop", "helper") == kept
    trial = Trial(version=2, mode="canary", share=0.25, started_at=NOON)
    changed = await store.bots.keep(replace(kept, active=1, enabled=True, trial=trial), version(2))
    assert changed.revision == 2
    assert await store.bots.entries("shop") == [changed]
    assert await store.bots.versions("shop", "helper") == [version(2), version()]
    assert await store.bots.version("shop", "helper", 1) == version()


async def test_whoever_comes_second_looks_again(store: Database) -> None:
    kept = await store.bots.keep(entry(), version())
    await store.bots.keep(replace(kept, enabled=True))
    with pytest.raises(Conflict):
        await store.bots.keep(replace(kept, active=1), version(2))
    with pytest.raises(Conflict):
        await store.bots.keep(entry())
    current = await store.bots.entry("shop", "helper")
    with pytest.raises(Conflict):
        await store.bots.keep(current, version(1, sealed="other"))
    assert await store.bots.entry("shop", "helper") == current, "the entry is not kept without its version"
    assert await store.bots.versions("shop", "helper") == [version()]


async def test_bots_of_other_apps_do_not_exist(store: Database) -> None:
    kept = await store.bots.keep(entry(), version())
    other = await store.bots.keep(entry(app_id="bank", name="aaa"), version(app_id="bank", name="aaa"))
    assert await store.bots.entries("shop") == [kept]
    assert await store.bots.entries() == [other, kept]
    for asking in (store.bots.entry("bank", "helper"), store.bots.version("bank", "helper", 1)):
        with pytest.raises(NotFound):
            await asking
    with pytest.raises(NotFound):
        await store.bots.drop("bank", "helper")
    assert await store.bots.versions("bank", "helper") == []


async def test_a_grade_is_kept_with_its_version(store: Database) -> None:
    await store.bots.keep(entry(), version())
    grade = Grade(level=1, suite="parley-bot 1", at=NOON, failed=("parts",))
    await store.bots.grade("shop", "helper", 1, grade)
    assert (await store.bots.version("shop", "helper", 1)).grade == grade
    assert (await store.bots.entry("shop", "helper")).revision == 2, "processes look again"
    with pytest.raises(NotFound):
        await store.bots.grade("shop", "helper", 9, grade)


async def test_a_dropped_bot_leaves_nothing(store: Database) -> None:
    await store.bots.keep(entry(), version())
    await store.bots.count([count()])
    await store.bots.note([note()])
    await store.bots.drop("shop", "helper")
    assert await store.bots.entries("shop") == []
    assert await store.bots.versions("shop", "helper") == []
    assert await store.bots.counts("shop", NOON - timedelta(days=9)) == []
    assert await store.bots.notes("shop") == []
    assert (await store.bots.keep(entry(), version())).revision == 1, "its name is free again"


def count(**more: Any) -> BotCount:
    values: dict[str, Any] = {"app_id": "shop", "bot": "helper", "version": 1, "arm": "live", "hour": NOON}
    return BotCount(**{**values, "what": "turns", "count": 1, "total": 0.0, **more})


async def test_counts_add_up(store: Database) -> None:
    timed = count(what="ms", count=2, total=0.5)
    await store.bots.count([count(), count(), timed, count(arm="canary", version=2)])
    await store.bots.count([replace(timed, count=1, total=1.25), count(hour=NOON + timedelta(hours=1))])
    await store.bots.count([])
    assert await store.bots.counts("shop", NOON) == [
        count(arm="live", what="ms", count=3, total=1.75),
        count(count=2),
        count(arm="canary", version=2),
        count(hour=NOON + timedelta(hours=1)),
    ]
    assert len(await store.bots.counts("shop", NOON + timedelta(minutes=1))) == 1
    assert await store.bots.counts("shop", NOON, bot="other") == []
    assert await store.bots.counts("bank", NOON) == []
    await store.bots.forget(NOON + timedelta(hours=1))
    assert [one.hour for one in await store.bots.counts("shop", NOON)] == [NOON + timedelta(hours=1)]


def note(**more: Any) -> BotNote:
    values: dict[str, Any] = {
        "id": unique("note"),
        "app_id": "shop",
        "bot": "helper",
        "version": 2,
        "kind": "shadow",
        "conversation_id": "c1",
        "turn_id": "c1.1-1",
        "at": NOON,
        "outcome": "ok",
        "ms": 12.5,
        "detail": "",
        "same": True,
        "actions": (Say(parts=(Text(text="Hi\0"),)), SetSlots(slots={"a": None})),
    }
    return BotNote(**(values | more))


async def test_notes_come_back_the_newest_first(store: Database) -> None:
    first, second = note(), note(at=later(5), kind="error", detail="answered 500", same=False)
    await store.bots.note([first, second])
    await store.bots.note([replace(first, detail="again")])
    assert await store.bots.notes("shop") == [second, first]
    assert await store.bots.notes("shop", kind="error") == [second]
    assert await store.bots.notes("shop", turn_id="c1.1-1", limit=1) == [second]
    assert await store.bots.notes("shop", bot="other") == []
    assert await store.bots.notes("bank") == []


async def test_old_notes_go(store: Database) -> None:
    notes = [note(at=later(number)) for number in range(205)]
    await store.bots.note(notes)
    kept = await store.bots.notes("shop", limit=1000)
    assert len(kept) == 200
    assert kept[-1].at == later(5)
