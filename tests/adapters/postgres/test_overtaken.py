"""A person takes over while another process sends what a bot said: that goes before what they say, or not at all."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.adapters.postgres.store import PostgresStore
from orchestrator.types import Committed, Conversation, Outgoing, Role, SendReason
from tests.support.builders import NOON, commit, later, message, outgoing
from tests.support.clock import ManualClock
from tests.support.postgres import asked, opened, url_for
from tests.support.stores import hear

HOLD = 30.0


@pytest.fixture
async def url(tmp_path: Path) -> str:
    return await url_for(tmp_path)


@pytest.fixture
async def worker(url: str) -> AsyncIterator[PostgresStore]:
    async with opened(url, ManualClock()) as store:
        yield store


@pytest.fixture
async def other(url: str) -> AsyncIterator[PostgresStore]:
    async with opened(url, ManualClock()) as store:
        yield store


async def sending(store: PostgresStore, *, count: int = 1, role: Role = "bot") -> tuple[Conversation, list[Outgoing]]:
    """A conversation with so much to send, all of it held by the store's process."""
    head = (await hear(store)).conversation
    said = [message(head, f"line {number}", role=role) for number in range(count)]
    rows = [outgoing(one, head) for one in said]
    committed = await store.commit(commit(head, *said, outbox=tuple(rows), hold=HOLD))
    seqs = [one.seq for one in committed.messages]
    return committed.conversation, [replace(row, seq=seq) for row, seq in zip(rows, seqs, strict=True)]


async def taken_over(store: PostgresStore, head: Conversation, hold: float = HOLD) -> tuple[Committed, Outgoing]:
    """By an agent, whose notice is to be sent."""
    notice = message(head, "Ada joined", role="system")
    row = outgoing(notice, head)
    committed = await store.commit(commit(head, notice, outbox=(row,), withdraw_pending=True, hold=hold))
    return committed, row


def ids(rows: object) -> list[str]:
    return [row.id for row in rows]  # type: ignore[attr-defined]


async def withdrawn(store: PostgresStore, head: Conversation) -> list[bool]:
    return [said.withdrawn for said in await store.messages(head.id)]


async def test_the_notice_waits_for_what_is_being_sent(worker: PostgresStore, other: PostgresStore) -> None:
    head, (row, behind) = await sending(worker, count=2)
    committed, notice = await taken_over(other, head)
    assert not committed.held
    assert await other.due(NOON, 10, hold=HOLD) == []
    assert await withdrawn(other, head) == [False, False, True, False]
    assert behind.id not in ids(await other.deliveries(head.id))
    assert await worker.settle(replace(row, state="sent", done=1)) == [notice.id]
    assert ids(await other.due(NOON, 10, hold=HOLD)) == [notice.id]
    assert await withdrawn(other, head) == [False, False, True, False]


@pytest.mark.parametrize("state", ["pending", "failed"])
@pytest.mark.parametrize("done", [0, 1])
async def test_what_did_not_go_out_does_not_any_more(
    worker: PostgresStore, other: PostgresStore, state: str, done: int
) -> None:
    """Where a part of it did, the log goes on showing it."""
    head, (row,) = await sending(worker)
    committed, notice = await taken_over(other, head)
    tried = replace(row, state=state, done=done, attempts=1, due_at=later(60))  # type: ignore[arg-type]
    assert await worker.settle(tried) == [notice.id]
    assert ids(await other.deliveries(head.id)) == [notice.id]
    assert ids(await other.due(NOON, 10, hold=HOLD)) == [notice.id]
    assert await withdrawn(other, head) == [False, not done, False]
    version = (await other.load(head.id, history=0)).conversation.version
    assert version == committed.conversation.version + (not done)


async def test_what_the_platform_never_answered_to_may_have_arrived(
    worker: PostgresStore, other: PostgresStore
) -> None:
    head, (row,) = await sending(worker)
    _, notice = await taken_over(other, head)
    tried = replace(row, attempts=1, due_at=later(60), reason="unanswered", error="no answer")
    assert await worker.settle(tried) == [notice.id]
    found = [(one.state, one.reason) for one in await other.deliveries(head.id)]
    assert found == [("unknown", "unknown"), ("pending", "")]
    assert await withdrawn(other, head) == [False, False, False]


