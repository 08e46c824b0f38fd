"""What every Store keeps of what is to be sent: order, retries, states that move forward only."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from orchestrator.types import Conversation, DeliveryState, Outgoing, Rendering, Role, Text
from tests.support.builders import NOON, commit, later, message, outgoing
from tests.support.clock import ManualClock
from tests.support.stores import Database, hear


async def queued(store: Database, count: int, address: str = "visitor") -> tuple[Conversation, list[Outgoing]]:
    """A conversation with so many messages to send, and its outbox as the store has it."""
    head = (await hear(store, address=address)).conversation
    said = [message(head, f"line {number}") for number in range(count)]
    rows = [outgoing(one, head) for one in said]
    committed = await store.commit(commit(head, *said, outbox=tuple(rows)))
    seqs = [one.seq for one in committed.messages]
    return committed.conversation, [replace(row, seq=seq) for row, seq in zip(rows, seqs, strict=True)]


async def sent(store: Database, row: Outgoing, external_id: str = "") -> None:
    await store.settle(replace(row, state="sent", done=1, attempts=1, external_id=external_id))


async def states(store: Database, head: Conversation) -> list[DeliveryState]:
    return [row.state for row in await store.deliveries(head.id)]


async def test_one_at_a_time_in_order(store: Database) -> None:
    _, rows = await queued(store, 3)
    for row in rows:
        assert await store.due(NOON, 10) == [row]
        await sent(store, row)
    assert await store.due(NOON, 10) == []


@pytest.mark.parametrize("role", ["bot", "agent", "system"])
async def test_who_says_it_is_kept(store: Database, role: Role) -> None:
    head = (await hear(store)).conversation
    said = message(head)
    spoken = tuple(Rendering(parts=(Text(text=text),), role=role) for text in ("one", "two"))
    await store.commit(commit(head, said, outbox=(outgoing(said, head, renderings=spoken),)))
    assert [row.renderings for row in await store.due(NOON, 10)] == [spoken]


async def test_conversations_do_not_wait_for_each_other(store: Database) -> None:
    first = [(await queued(store, 2, f"visitor {number}"))[1][0] for number in range(5)]
    found = await store.due(NOON, 10)
    assert sorted(row.id for row in found) == [row.id for row in first]
    assert len(await store.due(NOON, 3)) == 3


async def test_nothing_is_due_before_its_time(store: Database) -> None:
    head = (await hear(store)).conversation
    said = message(head)
    await store.commit(commit(head, said, outbox=(outgoing(said, head, due_at=later(60)),)))
    assert await store.due(later(59), 10) == []
    assert len(await store.due(later(60), 10)) == 1


async def test_a_later_message_waits_for_one_that_is_tried_again(store: Database) -> None:
    head, (first, second) = await queued(store, 2)
    retried = replace(first, attempts=1, due_at=later(30), error="platform is down")
    await store.settle(retried)
    assert await store.due(later(29), 10) == []
    said = message(head, "even later")
    await store.commit(commit(head, said, outbox=(outgoing(said, head),)))
    assert await store.due(later(29), 10) == []
    assert await store.due(later(30), 10) == [retried]
    await sent(store, retried)
    assert [row.id for row in await store.due(later(30), 10)] == [second.id]


async def test_a_dead_letter_blocks_nobody(store: Database) -> None:
    head, (first, second) = await queued(store, 2)
    await store.settle(replace(first, state="failed", attempts=8, error="refused"))
    assert [row.id for row in await store.due(NOON, 10)] == [second.id]
    assert await states(store, head) == ["failed", "pending"]
    assert (await store.deliveries(head.id))[0].error == "refused"


async def test_what_is_settled_comes_back(store: Database) -> None:
    head, (row,) = await queued(store, 1)
    settled = replace(row, attempts=2, done=1, due_at=later(9), external_id="wamid.1", error="half of it")
    await store.settle(settled)
    assert await store.deliveries(head.id) == [settled]


PROGRESS: list[tuple[Sequence[DeliveryState], DeliveryState]] = [
    (("delivered", "read"), "read"),
    (("read", "delivered"), "read"),
    (("delivered", "sent"), "delivered"),
    (("failed",), "failed"),
    (("failed", "read"), "failed"),
    (("delivered", "failed"), "delivered"),
    (("sent", "sent"), "sent"),
]


@pytest.mark.parametrize(("reported", "last"), PROGRESS)
async def test_states_move_forward_only(
    store: Database, reported: Sequence[DeliveryState], last: DeliveryState
) -> None:
    head, (row,) = await queued(store, 1)
    await sent(store, row, "wamid.1")
    for state in reported:
        await store.status("web", "wamid.1", state, "why" if state == "failed" else "")
    assert await states(store, head) == [last]


@pytest.mark.parametrize(("reported", "last"), PROGRESS)
async def test_a_status_that_comes_before_its_id_is_kept(
    store: Database, reported: Sequence[DeliveryState], last: DeliveryState
) -> None:
    head, (row,) = await queued(store, 1)
    for state in reported:
        await store.status("web", "wamid.1", state, "why" if state == "failed" else "")
    await store.status("sms", "wamid.1", "read", "")
    assert await states(store, head) == ["pending"]
    await sent(store, row, "wamid.1")
    assert await states(store, head) == [last]
    await store.status("web", "wamid.2", "read", "")
    assert await states(store, head) == [last]


async def test_settling_late_does_not_take_back_what_the_platform_said(store: Database) -> None:
    head, (row,) = await queued(store, 1)
    await store.settle(replace(row, done=1, external_id="wamid.1"))
    await store.status("web", "wamid.1", "delivered", "")
    await sent(store, row, "wamid.1")
    assert await states(store, head) == ["delivered"]


async def test_receipts_of_the_platform_raise_the_marks(store: Database) -> None:
    head, (one, two) = await queued(store, 2)
    await sent(store, one, "wamid.1")
    await sent(store, two, "wamid.2")
    await store.status("web", "wamid.2", "delivered", "")
    await store.status("web", "wamid.1", "read", "")
    marks = (await store.conversation("shop", head.id)).marks
    assert (marks.customer_delivered, marks.customer_read) == (two.seq, one.seq)


async def test_statuses_of_what_we_never_sent_are_forgotten_after_a_day(store: Database, clock: ManualClock) -> None:
    head, (old, new) = await queued(store, 2)
    await store.status("web", "", "read", "")
    await store.status("web", "old", "read", "")
    clock.advance(90_000)
    await store.status("web", "new", "read", "")
    await sent(store, old, "old")
    await sent(store, new, "new")
    assert await states(store, head) == ["sent", "read"]


async def test_what_a_person_overtook_is_withdrawn(store: Database) -> None:
    head, rows = await queued(store, 3)
    await sent(store, rows[0])
    by_agent = message(head, "a person here", role="agent")
    committed = await store.commit(commit(head, by_agent, outbox=(outgoing(by_agent, head),), withdraw_pending=True))
    assert [row.state for row in await store.deliveries(head.id)] == ["sent", "pending"]
    assert [row.message_id for row in await store.due(NOON, 10)] == [by_agent.id]
    log = await store.messages(head.id)
    assert [said.withdrawn for said in log] == [False, False, True, True, False]
    public = await store.messages(head.id, public=True)
    assert [said.seq for said in public] == [1, 2, 5]
    history = (await store.load(head.id, history=10)).history
    assert [said.seq for said in history] == [1, 2, 5]
    assert committed.conversation.last_seq == 5


async def test_only_bots_are_withdrawn(store: Database) -> None:
    head = (await hear(store)).conversation
    said = [message(head, role=role) for role in ("bot", "agent", "system")]
    rows = tuple(outgoing(one, head) for one in said)
    head = (await store.commit(commit(head, *said, outbox=rows))).conversation
    await store.commit(commit(head, withdraw_pending=True))
    assert [row.message_id for row in await store.deliveries(head.id)] == [said[1].id, said[2].id]


async def test_what_was_tried_and_never_answered_may_have_arrived(store: Database) -> None:
    """It is not tried again once a person took over, and is not called withdrawn."""
    head, (tried, _) = await queued(store, 2)
    await store.settle(replace(tried, attempts=1, due_at=later(60), reason="unanswered", error="no answer"))
    await store.commit(commit(head, withdraw_pending=True))
    (row,) = await store.deliveries(head.id)
    assert (row.id, row.state, row.reason) == (tried.id, "unknown", "unknown")
    assert await store.due(later(60), 10) == []
    assert [said.withdrawn for said in await store.messages(head.id)] == [False, False, True]


async def test_a_try_that_a_person_overtook_and_nobody_answered_stands_in_the_log(store: Database) -> None:
    head, (row,) = await queued(store, 1)
    await store.commit(commit(head, withdraw_pending=True))
    await store.settle(replace(row, attempts=1, due_at=later(60), reason="unanswered"))
    assert [said.withdrawn for said in await store.messages(head.id)] == [False, False]
    assert await store.deliveries(head.id) == []


async def test_history_is_as_long_as_asked_however_much_was_withdrawn(store: Database) -> None:
    head = (await hear(store, "start")).conversation
    for number in range(10):
        head = (await store.commit(commit(head, message(head, f"kept {number}")))).conversation
    lines = [message(head, f"gone {number}") for number in range(10)]
    rows = tuple(outgoing(one, head) for one in lines)
    head = (await store.commit(commit(head, *lines, outbox=rows))).conversation
    await store.commit(commit(head, withdraw_pending=True))
    history = (await store.load(head.id, history=5)).history
    assert [said.seq for said in history] == [7, 8, 9, 10, 11]
    assert len((await store.load(head.id, history=15)).history) == 11


async def test_a_message_that_was_on_its_way_stands_in_the_log_again(store: Database) -> None:
    head, (row,) = await queued(store, 1)
    await store.commit(commit(head, withdraw_pending=True))
    assert len((await store.load(head.id, history=10)).history) == 1
    await sent(store, row, "wamid.1")
    assert [said.withdrawn for said in await store.messages(head.id)] == [False, False]
    assert len((await store.load(head.id, history=10)).history) == 2


async def test_a_retry_of_what_was_withdrawn_stays_withdrawn(store: Database) -> None:
    head, (row,) = await queued(store, 1)
    await store.commit(commit(head, withdraw_pending=True))
    await store.settle(replace(row, attempts=1, due_at=later(1)))
    assert await store.deliveries(head.id) == []
    assert [said.withdrawn for said in await store.messages(head.id)] == [False, True]


async def test_what_was_refused_while_it_was_sent_stays_refused_for_that_reason(store: Database) -> None:
    head, (row,) = await queued(store, 1)
    assert await store.refuse(head.id, "opted_out", "they said stop") == 1
    await sent(store, row, "theirs")
    (kept,) = await store.deliveries(head.id)
    assert (kept.state, kept.reason, kept.error) == ("failed", "opted_out", "they said stop")
