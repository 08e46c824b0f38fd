"""What every Store does with what a turn decided: all of it or nothing, behind the version's fence."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.errors import Conflict, Fenced, Malformed, NotFound
from orchestrator.types import Awaiting, Committed, Controller, Conversation, Marks, OpenChoice, Returned, Say
from tests.support.builders import (
    NOON,
    awaiting,
    commit,
    conversation,
    handoff,
    later,
    message,
    outgoing,
    packet,
    reference,
    texts,
    trace,
    understanding,
)
from tests.support.clock import ManualClock
from tests.support.stores import Database, Opened, hear


async def heard(store: Database, text: str = "hello", address: str = "visitor") -> Conversation:
    return (await hear(store, text, address=address)).conversation


# The fence


async def test_a_commit_raises_the_version_and_numbers_the_messages(store: Database) -> None:
    head = await heard(store)
    one, two = message(head, "one"), message(head, "two")
    committed = await store.commit(commit(head, one, two, at=later(5)))
    assert committed.messages == (replace(one, seq=2), replace(two, seq=3))
    assert committed.conversation == replace(head, version=1, last_seq=3, processed_seq=3)
    assert (await store.load(head.id, history=0)).conversation == committed.conversation
    assert await store.messages(head.id, after=1) == [*committed.messages]


async def test_two_commits_from_one_version_only_one_holds(store: Database) -> None:
    head = await heard(store)
    results = await asyncio.gather(
        *(store.commit(commit(head, message(head, f"answer {number}"))) for number in range(10)),
        return_exceptions=True,
    )
    assert [isinstance(one, Committed) for one in results] == [True, *([False] * 9)]
    assert all(isinstance(one, Fenced) for one in results[1:])
    assert [said.parts for said in await store.messages(head.id, after=1)] == [texts("answer 0")]
    assert (await store.load(head.id, history=0)).conversation.version == 1


async def test_a_fenced_commit_changes_nothing_at_all(store: Database) -> None:
    head = await heard(store)
    await store.commit(commit(head))
    said, case = message(head), handoff(head)
    late = commit(
        replace(head, slots={"size": "M"}),
        said,
        understood=tuple(replace(one, language="es") for one in await store.messages(head.id)),
        outbox=(outgoing(said, head),),
        handoff=case,
        trace=trace(head, id="overtaken"),
        profile={"name": "Eve"},
    )
    with pytest.raises(Fenced, match=head.id):
        await store.commit(late)
    loaded = await store.load(head.id, history=10)
    assert (loaded.conversation.slots, loaded.profile, len(loaded.history)) == ({}, {}, 1)
    assert loaded.history[0].language is None
    assert await store.deliveries(head.id) == []
    assert await store.traces(head.id) == []
    with pytest.raises(NotFound):
        await store.handoff("shop", case.id)


async def test_a_message_that_arrives_meanwhile_does_not_void_a_commit(store: Database) -> None:
    head = await heard(store, "one")
    await hear(store, "two")
    committed = await store.commit(commit(head, message(head, "answer")))
    assert committed.messages[0].seq == 3
    assert (committed.conversation.processed_seq, committed.conversation.last_seq) == (1, 3)


async def test_nobody_commits_to_a_stranger(store: Database) -> None:
    with pytest.raises(NotFound):
        await store.commit(commit(conversation()))


async def test_operations_committed_together_fail_apart(store: Database) -> None:
    """A fenced one, one that breaks half way and one that can't be encoded stand between two that hold."""
    heads = [await heard(store, address=f"visitor {number}") for number in range(4)]
    await store.commit(commit(heads[1]))
    twice = message(heads[2])
    results = await asyncio.gather(
        store.commit(commit(heads[0], message(heads[0], "holds"))),
        store.commit(commit(heads[1], message(heads[1], "fenced"))),
        store.commit(commit(heads[2], message(heads[2], "undone"), twice, twice)),
        store.commit(commit(replace(heads[2], slots={"a": "\ud800"}))),
        store.commit(commit(heads[3], message(heads[3], "holds too"))),
        return_exceptions=True,
    )
    kinds = [type(one) for one in results]
    assert kinds == [Committed, Fenced, Conflict, Malformed, Committed]
    counts = [len(await store.messages(head.id)) for head in heads]
    assert counts == [2, 1, 1, 2]
    assert (await store.load(heads[2].id, history=0)).conversation.version == 0


