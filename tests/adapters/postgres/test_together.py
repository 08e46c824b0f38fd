"""Several processes on one database, as several stores: each keeps its own memory and its own connections."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.adapters.postgres.store import PostgresStore
from orchestrator.errors import Fenced
from orchestrator.types import Committed, Conversation, Marks, Outgoing
from tests.support.builders import NOON, commit, later, message, outgoing, texts, trace
from tests.support.clock import ManualClock
from tests.support.postgres import asked, opened, url_for
from tests.support.stores import hear

HOLD = 30.0


@pytest.fixture
async def url(tmp_path: Path) -> str:
    return await url_for(tmp_path)


@pytest.fixture
async def stores(url: str) -> AsyncIterator[list[PostgresStore]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(opened(url, ManualClock())) for _ in range(3)]


# Accepting


async def test_the_same_event_from_every_side_at_once_is_one_message(stores: list[PostgresStore]) -> None:
    """New visitors, whose conversations are opened by all of them at the same moment."""
    for visitor in range(20):
        name = f"visitor {visitor}"
        wanted = [hear(store, external_id=name, address=name) for store in stores for _ in range(2)]
        accepted = await asyncio.gather(*wanted)
        assert [one.duplicate for one in accepted].count(False) == 1
        assert len({one.conversation.id for one in accepted}) == 1
        assert len({one.message.id for one in accepted if one.message}) == 1


async def test_the_same_events_in_any_order_are_numbered_without_a_gap(stores: list[PostgresStore], url: str) -> None:
    chance = random.Random(5)
    events = [(f"visitor {number % 7}", f"event {number}") for number in range(140)]
    calls = []
    for store in stores:
        chance.shuffle(events)
        calls += [hear(store, address=address, external_id=event) for address, event in events]
    accepted = await asyncio.gather(*calls)
    assert [one.duplicate for one in accepted].count(False) == len(events)
    rows = await asked(url, "SELECT conversation_id, seq FROM messages ORDER BY 1, 2")
    assert len(rows) == len(events)
    for head in {one.conversation.id for one in accepted}:
        assert [seq for id, seq in rows if id == head] == list(range(1, 21))
    assert len(await asked(url, "SELECT FROM identities")) == len(await asked(url, "SELECT FROM conversations")) == 7
    assert len(await asked(url, "SELECT FROM customers")) == 7


async def test_one_event_under_two_addresses_from_two_sides_is_one_message(
    stores: list[PostgresStore], url: str
) -> None:
    for number in range(20):
        for store in stores:
            await hear(store, address=f"{number} of {id(store)}")
        calls = [hear(store, address=f"{number} of {id(store)}", external_id=f"shared {number}") for store in stores]
        accepted = await asyncio.gather(*calls)
        assert [one.duplicate for one in accepted].count(False) == 1
    gaps = "SELECT conversation_id FROM messages GROUP BY 1 HAVING max(seq) <> count(*)"
    assert await asked(url, gaps) == []


async def test_facts_from_all_sides_are_all_kept(stores: list[PostgresStore]) -> None:
    calls = [hear(store, profile={f"fact {number} of {place}": number})
             for place, store in enumerate(stores) for number in range(20)]  # fmt: skip
    head = (await asyncio.gather(*calls))[0].conversation
    assert len((await stores[0].load(head.id, history=0)).profile) == 60


# The fence


async def test_of_turns_on_all_sides_one_commits(stores: list[PostgresStore]) -> None:
    heads = [(await hear(stores[0], address=str(number))).conversation for number in range(20)]
    calls = [store.commit(commit(head, message(head))) for store in stores for head in heads]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(one) for one in results].count(Committed) == len(heads)
    assert [type(one) for one in results].count(Fenced) == 2 * len(heads)
    for head in heads:
        assert len(await stores[1].messages(head.id)) == 2


class Steps:
    """What may happen to a conversation, by any of the processes."""

    def __init__(self, stores: list[PostgresStore], head: Conversation, chance: random.Random) -> None:
        self.stores = stores
        self.head = head
        self.chance = chance
        self.rows: list[Outgoing] = []

    @property
    def store(self) -> PostgresStore:
        return self.chance.choice(self.stores)

    async def hear(self) -> None:
        await hear(self.store, "one more thing")

    async def turn(self) -> None:
        store = self.store
        loaded = await store.load(self.head.id, history=3)
        known = tuple(replace(said, language="es") for said in loaded.pending[:2])
        said = message(self.head, "answer")
        self.rows.append(outgoing(said, self.head))
        seq = known[-1].seq if known else loaded.conversation.processed_seq
        step = commit(loaded.conversation, said, understood=known, outbox=(self.rows[-1],))
        await store.commit(replace(step, conversation=replace(loaded.conversation, processed_seq=seq)))

    async def note(self) -> None:
        head = (await self.store.load(self.head.id, history=0)).conversation
        await self.store.commit(commit(head, message(head, role="agent", visibility="internal")))

    async def withdraw(self) -> None:
        head = (await self.store.load(self.head.id, history=0)).conversation
        await self.store.commit(commit(head, message(head, role="agent"), withdraw_pending=True))

    async def sent(self) -> None:
        for row in self.rows:
            await self.store.settle(replace(row, state="sent"))

    async def page(self) -> None:
        await self.store.set_context(self.head.id, {"page": len(self.rows)}, "nl")


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_remembered_is_never_stale(stores: list[PostgresStore], url: str, seed: int) -> None:
    """After random steps on every side each loads what a process that remembers nothing would."""
    chance = random.Random(seed)
    steps = Steps(stores, (await hear(stores[0])).conversation, chance)
    choices = [*[steps.hear, steps.turn] * 3, steps.note, steps.withdraw, steps.sent, steps.page]
    async with opened(url) as blank:
        for _ in range(25):
            for _ in range(chance.randrange(1, 4)):
                await chance.choice(choices)()
            history = chance.choice([0, 1, 5, 20, 100])
            blank.decoder, blank.tails = type(blank.decoder)(), type(blank.tails)()
            truth = await blank.load(steps.head.id, history=history)
            for store in stores:
                assert await store.load(steps.head.id, history=history) == truth


# Sending


async def queued(store: PostgresStore, count: int, address: str, hold: float = 0.0) -> Conversation:
    head = (await hear(store, address=address)).conversation
    said = [message(head, f"line {number}") for number in range(count)]
    rows = tuple(outgoing(one, head) for one in said)
    return (await store.commit(commit(head, *said, outbox=rows, hold=hold))).conversation


def ids(rows: object) -> list[str]:
    return [row.id for row in rows]  # type: ignore[attr-defined]


async def test_no_row_is_handed_to_two(stores: list[PostgresStore]) -> None:
    for number in range(30):
        await queued(stores[0], 2, f"visitor {number}")
    found = await asyncio.gather(*(store.due(NOON, 20, hold=HOLD) for store in stores))
    taken = [row.id for rows in found for row in rows]
    assert len(taken) == len(set(taken)) == 30
    for store, rows in zip(stores, found, strict=True):
        assert set(ids(await store.due(NOON, 100, hold=HOLD))) == set(ids(rows))


async def test_a_hold_ends_by_the_clock_of_the_database(stores: list[PostgresStore]) -> None:
    """The stores' own clocks stand still, and must not matter."""
    await queued(stores[0], 1, "visitor")
    (row,) = await stores[0].due(NOON, 10, hold=0.05)
    async with asyncio.timeout(10):
        while not (found := await stores[1].due(NOON, 10, hold=HOLD)):
            pass
    assert found == [row]
    assert await stores[0].due(NOON, 10, hold=HOLD) == []


