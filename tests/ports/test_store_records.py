"""What every Store shows to desk and API: views, pages, and never another app's rows."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.errors import NotFound
from orchestrator.types import Controller, Conversation, Handoff, Packet
from tests.support.builders import (
    commit,
    handoff,
    later,
    message,
    outgoing,
    packet,
    reference,
    texts,
    trace,
)
from tests.support.stores import Database, hear


async def begun(store: Database, address: str, at: float = 0, **changes: Any) -> Conversation:
    """A conversation whose head was changed at that second."""
    head = (await hear(store, address=address)).conversation
    changed = replace(head, updated_at=later(at), **changes)
    return (await store.commit(commit(changed, at=later(at)))).conversation


async def at_desk(store: Database, address: str, at: float, agent_id: str = "", team: str = "support") -> Conversation:
    head = (await hear(store, address=address)).conversation
    case = handoff(head, team=team, agent_id=agent_id, offered_at=later(at))
    desk = replace(
        head, controller=Controller(kind="desk", name=agent_id), handoff=reference(case), updated_at=later(at)
    )
    return (await store.commit(commit(desk, handoff=case))).conversation


def ids(found: Any) -> list[str]:
    return [one.id for one in found]


# Conversations


async def test_one_conversation(store: Database) -> None:
    head = await begun(store, "ana")
    assert await store.conversation("shop", head.id) == head
    assert await store.find_conversation("web", "ana") == head
    assert await store.find_conversation("web", "ben") is None
    assert await store.find_conversation("sms", "ana") is None


async def test_views(store: Database) -> None:
    bot = await begun(store, "a", 1)
    waiting = await at_desk(store, "b", 2)
    orders = await at_desk(store, "c", 3, team="orders")
    mine = await at_desk(store, "d", 4, agent_id="ada")
    theirs = await at_desk(store, "e", 5, agent_id="bob")
    closed = await begun(store, "f", 6, status="closed")
    assert await store.conversations("shop") == [closed, theirs, mine, orders, waiting, bot]
    assert await store.conversations("shop", view="open") == [theirs, mine, orders, waiting, bot]
    assert await store.conversations("shop", view="queue") == [orders, waiting]
    assert await store.conversations("shop", view="queue", team="orders") == [orders]
    assert await store.conversations("shop", view="mine", agent_id="ada") == [mine]
    assert await store.conversations("shop", customer_id=mine.customer_id) == [mine]
    assert await store.conversations("bank") == []


async def test_conversations_page_by_page(store: Database) -> None:
    heads = [await begun(store, f"visitor {number}", number) for number in range(7)]
    found: list[Conversation] = []
    while page := await store.conversations("shop", before=found[-1].updated_at if found else None, limit=3):
        found.extend(page)
    assert found == heads[::-1]


async def test_paging_loses_none_of_those_that_changed_at_the_same_moment(store: Database) -> None:
    heads = [await begun(store, f"visitor {number}", number // 4) for number in range(10)]
    found: list[Conversation] = []
    while page := await store.conversations("shop", before=found[-1].updated_at if found else None, limit=3):
        found.extend(page)
    assert sorted(ids(found)) == ids(heads)


async def test_no_page_holds_nothing(store: Database) -> None:
    await begun(store, "ana")
    assert await store.conversations("shop", limit=0) == []
    assert await store.conversations("shop", limit=-1) == []
    assert await store.conversations("shop", limit=10**30) != []


# Messages


async def test_messages_page_by_page(store: Database) -> None:
    head = (await hear(store, "1")).conversation
    committed = await store.commit(commit(head, *(message(head, str(number)) for number in range(2, 11))))
    assert committed.conversation.last_seq == 10

    async def seqs(**page: Any) -> list[int]:
        return [said.seq for said in await store.messages(head.id, **page)]

    assert await seqs() == list(range(1, 11))
    assert await seqs(limit=3) == [8, 9, 10]
    assert await seqs(after=3, limit=3) == [4, 5, 6]
    assert await seqs(before=4) == [1, 2, 3]
    assert await seqs(before=8, limit=3) == [5, 6, 7]
    assert await seqs(after=2, before=6) == [3, 4, 5]
    assert await seqs(after=10) == []
    assert await seqs(after=-5, limit=2) == await seqs(limit=2)
    assert await seqs(after=10**30) == []
    assert await store.messages("nobody") == []


async def test_the_customer_sees_no_internal_notes(store: Database) -> None:
    head = (await hear(store, "1")).conversation
    await store.commit(commit(head, message(head, "note", visibility="internal"), message(head, "answer")))
    assert [said.seq for said in await store.messages(head.id, public=True)] == [1, 3]
    assert [said.seq for said in await store.messages(head.id, public=True, after=1, limit=1)] == [3]


async def test_one_message(store: Database) -> None:
    said = (await hear(store, external_id="event")).message
    assert said is not None
    assert await store.message("shop", said.id) == said
    assert await store.message_by_external("web", "event") == said
    assert await store.message_by_external("sms", "event") is None


# Customers


async def test_customers(store: Database) -> None:
    heads = []
    for number in range(3):
        fresh = (await hear(store, address=f"visitor {number}", profile={"name": str(number)})).conversation
        heads.append(fresh)
    await store.commit(commit(heads[0], at=later(60), profile={"size": "M"}))
    found = await store.customers("shop")
    assert sorted(ids(found)) == sorted(head.customer_id for head in heads)
    assert await store.customer("shop", heads[1].customer_id) in found
    first = await store.customer("shop", heads[0].customer_id)
    assert (first.profile, first.updated_at) == ({"name": "0", "size": "M"}, later(60))
    assert (await store.customers("shop", limit=1))[0] == first
    assert first not in await store.customers("shop", before=later(60))


# Handoffs


async def test_handoffs_and_who_waits(store: Database) -> None:
    heads = [await begun(store, f"visitor {number}") for number in range(4)]
    cases = [handoff(head, offered_at=later(number)) for number, head in enumerate(heads)]
    cases[1] = replace(cases[1], team="orders")
    cases[2] = replace(cases[2], state="accepted", agent_id="ada", accepted_at=later(9))
    for head, case in zip(heads, cases, strict=True):
        await store.commit(commit(head, handoff=case))
    assert await store.handoffs("shop") == cases[::-1]
    assert await store.handoffs("shop", state="accepted") == [cases[2]]
    assert await store.handoffs("shop", conversation_id=heads[1].id) == [cases[1]]
    assert await store.handoffs("shop", before=later(2), limit=1) == [cases[1]]
    assert await store.handoffs("bank") == []

    def bare(case: Handoff) -> Handoff:
        return replace(case, packet=Packet(reason=case.reason, rule=""))

    waiting = sorted(await store.waiting("shop"), key=lambda case: case.offered_at)
    assert waiting == [bare(cases[0]), bare(cases[1]), bare(cases[3])]
    assert await store.waiting("shop", team="orders") == [bare(cases[1])]
    assert await store.waiting("bank") == []


# Traces and deliveries


async def test_traces_newest_first(store: Database) -> None:
    head = await begun(store, "ana")
    made = []
    for number in range(3):
        made.append(trace(head, at=later(number)))
        head = (await store.commit(commit(head, trace=made[-1]))).conversation
    assert await store.traces(head.id) == made[::-1]
    assert await store.traces(head.id, limit=2) == made[:0:-1]
    assert await store.trace("shop", made[0].id) == made[0]
    assert await store.traces("nobody") == []


async def test_counts(store: Database) -> None:
    nothing = dict.fromkeys(
        ("unprocessed", "outbox_pending", "outbox_failed", "handoffs_waiting", "conversations_open"), 0
    )
    assert await store.counts() == nothing
    head = (await hear(store, address="ana")).conversation
    said = [message(head), message(head)]
    rows = [outgoing(one, head) for one in said]
    await store.commit(commit(head, *said, outbox=tuple(rows), handoff=handoff(head)))
    await store.settle(replace(rows[0], state="failed"))
    await hear(store, address="ben")
    await begun(store, "eve", status="closed")
    assert await store.counts() == {
        "unprocessed": 1,
        "outbox_pending": 1,
        "outbox_failed": 1,
        "handoffs_waiting": 1,
        "conversations_open": 2,
    }


# Tenants


async def test_another_apps_rows_do_not_exist(store: Database) -> None:
    head = (await hear(store)).conversation
    said, case, record = message(head), handoff(head, packet=packet()), trace(head)
    await store.commit(commit(head, said, handoff=case, trace=record))
    asked: list[tuple[Callable[[str, str], Awaitable[Any]], str]] = [
        (store.conversation, head.id),
        (store.message, said.id),
        (store.customer, head.customer_id),
        (store.handoff, case.id),
        (store.trace, record.id),
    ]
    for ask, id in asked:
        assert await ask("shop", id) is not None
        with pytest.raises(NotFound, match=id):
            await ask("bank", id)
        with pytest.raises(NotFound):
            await ask("shop", f"{id} ' OR 1 = 1")


async def test_what_was_written_is_read_at_once(store: Database) -> None:
    """Read your writes: a read that begins after a write returned sees it."""

    async def one(number: int) -> None:
        head = (await hear(store, str(number), address=str(number))).conversation
        assert (await store.load(head.id, history=0)).pending[0].parts == texts(str(number))
        await store.commit(commit(head, message(head)))
        assert len(await store.messages(head.id)) == 2

    await asyncio.gather(*(one(number) for number in range(50)))