# The head


async def test_every_field_of_the_head_comes_back(
    store: Database, adapter: Opened, tmp_path: Path, clock: ManualClock
) -> None:
    head = await heard(store)
    case = handoff(head)
    head = replace(
        head,
        controller=Controller(kind="desk", name="ada"),
        language=replace(head.language, code="es", confidence=0.5, pinned=True, doubts=1),
        epoch=3,
        bot="sales",
        slots={"size": "M", "nested": [1, {"a": None}]},
        aggregates=replace(head.aggregates, turns=2, scores=(0.5, -0.25), intents=("price",), last_text="ñ"),
        handoff=reference(case),
        choices=(OpenChoice(title="Yes", payload="y", number=1, message_id="m"),),
        awaiting=awaiting(),
        returned=Returned(handoff_id="h", agent="ada", note="be kind", at=NOON),
        wake_at=later(60),
        updated_at=later(5),
    )
    committed = await store.commit(commit(head, handoff=case))
    assert committed.conversation == replace(head, version=1, processed_seq=1)
    async with adapter(tmp_path, clock) as other:
        loaded = await other.load(head.id, history=0)
    assert loaded.conversation == committed.conversation
    assert loaded.handoff == case


async def test_closing_while_the_customer_writes_leaves_the_conversation_open(store: Database) -> None:
    head = await heard(store, "that was all")
    await hear(store, "no, wait")
    committed = await store.commit(commit(replace(head, status="closed")))
    assert committed.conversation.status == "open"
    assert [said.parts for said in (await store.load(head.id, history=0)).pending] == [texts("no, wait")]


async def test_the_log_counts_as_processed_once_nothing_waits(store: Database) -> None:
    """Else `processed_seq < last_seq` would mean work after every answer."""
    head = (await store.commit(commit(await heard(store), message(await heard(store))))).conversation
    assert (head.processed_seq, head.last_seq) == (1, 3)
    said = await store.commit(commit(replace(head, processed_seq=2), message(head, role="agent")))
    assert said.conversation.processed_seq == said.conversation.last_seq == 4


# What goes along


async def test_understanding_replaces_what_was_not_understood(
    store: Database, adapter: Opened, tmp_path: Path, clock: ManualClock
) -> None:
    head = await heard(store, "¿cuánto cuesta?")
    loaded = await store.load(head.id, history=0)
    known = replace(
        loaded.pending[0], language="es", translations={"en": texts("how much is it?")}, understanding=understanding()
    )
    await store.commit(commit(head, understood=(known,)))
    assert (await store.load(head.id, history=5)).history == (known,)
    async with adapter(tmp_path, clock) as other:
        assert (await other.load(head.id, history=5)).history == (known,)


async def test_understanding_changes_nothing_else_of_a_message(
    store: Database, adapter: Opened, tmp_path: Path, clock: ManualClock
) -> None:
    head = await heard(store, "what was said")
    forged = replace((await store.load(head.id, history=0)).pending[0], parts=texts("put into their mouth"))
    await store.commit(commit(head, understood=(forged,)))
    async with adapter(tmp_path, clock) as other:
        for each in (store, other):
            assert (await each.load(head.id, history=5)).history[0].parts == texts("what was said")


async def test_understanding_never_reaches_into_another_conversation(store: Database) -> None:
    mine, theirs = await heard(store, address="mine"), await heard(store, address="theirs")
    other = (await store.messages(theirs.id))[0]
    await store.commit(commit(mine, understood=(replace(other, language="xx"),)))
    assert (await store.messages(theirs.id))[0].language is None


async def test_a_handoff_is_kept_and_changed(store: Database) -> None:
    head = await heard(store)
    case = handoff(head, packet=packet(transcript=(message(head),), values={"wish": 0.9}), expires_at=later(60))
    head = (await store.commit(commit(replace(head, handoff=reference(case)), handoff=case))).conversation
    assert (await store.load(head.id, history=0)).handoff == case
    assert await store.handoff("shop", case.id) == case
    accepted = replace(case, state="accepted", agent_id="ada", accepted_at=later(5), expires_at=None, note="mine")
    head = (await store.commit(commit(replace(head, handoff=reference(accepted)), handoff=accepted))).conversation
    assert (await store.load(head.id, history=0)).handoff == accepted
    await store.commit(commit(replace(head, handoff=None), handoff=replace(accepted, state="resolved")))
    assert (await store.load(head.id, history=0)).handoff is None
    assert (await store.handoff("shop", case.id)).state == "resolved"


