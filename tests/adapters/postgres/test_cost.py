"""What a turn costs in PostgreSQL does not grow: on a million messages nothing is found by looking at every row."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import asyncpg
import pytest

from orchestrator.adapters.postgres.pool import connect
from orchestrator.adapters.postgres.store import PostgresStore
from orchestrator.types import Conversation
from tests.support.builders import NOON, commit, message
from tests.support.clock import ManualClock
from tests.support.hot import HOT
from tests.support.loop import next_tick
from tests.support.postgres import asked, opened, running
from tests.support.stores import Database, hear

CONVERSATIONS, LENGTH = 50_000, 20
MOST = 400
"""Rows any step of a plan may touch. Some lists are longer than what they show; none grows with the database."""
COUNTING = {"counts", "backlog"}
"""These count what waits: as much as waits, by an index that holds nothing else."""

AT = int(NOON.timestamp() * 1_000_000)
FILL = f"""
SET synchronous_commit = off;
ALTER TABLE messages SET UNLOGGED; ALTER TABLE conversations SET UNLOGGED; ALTER TABLE externals SET UNLOGGED;
ALTER TABLE traces SET UNLOGGED; ALTER TABLE customers SET UNLOGGED; ALTER TABLE identities SET UNLOGGED;
ALTER TABLE messages DROP CONSTRAINT messages_pkey; DROP INDEX messages_id;
INSERT INTO customers (id, app_id, created_at, updated_at)
    SELECT 'k' || n, 'shop', {AT} + n, {AT} + n FROM generate_series(1, {CONVERSATIONS}) n;
INSERT INTO identities (channel_id, address, app_id, customer_id, conversation_id)
    SELECT 'web', 'a' || n, 'shop', 'k' || n, 'c' || n FROM generate_series(1, {CONVERSATIONS}) n;
INSERT INTO conversations (id, app_id, customer_id, version, last_seq, processed_seq, customer_seq, status,
    controller_kind, controller_name, created_at, updated_at, head)
    SELECT 'c' || n, 'shop', 'k' || n, 10, {LENGTH}, {LENGTH}, 19, CASE n % 10 WHEN 0 THEN 'open' ELSE 'closed' END,
    'bot', 'guide', {AT} + n, {AT} + n, '{{}}' FROM generate_series(1, {CONVERSATIONS}) n;
INSERT INTO messages (id, app_id, conversation_id, channel_id, seq, role, author, at, external_id, parts)
    SELECT 'm' || n || '.' || s, 'shop', 'c' || n, 'web', s, CASE s % 2 WHEN 1 THEN 'customer' ELSE 'bot' END, 'x',
    {AT} + n, CASE s % 2 WHEN 1 THEN 'e' || n || '.' || s ELSE '' END, '[{{"kind": "text", "text": "hello"}}]'
    FROM generate_series(1, {CONVERSATIONS}) n, generate_series(1, {LENGTH}) s;
INSERT INTO externals (channel_id, external_id, conversation_id, message_id)
    SELECT 'web', 'e' || n || '.1', 'c' || n, 'm' || n || '.1' FROM generate_series(1, {CONVERSATIONS}) n;
INSERT INTO traces (id, app_id, conversation_id, at, body)
    SELECT 't' || n, 'shop', 'c' || n, {AT} + n, '{{}}' FROM generate_series(1, {CONVERSATIONS}) n;
INSERT INTO handoffs (id, app_id, conversation_id, state, offered_at, packet)
    SELECT 'h' || n, 'shop', 'c' || n, 'resolved', {AT} + n, '{{}}' FROM generate_series(1, 20000) n;
INSERT INTO outbox (id, app_id, conversation_id, channel_id, message_id, seq, due_at, state, external_id)
    SELECT 'o' || n, 'shop', 'c' || n, 'web', 'm' || n || '.2', 2, {AT} + n, 'delivered', 'w' || n
    FROM generate_series(1, 20000) n;
INSERT INTO late_answers (conversation_id, turn_id, actions, at)
    SELECT 'c' || n, 'turn', '[]', {AT} + n FROM generate_series(1, 5000) n;
