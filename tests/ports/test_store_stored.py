"""What every store keeps of channels that are added while the server runs."""

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.errors import Conflict, NotFound
from orchestrator.types import ChannelEntry
from tests.support.builders import NOON, later
from tests.support.stores import Database


def entry(**more: Any) -> ChannelEntry:
    values: dict[str, Any] = {
        "app_id": "shop",
        "id": "line",
        "kind": "telegram",
        "sealed": "v1.sealed",
        "shown": {"groups": "all", "name": "é\0“”", "limits": {"text": 5}},
        "author": "key 'ada'",
        "created_at": NOON,
        "updated_at": NOON,
    }
    return ChannelEntry(**(values | more))


async def test_a_channel_comes_back_whole_and_changes(store: Database) -> None:
    kept = await store.stored.keep(entry(outside=True))
    assert kept == entry(outside=True, revision=1)
    assert await store.stored.entry("shop", "line") == kept
    changed = await store.stored.keep(replace(kept, enabled=False, sealed="v1.other", updated_at=later(5)))
    assert changed.revision == 2
    assert await store.stored.entries("shop") == [changed]


async def test_whoever_comes_second_looks_again(store: Database) -> None:
    kept = await store.stored.keep(entry())
    await store.stored.keep(replace(kept, enabled=False))
    with pytest.raises(Conflict, match="somebody else"):
        await store.stored.keep(replace(kept, sealed="late"))
    assert (await store.stored.entry("shop", "line")).sealed == "v1.sealed"


async def test_an_id_belongs_to_one_app(store: Database) -> None:
    kept = await store.stored.keep(entry())
    with pytest.raises(Conflict, match="already"):
        await store.stored.keep(entry(app_id="bank", sealed="theirs"))
    with pytest.raises(Conflict):
        await store.stored.keep(replace(kept, app_id="bank"))
    assert await store.stored.entries() == [kept]


async def test_channels_of_other_apps_do_not_exist(store: Database) -> None:
    kept = await store.stored.keep(entry())
    other = await store.stored.keep(entry(app_id="bank", id="aaa"))
    assert await store.stored.entries() == [other, kept]
    assert await store.stored.entries("shop") == [kept]
    with pytest.raises(NotFound):
        await store.stored.entry("bank", "line")
    with pytest.raises(NotFound):
        await store.stored.drop("bank", "line")
    assert await store.stored.entry("shop", "line") == kept


async def test_a_dropped_channel_leaves_its_id_free(store: Database) -> None:
    kept = await store.stored.keep(entry())
    await store.stored.drop("shop", "line")
    assert await store.stored.entries() == []
    with pytest.raises(NotFound):
        await store.stored.drop("shop", "line")
    with pytest.raises(Conflict):
        await store.stored.keep(kept)
    assert (await store.stored.keep(entry(app_id="bank"))).revision == 1