async def test_who_settles_or_lets_go_holds_no_longer(stores: list[PostgresStore]) -> None:
    mine, yours, _ = stores
    await queued(mine, 2, "visitor")
    (first,) = await mine.due(NOON, 10, hold=HOLD)
    assert await yours.due(NOON, 10, hold=HOLD) == []
    left = await mine.settle(replace(first, state="sent"))
    (second,) = await yours.due(NOON, 10, hold=HOLD)
    assert left == [second.id]
    await mine.let_go([second.id])
    assert await mine.due(NOON, 10, hold=HOLD) == []
    await yours.let_go([second.id])
    assert ids(await mine.due(NOON, 10, hold=HOLD)) == [second.id]


async def test_who_commits_with_a_hold_sends_it_alone(stores: list[PostgresStore]) -> None:
    mine, yours, _ = stores
    await queued(mine, 1, "visitor", hold=HOLD)
    assert await yours.due(NOON, 10, hold=HOLD) == []
    assert len(await mine.due(NOON, 10, hold=HOLD)) == 1


async def test_what_another_may_be_sending_comes_first(stores: list[PostgresStore]) -> None:
    mine, yours, _ = stores
    head = await queued(mine, 1, "visitor", hold=HOLD)
    said = message(head, "from the other side")
    behind = await yours.commit(commit(head, said, outbox=(outgoing(said, head),), hold=HOLD))
    assert not behind.held
    head = behind.conversation
    said = message(head, "and another of mine")
    assert not (await mine.commit(commit(head, said, outbox=(outgoing(said, head),), hold=HOLD))).held
    (row,) = await mine.due(NOON, 10, hold=HOLD)
    assert await yours.due(NOON, 10, hold=HOLD) == []
    assert len(await mine.settle(replace(row, state="sent"))) == 2
    assert len(await yours.due(NOON, 10, hold=HOLD)) == 1


async def test_the_next_of_my_own_is_mine_to_send_at_once(stores: list[PostgresStore]) -> None:
    head = await queued(stores[0], 1, "visitor", hold=HOLD)
    said = message(head, "the next")
    assert (await stores[0].commit(commit(head, said, outbox=(outgoing(said, head),), hold=HOLD))).held