INSERT INTO debts (message_id, target, app_id, conversation_id, at)
    SELECT 'm' || n || '.1', 'en', 'shop', 'c' || n, {AT} + n FROM generate_series(1, 5000) n;
ALTER TABLE messages ADD PRIMARY KEY (conversation_id, seq);
CREATE UNIQUE INDEX messages_id ON messages (id, conversation_id);
ANALYZE;
"""

Call = Callable[[Database, Conversation], Awaitable[Any]]


class Plans:
    """Every plan PostgreSQL has run since `clear`, those inside functions too; as auto_explain tells them."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []

    async def watched(self, url: str) -> Any:
        db: Any = await connect(url)
        await db.execute(
            "LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on; "
            "SET auto_explain.log_analyze = on; SET auto_explain.log_timing = off; "
            "SET auto_explain.log_format = json; SET auto_explain.log_level = notice"
        )
        db.add_log_listener(self.heard)
        return db

    def heard(self, _: Any, notice: asyncpg.PostgresLogMessage) -> None:
        _, plan, text = str(notice).partition("plan:\n")
        # asyncpg asks the catalog for types it does not know, once for each connection.
        if plan and "typeinfo_tree" not in text:
            self.found.append(json.loads(text))

    def steps(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for plan in self.found:
            for step in below(plan["Plan"]):
                yield plan["Query Text"], step


def below(step: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield step
    for inner in step.get("Plans", ()):
        yield from below(inner)


def touched(step: dict[str, Any]) -> float:
    removed = step.get("Rows Removed by Filter", 0) + step.get("Rows Removed by Index Recheck", 0)
    return float((step["Actual Rows"] + removed) * step["Actual Loops"])


@pytest.fixture(scope="module")
def plans() -> Plans:
    return Plans()


async def filled() -> str:
    """The database with a million messages, made once; what the tests of this file write to it is a handful."""
    server = await running()
    if "million" not in server.marks:
        name = await server.empty()
        async with opened(server.url(name)):
            pass
        db = await server.connect(name)
        await db.execute(FILL)
        await db.close()
        server.marks["million"] = server.url(name)
    return server.marks["million"]


@pytest.fixture
async def store(plans: Plans) -> AsyncIterator[PostgresStore]:
    url = await filled()
    made = PostgresStore(url, ManualClock())
    made.pool.make = lambda: plans.watched(url)
    await made.open()
    yield made
    await made.close()


MORE: list[tuple[str, Call]] = [
    ("queues", lambda store, head: store.queues()),
    ("backlog", lambda store, head: store.backlog(100)),
    ("dead", lambda store, head: store.dead("shop")),
    ("hold", lambda store, head: store.due(NOON, 10, hold=30)),
    ("held commit", lambda store, head: store.commit(commit(head, message(head), hold=30))),
    ("owed", lambda store, head: store.owed("shop", limit=10)),
    ("old traces", lambda store, head: store.prune("traces", NOON, 100)),
    ("old deliveries", lambda store, head: store.prune("deliveries", NOON, 100)),
    ("old conversations", lambda store, head: store.prune("conversations", NOON, 100)),
]


@pytest.mark.parametrize(("name", "call"), [*HOT, *MORE], ids=[name for name, _ in [*HOT, *MORE]])
async def test_a_million_messages_are_never_looked_through(
    store: PostgresStore, plans: Plans, name: str, call: Call
) -> None:
    head = (await hear(store, external_id=f"event {name}", address=f"visitor {name}")).conversation
    await next_tick()
    plans.found.clear()
    await call(store, head)
    await next_tick()
    assert plans.found
    for sql, step in plans.steps():
        assert step["Node Type"] != "Seq Scan" or small(step["Relation Name"]), (sql, step)
        if name not in COUNTING:
            assert touched(step) <= MOST, (sql, step)


def small(table: str) -> bool:
    """Tables of a row or a few, whatever the planner does with them."""
    return table in {"sweeps", "deployment", "agents", "api_keys", "sessions", "orphan_statuses", "reviewed", "usage"}


async def test_there_is_a_million(store: PostgresStore) -> None:
    (count,) = await asked(store.url, "SELECT count(*) FROM messages")
    assert count[0] >= CONVERSATIONS * LENGTH