async def test_a_client_id_is_used_once(store: Database) -> None:
    head = await heard(store)
    said = message(head, external_id="agent:ada:1")
    head = (await store.commit(commit(head, said))).conversation
    with pytest.raises(Conflict):
        await store.commit(commit(head, message(head, external_id="agent:ada:1")))
    assert await store.message_by_external("web", "agent:ada:1") == replace(said, seq=2)


# Beside the fence


async def test_marks_only_grow_and_never_pass_the_log(store: Database) -> None:
    head = await heard(store)
    await hear(store)
    raised = await store.mark(head.id, Marks(customer_delivered=2, customer_read=1))
    assert raised == Marks(customer_delivered=2, customer_read=1)
    assert await store.mark(head.id, Marks(customer_delivered=1, desk_read=10**30)) == replace(raised, desk_read=2)
    assert await store.mark(head.id, Marks(customer_read=-5)) == replace(raised, desk_read=2)
    committed = await store.commit(commit(head))
    assert committed.conversation.marks == replace(raised, desk_read=2)
    with pytest.raises(NotFound):
        await store.mark("nobody", Marks())


async def awaited(store: Database) -> tuple[Conversation, Awaiting]:
    head, promise = await heard(store), awaiting()
    committed = await store.commit(commit(replace(head, awaiting=promise, wake_at=promise.until)))
    return committed.conversation, promise


async def test_a_late_answer_is_taken_once(store: Database) -> None:
    head, promise = await awaited(store)
    answer = (Say(parts=texts("here it is")),)
    assert (await store.load(head.id, history=0)).late is None
    taken = await asyncio.gather(*(store.answer_late(head.id, promise.turn_id, answer) for _ in range(5)))
    assert taken == [True, False, False, False, False]
    assert (await store.load(head.id, history=0)).late == answer
    await store.commit(commit(replace(head, awaiting=None)))
    assert (await store.load(head.id, history=0)).late is None
    assert not await store.answer_late(head.id, promise.turn_id, answer)
    with pytest.raises(NotFound):
        await store.answer_late("nobody", promise.turn_id, answer)


async def test_a_late_answer_to_another_turn_is_not_this_ones(store: Database) -> None:
    head, _ = await awaited(store)
    assert await store.answer_late(head.id, "another turn", ())
    assert (await store.load(head.id, history=0)).late is None


# The sweep


async def test_the_sweep_finds_what_no_turn_has_processed(store: Database) -> None:
    head = await heard(store)
    assert await store.unfinished(NOON, 10) == [head.id]
    committed = await store.commit(commit(head, message(head)))
    assert await store.unfinished(NOON, 10) == []
    await hear(store, "one more")
    assert await store.unfinished(NOON, 10) == [head.id]
    await store.commit(commit(replace(committed.conversation, last_seq=3)))
    assert await store.unfinished(NOON, 10) == []


async def test_the_sweep_finds_what_asked_to_be_woken(store: Database) -> None:
    head = await heard(store)
    head = (await store.commit(commit(replace(head, wake_at=later(60))))).conversation
    assert await store.unfinished(later(59), 10) == []
    assert await store.unfinished(later(60), 10) == [head.id]
    await store.commit(commit(replace(head, wake_at=None)))
    assert await store.unfinished(later(60), 10) == []


async def test_the_sweep_finds_a_late_answer_whose_wake_up_was_lost(store: Database) -> None:
    head, promise = await awaited(store)
    assert await store.unfinished(NOON, 10) == []
    await store.answer_late(head.id, promise.turn_id, ())
    assert await store.unfinished(NOON, 10) == [head.id]


async def test_the_sweep_goes_round_so_that_none_is_hidden_for_good(store: Database) -> None:
    heads = {(await heard(store, address=f"visitor {number}")).id for number in range(5)}
    sweeps = [await store.unfinished(NOON, 2) for _ in range(3)]
    assert [len(found) for found in sweeps] == [2, 2, 1]
    assert {id for found in sweeps for id in found} == heads
    assert set(await store.unfinished(NOON, 10)) == heads
