"""What every store keeps for translating: debts, reviewed translations, the use of engines."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from orchestrator.errors import Fenced, NotFound
from orchestrator.types import Commit, Debt, Reviewed, Text, Usage
from tests.support.builders import NOON, later, message, unique
from tests.support.stores import Database, hear

DAY = date(2026, 11, 1)


def debt(said: Any, target: str = "en", **more: Any) -> Debt:
    place = {"app_id": said.app_id, "conversation_id": said.conversation_id, "message_id": said.id}
    return Debt(**{**place, "source": "es", "target": target, "at": said.at, **more})


def reviewed(**more: Any) -> Reviewed:
    values: dict[str, Any] = {
        "id": unique("reviewed"),
        "app_id": "shop",
        "source": "en",
        "target": "es",
        "text": "It is on its way — “really” 🚚",
        "translation": "Está en camino",
        "author": "ada",
        "created_at": NOON,
        "updated_at": NOON,
    }
    return Reviewed(**(values | more))


async def test_a_debt_lasts_until_it_is_repaid_with_the_translation(store: Database) -> None:
    heard = await hear(store, "hola")
    assert heard.message is not None
    owed = (debt(heard.message), debt(heard.message, "nl", at=later(1)))
    committed = await store.commit(Commit(conversation=heard.conversation, owed=owed, at=NOON))
    assert await store.owed("shop", limit=10) == list(owed)
    assert await store.owed("shop", limit=1) == [owed[0]]
    assert await store.owed("bank", limit=10) == []
    known = replace(heard.message, language="es", translations={"en": (Text(text="hello"),)})
    paid = Commit(conversation=committed.conversation, understood=(known,), repaid=(owed[0],), at=NOON)
    with pytest.raises(Fenced):
        await store.commit(replace(paid, conversation=heard.conversation))
    assert len(await store.owed("shop", limit=10)) == 2
    await store.commit(paid)
    assert await store.owed("shop", limit=10) == [owed[1]]
    assert (await store.message("shop", heard.message.id)).translations == known.translations
    loaded = await store.load(heard.conversation.id, history=5)
    assert loaded.pending[-1].translations == known.translations


async def test_owing_twice_is_owing_once(store: Database) -> None:
    heard = await hear(store, "hola")
    assert heard.message is not None
    head = heard.conversation
    for _ in range(2):
        owed = (debt(heard.message),)
        head = (await store.commit(Commit(conversation=head, owed=owed, at=NOON))).conversation
    assert await store.owed("shop", limit=10) == [debt(heard.message)]


async def test_closed_conversations_owe_nothing_until_they_open_again(store: Database) -> None:
    heard = await hear(store, "hola", address="ada")
    assert heard.message is not None
    said = message(heard.conversation, "adios")
    head = replace(heard.conversation, status="closed", processed_seq=1)
    await store.commit(Commit(conversation=head, messages=(said,), owed=(debt(said),), at=NOON))
    assert await store.owed("shop", limit=10) == []
    await hear(store, "hola?", address="ada")
    assert [one.message_id for one in await store.owed("shop", limit=10)] == [said.id]


async def test_old_debts_are_forgiven(store: Database) -> None:
    heard = await hear(store, "hola")
    assert heard.message is not None
    owed = (debt(heard.message), debt(heard.message, "nl", at=later(60)))
    await store.commit(Commit(conversation=heard.conversation, owed=owed, at=NOON))
    await store.forgive(later(60))
    assert await store.owed("shop", limit=10) == [owed[1]]


async def test_a_reviewed_translation_comes_back_whole_and_changes(store: Database) -> None:
    entry = reviewed()
    await store.review(entry)
    assert await store.reviewed_one("shop", entry.id) == entry
    decided = replace(entry, state="approved", decided_by="bob", updated_at=later(5), translation="Va de camino")
    await store.review(decided)
    assert await store.reviewed("shop") == [decided]
    assert await store.reviewed("shop", state="proposed") == []
    assert await store.reviewed("shop", state="approved", since=later(5)) == [decided]
    assert await store.reviewed("shop", since=later(6)) == []


async def test_the_latest_change_comes_first(store: Database) -> None:
    first, second = reviewed(), reviewed(updated_at=later(1))
    for entry in (second, first):
        await store.review(entry)
    assert await store.reviewed("shop") == [second, first]
    assert await store.reviewed("shop", limit=1) == [second]


async def test_reviewed_translations_of_other_apps_do_not_exist(store: Database) -> None:
    entry = reviewed()
    await store.review(entry)
    with pytest.raises(NotFound):
        await store.reviewed_one("bank", entry.id)
    with pytest.raises(NotFound):
        await store.review(replace(entry, app_id="bank", translation="otra"))
    assert await store.reviewed("bank") == []
    assert await store.reviewed("shop") == [entry]


async def test_use_adds_up_by_engine_and_day(store: Database) -> None:
    use = Usage(app_id="shop", engine="deepl", day=DAY, requests=1, characters=2**40)
    await store.spend((use, replace(use, engine="azure", characters=5), replace(use, day=date(2026, 10, 31))))
    await store.spend((replace(use, requests=2, characters=1),))
    assert await store.spent("shop", DAY) == [
        replace(use, engine="azure", characters=5),
        replace(use, requests=3, characters=2**40 + 1),
    ]
    assert len(await store.spent("shop", date(2026, 10, 1))) == 3
    assert await store.spent("bank", DAY) == []
