"""What a turn costs in SQLite does not grow: nothing is found by looking at every row, or read twice."""

import random
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.adapters.sqlite import SqliteStore
from orchestrator.adapters.sqlite.rows import Decoder
from orchestrator.adapters.sqlite.tails import Tails
from orchestrator.types import Commit, Conversation, Outgoing
from tests.support.builders import commit, handoff, later, message, outgoing, reference, trace
from tests.support.sqlite import opened
from tests.support.stores import hear


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "parley.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    async with opened(path) as made:
        yield made


# What is remembered decoded


class Steps:
    """What may happen to a conversation, some of it from another process."""

    def __init__(self, store: SqliteStore, other: SqliteStore, head: Conversation) -> None:
        self.store = store
        self.other = other
        self.head = head
        self.rows: list[Outgoing] = []

    async def hear(self) -> None:
        await hear(self.store, "one more thing")

    async def turn(self) -> None:
        loaded = await self.store.load(self.head.id, history=3)
        known = tuple(replace(said, language="es") for said in loaded.pending[:2])
        said = message(self.head, "answer")
        self.rows.append(outgoing(said, self.head))
        seq = known[-1].seq if known else loaded.conversation.processed_seq
        step = commit(loaded.conversation, said, understood=known, outbox=(self.rows[-1],))
        await self.store.commit(replace(step, conversation=replace(loaded.conversation, processed_seq=seq)))

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

    async def heard_elsewhere(self) -> None:
        await hear(self.other, "from elsewhere")

    async def answered_elsewhere(self) -> None:
        head = (await self.other.load(self.head.id, history=0)).conversation
        await self.other.commit(commit(head, message(head, "from elsewhere")))


def forget(store: SqliteStore) -> SqliteStore:
    store.decoder, store.tails = Decoder(), Tails()
    return store


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_remembered_is_what_the_file_says(store: SqliteStore, path: Path, seed: int) -> None:
    """After some random steps a store that remembers nothing must load the same."""
    chance = random.Random(seed)
    async with opened(path) as other:
        steps = Steps(store, other, (await hear(store)).conversation)
        often, rarely = [steps.hear, steps.turn], [steps.note, steps.withdraw, steps.sent, steps.page]
        choices = [*often * 3, *rarely, steps.heard_elsewhere, steps.answered_elsewhere]
        for _ in range(60):
            for _ in range(chance.randrange(1, 4)):
                await chance.choice(choices)()
            history, id = chance.choice([0, 1, 5, 20, 100]), steps.head.id
            assert await store.load(id, history=history) == await forget(other).load(id, history=history)


async def test_what_is_remembered_is_used(store: SqliteStore) -> None:
    """A turn of a conversation that goes on reads its head and not its log."""
    head = (await hear(store)).conversation
    for _ in range(3):
        await store.commit(commit((await store.load(head.id, history=20)).conversation, message(head)))
        await hear(store)
        statements: list[str] = []
        store.connections[1].set_trace_callback(statements.append)
        assert len((await store.load(head.id, history=20)).pending) == 1
        store.connections[1].set_trace_callback(None)
        assert len([sql for sql in statements if sql.startswith("SELECT")]) == 1


# Cost

SORTED = ("customer's", "deliveries")
"""These have few rows, all of which are wanted."""


HOT: list[tuple[str, Callable[[SqliteStore, Conversation], Awaitable[Any]]]] = [
    ("accept", lambda store, head: hear(store, external_id="new")),
    ("accept a stranger", lambda store, head: hear(store, address="new", external_id="new")),
    ("accept again", lambda store, head: hear(store, external_id="event")),
    ("load", lambda store, head: store.load(head.id, history=20)),
    ("commit", lambda store, head: store.commit(everything(head))),
    ("mark", lambda store, head: store.mark(head.id, replace(head.marks, desk_read=1))),
    ("context", lambda store, head: store.set_context(head.id, {"a": 1}, "nl")),
    ("late", lambda store, head: store.answer_late(head.id, "turn", ())),
    ("status", lambda store, head: store.status("web", "wamid", "read", "")),
    ("due", lambda store, head: store.due(later(0), 10)),
    ("unfinished", lambda store, head: store.unfinished(later(0), 10)),
    ("waiting", lambda store, head: store.waiting("shop", team="support")),
    ("counts", lambda store, head: store.counts()),
    ("messages", lambda store, head: store.messages(head.id, after=1)),
    ("public messages", lambda store, head: store.messages(head.id, public=True, limit=20)),
    ("find", lambda store, head: store.find_conversation("web", "visitor")),
    ("external", lambda store, head: store.message_by_external("web", "event")),
    ("queue", lambda store, head: store.conversations("shop", view="queue", team="support")),
    ("mine", lambda store, head: store.conversations("shop", view="mine", agent_id="ada")),
    ("all", lambda store, head: store.conversations("shop", before=later(0))),
    ("customer's", lambda store, head: store.conversations("shop", customer_id=head.customer_id)),
    ("handoffs", lambda store, head: store.handoffs("shop", state="offered", before=later(0))),
    ("its handoffs", lambda store, head: store.handoffs("shop", conversation_id=head.id)),
    ("customers", lambda store, head: store.customers("shop", before=later(0))),
    ("traces", lambda store, head: store.traces(head.id)),
    ("deliveries", lambda store, head: store.deliveries(head.id)),
    ("session", lambda store, head: store.session("digest", later(0))),
    ("agent", lambda store, head: store.agent_by_email("shop", "ada@shop.test")),
    ("key", lambda store, head: store.key("digest")),
]


def everything(head: Conversation) -> Commit:
    said, case = message(head), handoff(head)
    return commit(
        replace(head, handoff=reference(case)),
        said,
        understood=(message(head),),
        outbox=(outgoing(said, head),),
        handoff=case,
        trace=trace(head),
        profile={"size": "M"},
        withdraw_pending=True,
    )


def plan(db: sqlite3.Cursor, sql: str) -> list[str]:
    return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()]


def whole_table(step: str) -> bool:
    return step.startswith("SCAN") and "INDEX" not in step and "CONSTANT ROW" not in step


@pytest.mark.parametrize(("name", "call"), HOT, ids=[name for name, _ in HOT])
async def test_nothing_is_found_by_looking_at_every_row(
    store: SqliteStore, name: str, call: Callable[[SqliteStore, Conversation], Awaitable[Any]]
) -> None:
    head = (await hear(store, external_id="event")).conversation
    statements: list[str] = []
    for db in store.connections:
        db.set_trace_callback(statements.append)
    await call(store, head)
    for db in store.connections:
        db.set_trace_callback(None)
    asked = [sql for sql in statements if sql.startswith(("SELECT", "UPDATE", "INSERT", "DELETE"))]
    assert asked
    for sql in asked:
        steps = await store.read(plan, sql)
        assert not any(whole_table(step) for step in steps), (sql, steps)
        sorts = [step for step in steps if "FOR ORDER BY" in step]
        assert not sorts or name in SORTED, (sql, steps)
