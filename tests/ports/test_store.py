"""What every Store does with what comes in: once each, numbered, durable."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import Conflict, Malformed, NotFound
from orchestrator.types import Accepted, Location, Text, Unsupported
from tests.support.builders import NOON, commit, conversation, later, message, received, started, texts
from tests.support.clock import ManualClock
from tests.support.stores import Database, Opened, hear

# Accepting


async def test_first_message_opens_a_conversation(store: Database) -> None:
    fresh = conversation(address="visitor", context={"page": "/checkout"}, slots={"size": "M"})
    event = received("hola", profile={"name": "Ana"}, language="es")
    accepted = await store.accept(fresh, event, "message-1")
    assert accepted.conversation == replace(fresh, last_seq=1)
    assert not accepted.duplicate
    said = accepted.message
    assert said is not None
    assert (said.id, said.seq, said.role, said.author) == ("message-1", 1, "customer", "visitor")
    assert (said.parts, said.at, said.external_id) == (event.parts, NOON, event.external_id)
    loaded = await store.load(fresh.id, history=10)
    assert loaded.conversation == accepted.conversation
    assert loaded.pending == (said,)
    assert loaded.profile == {"name": "Ana", "language": "es"}
    customer = await store.customer("shop", fresh.customer_id)
    assert customer.profile == loaded.profile
    assert customer.created_at == NOON


async def test_messages_are_numbered_in_the_order_they_are_accepted(store: Database) -> None:
    accepted = [await hear(store, f"line {number}") for number in range(5)]
    assert [one.message.seq for one in accepted if one.message] == [1, 2, 3, 4, 5]
    assert len({one.conversation.id for one in accepted}) == 1
    log = await store.messages(accepted[0].conversation.id)
    assert [said.parts for said in log] == [texts(f"line {number}") for number in range(5)]


async def test_a_burst_of_one_visitor_keeps_its_order(store: Database) -> None:
    accepted = await asyncio.gather(*(hear(store, f"line {number}") for number in range(100)))
    assert [one.message.seq for one in accepted if one.message] == list(range(1, 101))
    loaded = await store.load(accepted[0].conversation.id, history=0)
    assert [said.parts for said in loaded.pending] == [texts(f"line {number}") for number in range(100)]
    assert loaded.conversation.last_seq == 100


async def test_the_same_event_ten_times_is_one_message(store: Database) -> None:
    first = await hear(store, external_id="event")
    for _ in range(9):
        again = await hear(store, "never kept", external_id="event")
        assert again.duplicate
        assert again.message == first.message
        assert again.conversation == first.conversation
    assert len(await store.messages(first.conversation.id)) == 1


async def test_the_same_event_ten_times_at_once_is_one_message(store: Database) -> None:
    accepted = await asyncio.gather(*(hear(store, external_id="event") for _ in range(10)))
    assert [one.duplicate for one in accepted].count(False) == 1
    assert len({one.message.id for one in accepted if one.message}) == 1
    assert len(await store.messages(accepted[0].conversation.id)) == 1


async def test_a_redelivery_under_another_address_opens_nothing(store: Database) -> None:
    first = await hear(store, external_id="event", address="ana")
    again = await hear(store, external_id="event", address="ben")
    assert again.duplicate
    assert again.message == first.message
    assert await store.find_conversation("web", "ben") is None


async def test_a_redelivery_changes_nothing(store: Database) -> None:
    first = await hear(store, external_id="event", profile={"name": "Ana"}, context={"page": "/"})
    await hear(store, external_id="event", profile={"name": "Ben"}, context={"page": "/other"})
    loaded = await store.load(first.conversation.id, history=0)
    assert loaded.profile == {"name": "Ana"}
    assert loaded.conversation.context == {"page": "/"}


async def test_the_same_id_on_another_channel_is_another_message(store: Database) -> None:
    await store.accept(conversation(address="visitor"), received(external_id="event"), "message-1")
    other = conversation(address="visitor", channel_id="sms")
    accepted = await store.accept(other, received(external_id="event"), "message-2")
    assert not accepted.duplicate
    assert accepted.conversation.id == other.id


async def test_events_without_an_id_are_never_duplicates(store: Database) -> None:
    first, second = await hear(store, external_id=""), await hear(store, external_id="")
    assert not second.duplicate
    assert second.conversation.last_seq == first.conversation.last_seq + 1
    assert await store.message_by_external("web", "") is None


async def test_two_apps_never_share_a_channel(store: Database) -> None:
    first = await hear(store)
    with pytest.raises(Conflict, match="another app's"):
        await hear(store, app_id="bank")
    assert len(await store.messages(first.conversation.id)) == 1


async def test_a_message_reopens_a_closed_conversation(store: Database) -> None:
    accepted = await hear(store)
    await store.commit(commit(replace(accepted.conversation, status="closed", bot="sales")))
    reopened = (await hear(store, "me again")).conversation
    assert (reopened.status, reopened.bot) == ("open", "sales")
    assert reopened.controller == accepted.conversation.controller
    assert (await store.conversation("shop", reopened.id)).status == "open"


# Opening without a word


async def test_opening_the_chat_creates_a_conversation_with_nothing_to_do_but_greet(store: Database) -> None:
    fresh = conversation(address="visitor")
    accepted = await store.accept(fresh, started(context={"page": "/"}, profile={"name": "Ana"}), "unused")
    assert not accepted.duplicate
    assert accepted.message is None
    assert accepted.conversation == replace(fresh, context={"page": "/"})
    assert (await store.load(fresh.id, history=5)).profile == {"name": "Ana"}


async def test_opening_it_again_is_a_duplicate_that_brings_news_of_the_page(store: Database) -> None:
    first = await hear(store)
    await store.commit(commit(replace(first.conversation, status="closed")))
    again = await store.accept(conversation(address="visitor"), started(context={"page": "/new"}), "unused")
    assert again.duplicate
    assert again.conversation.id == first.conversation.id
    assert again.conversation.context == {"page": "/new"}
    assert again.conversation.status == "closed"
    assert len(await store.messages(first.conversation.id)) == 1


# Context and profile


async def test_context_is_replaced_by_a_message_that_brings_one(store: Database) -> None:
    first = await hear(store, context={"page": "/", "cart": [1]})
    kept = await hear(store)
    assert kept.conversation.context == {"page": "/", "cart": [1]}
    replaced = await hear(store, context={"page": "/pay"})
    assert replaced.conversation.context == {"page": "/pay"}
    emptied = await hear(store, context={})
    assert emptied.conversation.context == {}
    assert (await store.conversation("shop", first.conversation.id)).context == {}


async def test_turning_a_page_is_outside_the_fence(store: Database) -> None:
    head = (await hear(store)).conversation
    await store.set_context(head.id, {"page": "/pay"}, "nl")
    committed = await store.commit(commit(head))
    assert committed.conversation.context == {"page": "/pay"}
    loaded = await store.load(head.id, history=0)
    assert loaded.conversation.context == {"page": "/pay"}
    assert loaded.profile == {"language": "nl"}
    with pytest.raises(NotFound):
        await store.set_context("nowhere", {}, "")


FACTS = [
    ({"name": "Ana"}, {"name": "Ben"}, {"name": "Ben"}),
    ({"name": "Ana"}, {"email": "a@b.test"}, {"name": "Ana", "email": "a@b.test"}),
    ({"name": "Ana"}, {"name": None}, {"name": "Ana"}),
    (
        {"name": "Ana", "verified": True},
        {"name": "Eve", "verified": False, "tier": "gold"},
        {"name": "Ana", "verified": True, "tier": "gold"},
    ),
    ({"name": "Eve"}, {"name": "Ana", "verified": True}, {"name": "Ana", "verified": True}),
    ({"name": "Ana", "verified": True}, {"name": "Ann", "verified": True}, {"name": "Ann", "verified": True}),
]


@pytest.mark.parametrize(("before", "said", "after"), FACTS)
async def test_what_platforms_say_of_a_person(
    store: Database, before: dict[str, Any], said: dict[str, Any], after: dict[str, Any]
) -> None:
    first = await hear(store, profile=before)
    await hear(store, profile=said)
    assert (await store.load(first.conversation.id, history=0)).profile == after


async def test_a_bot_learns_facts_but_never_over_verified_ones(store: Database) -> None:
    head = (await hear(store, profile={"name": "Ana", "verified": True, "size": "S"})).conversation
    facts = {"name": "Eve", "verified": False, "size": None, "color": "red", "shoe": 38}
    head = (await store.commit(commit(head, profile=facts))).conversation
    assert (await store.load(head.id, history=0)).profile == {
        "name": "Ana",
        "verified": True,
        "size": "S",
        "color": "red",
        "shoe": 38,
    }
    await store.commit(commit(head, profile={"color": None, "shoe": 39}))
    assert (await store.load(head.id, history=0)).profile["shoe"] == 39
    assert "color" not in (await store.load(head.id, history=0)).profile


async def test_a_bot_can_verify_nobody(store: Database) -> None:
    head = (await hear(store, profile={"name": "Ana"})).conversation
    await store.commit(commit(head, profile={"verified": True, "name": "Eve"}))
    assert (await store.load(head.id, history=0)).profile == {"name": "Eve"}


# Hostile input

STRINGS = [
    "",
    "a\0b",
    "👩🏽‍🚀 ñ 中文 עברית",
    "'; DROP TABLE messages; --",
    "\r\n\t\x1b[31m",
    "x" * 1_000_000,
    "\ufeff\uffff",
]


@pytest.mark.parametrize("text", STRINGS, ids=range(len(STRINGS)))
async def test_any_text_comes_back_letter_for_letter(
    store: Database, adapter: Opened, tmp_path: Path, clock: ManualClock, text: str
) -> None:
    short = text[:200]
    event = received(text, address=f"visitor{short}", external_id=f"id{short}", profile={"name": text})
    accepted = await store.accept(conversation(address=event.address, slots={"a": text}), event, "message-1")
    async with adapter(tmp_path, clock) as other:
        loaded = await other.load(accepted.conversation.id, history=1)
        assert loaded.pending == (accepted.message,)
        assert loaded.conversation == accepted.conversation
        assert loaded.profile == {"name": text}
        assert await other.message_by_external("web", event.external_id) == accepted.message
        assert await other.find_conversation("web", event.address) == accepted.conversation


BROKEN: list[dict[str, Any]] = [
    {"parts": (Text(text="half a \ud83d smile"),)},
    {"address": "half \ud83d"},
    {"external_id": "half \ud83d"},
    {"profile": {"name": "\ud83d"}},
    {"context": {"page": "\ud83d"}},
    {"context": {"page": object()}},
    {"at": NOON.replace(tzinfo=None)},
]


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
async def test_what_cannot_be_kept_is_refused_and_harms_nobody(store: Database, broken: dict[str, Any]) -> None:
    bad = received(**({"address": "eve"} | broken))
    results = await asyncio.gather(
        hear(store, "one"),
        store.accept(conversation(address=bad.address), bad, "message-bad"),
        hear(store, "two"),
        return_exceptions=True,
    )
    assert isinstance(results[1], Malformed)
    assert [one.message.seq for one in results if isinstance(one, Accepted) and one.message] == [1, 2]
    assert await store.find_conversation("web", "eve") is None


async def test_a_message_that_cannot_be_read_back_does_not_stop_its_conversation(
    store: Database, adapter: Opened, tmp_path: Path, clock: ManualClock
) -> None:
    """JSON has no word for NaN: what is written is null, and null is no latitude."""
    head = (await hear(store)).conversation
    nowhere = received(parts=(Location(latitude=float("nan"), longitude=0.0),))
    await store.accept(conversation(address="visitor"), nowhere, "message-2")
    await hear(store, "still here")
    async with adapter(tmp_path, clock) as other:
        pending = (await other.load(head.id, history=0)).pending
    assert [type(said.parts[0]) for said in pending] == [Text, Unsupported, Text]


async def test_a_page_of_any_size_is_kept(store: Database) -> None:
    cart = {"items": [{"sku": str(number), "price": 10**20 + number} for number in range(2000)]}
    head = (await hear(store, context=cart)).conversation
    assert (await store.load(head.id, history=0)).conversation.context == cart


# Reading what waits


async def test_load_knows_no_stranger(store: Database) -> None:
    with pytest.raises(NotFound, match="'nobody'"):
        await store.load("nobody", history=10)


async def test_what_waits_and_what_came_before(store: Database) -> None:
    head = (await hear(store, "one")).conversation
    answer, note = message(head, "answer"), message(head, "a note", role="agent", visibility="internal")
    await store.commit(commit(head, answer, note))
    await hear(store, "two")
    await hear(store, "three")
    loaded = await store.load(head.id, history=2)
    assert [said.parts for said in loaded.pending] == [texts("two"), texts("three")]
    assert [said.parts for said in loaded.history] == [texts("answer"), texts("a note")]
    assert [said.seq for said in (*loaded.history, *loaded.pending)] == [2, 3, 4, 5]
    assert (await store.load(head.id, history=0)).history == ()
    assert len((await store.load(head.id, history=200)).history) == 3


async def test_a_line_said_while_the_bot_answers_waits_and_the_answer_is_history(store: Database) -> None:
    head = (await hear(store, "one")).conversation
    await hear(store, "two")
    committed = await store.commit(commit(head, message(head, "answer to one")))
    assert committed.conversation.processed_seq == 1
    loaded = await store.load(head.id, history=10)
    assert [said.parts for said in loaded.pending] == [texts("two")]
    assert [said.parts for said in loaded.history] == [texts("one"), texts("answer to one")]


async def test_history_does_not_shrink_where_messages_were_read_with_none(store: Database) -> None:
    """Asking for no history must not make the store forget that there is some."""
    head = (await hear(store, "one")).conversation
    await store.commit(commit(head, message(head, "answer")))
    await store.load(head.id, history=0)
    assert len((await store.load(head.id, history=10)).history) == 2


async def test_a_long_conversation_loads_its_end(store: Database) -> None:
    head = (await hear(store, "0")).conversation
    for number in range(1, 150):
        head = (await store.commit(commit(head, message(head, str(number), at=later(number))))).conversation
    for history in (5, 20, 100, 149, 200):
        loaded = await store.load(head.id, history=history)
        expected = [texts(str(number)) for number in range(max(0, 150 - history), 150)]
        assert [said.parts for said in loaded.history] == expected