async def test_of_what_a_dead_worker_was_sending_nobody_knows(
    worker: PostgresStore, other: PostgresStore, url: str
) -> None:
    head, (row,) = await sending(worker)
    _, notice = await taken_over(other, head)
    await asked(url, "UPDATE outbox SET held_until = held_until - interval '29 seconds'")
    assert await other.due(NOON, 10, hold=HOLD) == []
    await asked(url, "UPDATE outbox SET held_until = held_until - interval '2 seconds'")
    unsure, next_one = await other.due(NOON, 10, hold=HOLD)
    assert (unsure.id, unsure.state, unsure.reason) == (row.id, "unknown", "unknown")
    assert (next_one.id, next_one.state) == (notice.id, "pending")
    assert ids(await other.due(NOON, 10, hold=HOLD)) == [notice.id]
    assert await withdrawn(other, head) == [False, False, False]
    await worker.settle(replace(row, state="sent", done=1))  # it only slept
    assert (await other.deliveries(head.id))[0].state == "sent"


async def test_the_version_before_sends_no_more_of_it_either(
    worker: PostgresStore, other: PostgresStore, url: str
) -> None:
    head, _ = await sending(worker)
    _, notice = await taken_over(other, head)
    await asked(url, "UPDATE outbox SET held_until = held_until - interval '31 seconds'")
    moment = round(NOON.timestamp() * 1_000_000)
    assert await asked(url, "SELECT id FROM parley_due_1($1, 10, 'old', 30)", moment) == [(notice.id,)]


async def test_who_sends_it_does_not_hold_it_anew(worker: PostgresStore, other: PostgresStore) -> None:
    """It would keep the notice waiting for ever."""
    head, (row,) = await sending(worker)
    assert ids(await worker.due(NOON, 10, hold=HOLD)) == [row.id]
    await taken_over(other, head)
    assert await worker.due(NOON, 10, hold=HOLD) == []


async def test_who_sends_it_may_send_the_notice_next(worker: PostgresStore) -> None:
    head, (row,) = await sending(worker)
    committed, notice = await taken_over(worker, head)
    assert committed.held
    assert await worker.settle(replace(row, state="sent", done=1)) == [notice.id]


async def test_what_nobody_sends_is_withdrawn_at_once(worker: PostgresStore, other: PostgresStore) -> None:
    head, rows = await sending(worker, count=2)
    await worker.let_go(ids(rows))
    committed, notice = await taken_over(other, head)
    assert committed.held
    assert ids(await other.deliveries(head.id)) == [notice.id]
    assert await withdrawn(other, head) == [False, True, True, False]


async def test_what_may_have_gone_out_long_ago_is_not_called_withdrawn(
    worker: PostgresStore, other: PostgresStore, url: str
) -> None:
    head, (row,) = await sending(worker)
    await asked(url, "UPDATE outbox SET held_until = held_until - interval '31 seconds'")
    _, notice = await taken_over(other, head)
    assert [(one.id, one.state) for one in await other.due(NOON, 10, hold=HOLD)] == [
        (row.id, "unknown"),
        (notice.id, "pending"),
    ]
    assert await withdrawn(other, head) == [False, False, False]


@pytest.mark.parametrize("reason", ["", "unanswered"])
async def test_what_the_platform_says_went_out_stays_in_the_log(
    worker: PostgresStore, other: PostgresStore, reason: SendReason
) -> None:
    """Though its answer to whoever sent it was lost."""
    head, (row,) = await sending(worker)
    _, notice = await taken_over(other, head)
    await other.status("web", "wamid.9", "delivered", "", f"{row.id}.0")
    assert await worker.settle(replace(row, attempts=1, reason=reason, error="it hung up")) == [notice.id]
    assert await withdrawn(other, head) == [False, False, False]
    states = [(one.id, one.state) for one in await other.deliveries(head.id)]
    assert states == [*([(row.id, "delivered")] if reason else []), (notice.id, "pending")]


async def test_what_people_said_stays_in_line(worker: PostgresStore, other: PostgresStore, url: str) -> None:
    head, (row,) = await sending(worker, role="agent")
    _, notice = await taken_over(other, head)
    await asked(url, "UPDATE outbox SET held_until = held_until - interval '31 seconds'")
    assert ids(await other.due(NOON, 10, hold=HOLD)) == [row.id]
    await other.settle(replace(row, due_at=later(60)))
    assert ids(await other.deliveries(head.id)) == [row.id, notice.id]


async def test_what_somebody_revives_is_sent(worker: PostgresStore, other: PostgresStore) -> None:
    head, (row,) = await sending(worker)
    await taken_over(other, head)
    await other.refuse(head.id, "opted_out", "STOP")
    await other.revive("shop", row.id, NOON)
    assert ids(await other.due(NOON, 10, hold=HOLD)) == [row.id]
