"""What a turn costs in SQLite does not grow: nothing is found by looking at every row, or read twice."""

import random
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.adapters.sql.rows import Decoder
from orchestrator.adapters.sql.tails import Tails
from orchestrator.adapters.sqlite import SqliteStore
from orchestrator.types import Conversation, Outgoing
from tests.support.builders import commit, message, outgoing
from tests.support.hot import HOT
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