async def test_what_waits_to_be_tried_again_is_anybodys(stores: list[PostgresStore]) -> None:
    mine, yours, _ = stores
    await queued(mine, 1, "visitor", hold=HOLD)
    (row,) = await mine.due(NOON, 10, hold=HOLD)
    await mine.settle(replace(row, attempts=1, due_at=later(5)))
    assert ids(await yours.due(later(5), 10, hold=HOLD)) == [row.id]


async def test_who_lost_its_hold_takes_nothing_from_who_has_it(stores: list[PostgresStore], url: str) -> None:
    """It slept through it: what it says of a failure is no news, what it has sent is."""
    mine, yours, _ = stores
    head = await queued(mine, 1, "visitor", hold=HOLD)
    (row,) = await mine.due(NOON, 10, hold=HOLD)
    await asked(url, "UPDATE outbox SET held_until = clock_timestamp() - interval '1 second'")
    assert len(await yours.due(NOON, 10, hold=HOLD)) == 1
    await mine.settle(replace(row, attempts=5, state="failed", error="too slow"))
    (now,) = await yours.deliveries(head.id)
    assert (now.state, now.attempts) == ("pending", 0)
    assert await mine.due(NOON, 10, hold=HOLD) == []
    await mine.settle(replace(row, attempts=1, state="sent"))
    assert [one.state for one in await yours.deliveries(head.id)] == ["sent"]


async def test_a_receipt_and_the_id_it_is_about_may_cross(stores: list[PostgresStore]) -> None:
    for number in range(20):
        head = await queued(stores[0], 1, f"visitor {number}")
        (row,) = await stores[0].deliveries(head.id)
        sent = replace(row, state="sent", external_id=f"wamid.{number}")
        await asyncio.gather(stores[0].settle(sent), stores[1].status("web", f"wamid.{number}", "read", ""))
        assert [one.state for one in await stores[2].deliveries(head.id)] == ["read"]


# Everything at once


async def test_the_sweep_is_shared(stores: list[PostgresStore]) -> None:
    heads = {(await hear(stores[0], address=str(number))).conversation.id for number in range(9)}
    found = [await store.unfinished(NOON, 3) for store in stores]
    assert [len(part) for part in found] == [3, 3, 3]
    assert {id for part in found for id in part} == heads


async def test_nobody_waits_for_anybody_in_a_circle(stores: list[PostgresStore], url: str) -> None:
    """All kinds of writes, on a few conversations, from every side: PostgreSQL counts deadlocks."""
    chance = random.Random(7)
    heads = [(await hear(stores[0], address=str(number), profile={"n": 0})).conversation for number in range(5)]
    rows = [(await queued(stores[0], 1, f"sent {number}")).id for number in range(5)]
    deliveries = [row for id in rows for row in await stores[0].deliveries(id)]

    async def one(store: PostgresStore, number: int) -> None:
        head = chance.choice(heads)
        match number % 6:
            case 0:
                await hear(store, address=head.address, profile={"n": number})
            case 1:
                loaded = (await store.load(head.id, history=5)).conversation
                try:
                    step = commit(loaded, message(loaded), trace=trace(loaded), profile={"m": number})
                    await store.commit(replace(step, withdraw_pending=True))
                except Fenced:
                    return
            case 2:
                await store.mark(head.id, Marks(customer_read=number, desk_read=number))
            case 3:
                await store.set_context(head.id, {"page": number}, "nl")
            case 4:
                row = chance.choice(deliveries)
                await store.settle(replace(row, state="sent", external_id=f"wamid.{row.id}"))
            case _:
                await store.status("web", f"wamid.{chance.choice(deliveries).id}", "read", "")

    before = await asked(url, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    async with asyncio.timeout(20):
        await asyncio.gather(*(one(store, number) for number in range(240) for store in stores))
    after = await asked(url, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert before == after
    assert await asked(url, "SELECT conversation_id FROM messages GROUP BY 1 HAVING max(seq) <> count(*)") == []
    assert [said.parts for said in await stores[0].messages(heads[0].id, limit=1000)][0] == texts("hello")


async def test_an_address_whose_conversation_another_removed_begins_a_new_one(stores: list[PostgresStore]) -> None:
    mine, yours, _ = stores
    calls = [hear(mine, address=str(number), context={"page": "/"}) for number in range(3)]
    heads = [one.conversation for one in await asyncio.gather(*calls)]
    await mine.commit(commit(replace(heads[1], status="closed")))
    assert await yours.prune("conversations", later(1), 10) == 1
    again = await asyncio.gather(*(hear(mine, "again", address=str(number), context={"a": 1}) for number in range(3)))
    assert [one.conversation.last_seq for one in again] == [2, 1, 2]
    assert again[1].conversation.id != heads[1].id
    assert [one.conversation.context for one in again] == [{"a": 1}] * 3
    assert (await yours.load(again[1].conversation.id, history=0)).pending == (again[1].message,)
