"""What every store removes when it is old, and what it never does."""

from dataclasses import replace

import pytest

from orchestrator.errors import NotFound
from orchestrator.types import Conversation, Kind, Say
from tests.support.builders import NOON, commit, handoff, later, message, outgoing, session, texts, trace
from tests.support.stores import Database, hear

DAY = 86_400.0


async def closed(store: Database, address: str, at: float) -> Conversation:
    """A conversation with everything that can belong to one, closed at that second."""
    head = (await hear(store, address=address, external_id=f"event of {address}")).conversation
    said = message(head)
    row = outgoing(said, head, state="sent")
    head = replace(head, status="closed", updated_at=later(at))
    record = trace(head, at=later(at))
    done = commit(head, said, at=later(at), outbox=(row,), handoff=handoff(head), trace=record)
    return (await store.commit(done)).conversation


async def test_old_traces_go_and_new_ones_stay(store: Database) -> None:
    head = (await hear(store)).conversation
    made = []
    for day in range(4):
        made.append(trace(head, at=later(day * DAY)))
        head = (await store.commit(commit(head, trace=made[-1]))).conversation
    assert await store.prune("traces", later(2 * DAY), 1) == 1
    assert await store.prune("traces", later(2 * DAY), 10) == 1
    assert await store.prune("traces", later(2 * DAY), 10) == 0
    assert await store.traces(head.id) == made[:1:-1]


async def test_only_what_went_out_is_removed_from_the_outbox(store: Database) -> None:
    head = (await hear(store)).conversation
    said = [message(head) for _ in range(5)]
    states = ("pending", "sent", "delivered", "read", "failed")
    rows = [outgoing(one, head, state=state) for one, state in zip(said, states, strict=True)]
    await store.commit(commit(head, *said, outbox=tuple(rows)))
    assert await store.prune("deliveries", NOON, 10) == 0
    assert await store.prune("deliveries", later(1), 2) == 2
    assert await store.prune("deliveries", later(1), 10) == 1
    assert [row.state for row in await store.deliveries(head.id)] == ["pending", "failed"]


async def test_late_answers_and_sessions(store: Database) -> None:
    """The clock stands at noon: that is when the answer came."""
    head = (await hear(store)).conversation
    await store.answer_late(head.id, "turn", (Say(parts=texts("late")),))
    await store.add_session(session(digest="old", expires_at=later(60)))
    await store.add_session(session(digest="new", expires_at=later(3600)))
    assert await store.prune("late answers", NOON, 10) == 0
    assert await store.prune("late answers", later(1), 10) == 1
    assert await store.answer_late(head.id, "turn", ())
    assert await store.prune("sessions", later(61), 10) == 1
    assert await store.session("new", NOON) is not None
    assert await store.session("old", NOON) is None


async def test_an_old_closed_conversation_goes_with_all_that_belongs_to_it(store: Database) -> None:
    old, new = await closed(store, "old", 0), await closed(store, "new", 10 * DAY)
    open_one = (await hear(store, address="open")).conversation
    assert await store.prune("conversations", later(5 * DAY), 10) == 1
    assert await store.prune("conversations", later(5 * DAY), 10) == 0
    for head in (new, open_one):
        assert (await store.load(head.id, history=5)).conversation == head
    with pytest.raises(NotFound):
        await store.load(old.id, history=5)
    assert await store.messages(old.id) == await store.traces(old.id) == await store.deliveries(old.id) == []
    assert [case.conversation_id for case in await store.handoffs("shop")] == [new.id]
    assert await store.message_by_external("web", "event of old") is None
    assert await store.message_by_external("web", "event of new") is not None
    with pytest.raises(NotFound):
        await store.customer("shop", old.customer_id)
    begun = await hear(store, "me again", address="old")
    assert (begun.duplicate, begun.conversation.last_seq) == (False, 1)
    assert begun.conversation.id != old.id


async def test_a_conversation_that_was_opened_again_is_not_old(store: Database) -> None:
    head = await closed(store, "visitor", 0)
    await hear(store, "one more thing")
    assert await store.prune("conversations", later(100 * DAY), 10) == 0
    assert len(await store.messages(head.id)) == 3


KINDS: list[Kind] = ["traces", "deliveries", "late answers", "sessions", "conversations"]


@pytest.mark.parametrize("kind", KINDS)
async def test_in_an_empty_store_nothing_is_old(store: Database, kind: Kind) -> None:
    assert await store.prune(kind, later(DAY), 10) == 0
