"""What every Store makes of platforms' reports: trackers, watermarks, messages nobody knows the fate of, refusals."""

from dataclasses import replace

import pytest

from orchestrator.types import Conversation, DeliveryState, Outgoing, Rendering, Template, Text
from tests.support.builders import NOON, commit, later, message, outgoing
from tests.support.clock import ManualClock
from tests.support.stores import Database, hear


async def queued(store: Database, count: int, **more: object) -> tuple[Conversation, list[Outgoing]]:
    head = (await hear(store)).conversation
    said = [message(head, f"line {number}", at=later(number)) for number in range(count)]
    rows = [outgoing(one, head, **more) for one in said]
    committed = await store.commit(commit(head, *said, outbox=tuple(rows)))
    seqs = [one.seq for one in committed.messages]
    return committed.conversation, [replace(row, seq=seq) for row, seq in zip(rows, seqs, strict=True)]


async def settled(store: Database, row: Outgoing, state: DeliveryState = "sent", external_id: str = "") -> None:
    await store.settle(replace(row, state=state, done=len(row.renderings), attempts=1, external_id=external_id))


async def one(store: Database, head: Conversation) -> Outgoing:
    (row,) = await store.deliveries(head.id)
    return row


async def test_nobody_waits_for_a_message_of_which_nothing_is_known(store: Database) -> None:
    head, (first, second) = await queued(store, 2)
    left = await store.settle(replace(first, state="unknown", done=1, reason="unknown", error="no answer"))
    assert list(left) == [second.id]
    assert [row.id for row in await store.due(NOON, 10)] == [second.id]
    kept = (await store.deliveries(head.id))[0]
    assert (kept.state, kept.reason, kept.error) == ("unknown", "unknown", "no answer")


@pytest.mark.parametrize(("reported", "becomes"), [("sent", "sent"), ("read", "read"), ("failed", "failed")])
async def test_a_tracker_finds_what_never_got_an_id(
    store: Database, reported: DeliveryState, becomes: DeliveryState
) -> None:
    head, (row,) = await queued(store, 1)
    await settled(store, row, "unknown")
    moved = await store.status("web", "wamid.9", reported, "why", f"{row.id}.0")
    found = await one(store, head)
    assert (found.state, found.external_id) == (becomes, "wamid.9")
    assert [(each.conversation_id, each.marks.customer_read) for each in moved] == (
        [(head.id, row.seq)] if reported == "read" else []
    )
    await store.status("web", "wamid.9", "delivered", "")
    assert (await one(store, head)).state == ("delivered" if becomes == "sent" else becomes)


@pytest.mark.parametrize("reported", ["sent", "delivered"])
async def test_what_is_told_before_the_answer_that_never_comes_is_heard(
    store: Database, reported: DeliveryState
) -> None:
    """The platform took it and told us so at once; its answer was lost, and given up for later."""
    head, (row,) = await queued(store, 1)
    await store.status("web", "wamid.9", "sent", "", f"{row.id}.0")
    if reported == "delivered":
        await store.status("web", "wamid.9", "delivered", "")
    await store.settle(replace(row, state="unknown", done=1, attempts=1, reason="unknown", error="no answer"))
    found = await one(store, head)
    assert (found.state, found.external_id) == (reported, "wamid.9")
    (moved,) = await store.status("web", "wamid.9", "read", "")
    assert moved.marks.customer_read == row.seq
    assert (await one(store, head)).state == "read"


async def test_what_went_out_by_the_platforms_word_does_not_go_again(store: Database) -> None:
    head, (row,) = await queued(store, 1)
    await store.status("web", "wamid.9", "sent", "", f"{row.id}.0")
    await store.settle(replace(row, attempts=1, reason="unanswered", error="it hung up"))
    (found,) = await store.due(NOON, 10)
    assert (found.state, found.done, found.external_id) == ("pending", 1, "wamid.9")
    await store.settle(replace(found, state="sent", attempts=2))
    await store.status("web", "wamid.9", "read", "")
    assert (await one(store, head)).state == "read"


async def test_of_a_message_in_its_place_nothing_went_out(store: Database) -> None:
    """The window had closed: a template goes instead, whatever was told of what it stands for."""
    head, (row,) = await queued(store, 1)
    await store.status("web", "wamid.9", "sent", "", f"{row.id}.0")
    template = (Rendering(parts=(Text(text="May we write?"),)),)
    await store.settle(replace(row, attempts=1, reason="window_closed", renderings=template))
    (found,) = await store.due(NOON, 10)
    assert (found.done, found.renderings) == (0, template)


async def test_a_tracker_of_another_channel_finds_nothing(store: Database) -> None:
    head, (row,) = await queued(store, 1)
    await settled(store, row, "unknown")
    for tracker in (f"{row.id}.0", f"{row.id}", "nobody.0", ".", f"{row.id}.x"):
        assert list(await store.status("sms", "", "read", "", tracker)) == []
    assert (await one(store, head)).state == "unknown"


async def test_what_a_killed_process_had_sent_is_not_sent_again(store: Database) -> None:
    two = (Rendering(parts=(Text(text="a"),)), Rendering(parts=(Text(text="b"),)))
    head, (row,) = await queued(store, 1, renderings=two)
    await store.status("web", "wamid.1", "sent", "", f"{row.id}.0")
    found = await one(store, head)
    assert (found.state, found.done, found.external_id) == ("pending", 1, "wamid.1")
    await store.status("web", "wamid.1", "delivered", "", f"{row.id}.0")
    assert (await one(store, head)).done == 1


async def test_part_of_a_message_that_arrived_is_not_all_of_it(store: Database) -> None:
    two = (Rendering(parts=(Text(text="a"),)), Rendering(parts=(Text(text="b"),)))
    head, (row,) = await queued(store, 1, renderings=two)
    await store.settle(replace(row, done=1, attempts=1, external_id="wamid.1", due_at=later(9), error="busy"))
    await store.status("web", "wamid.1", "delivered", "")
    assert (await one(store, head)).state == "pending"
    await settled(store, row, "sent", "wamid.2")
    await store.status("web", "", "delivered", "", f"{row.id}.0")
    assert (await one(store, head)).state == "sent"
    await store.status("web", "", "failed", "no such picture", f"{row.id}.0")
    assert (await one(store, head)).state == "failed"


async def test_a_report_tells_whose_marks_rose(store: Database) -> None:
    head, (row,) = await queued(store, 1)
    await settled(store, row, "sent", "wamid.1")
    (moved,) = await store.status("web", "wamid.1", "read", "")
    assert (moved.app_id, moved.conversation_id) == ("shop", head.id)
    assert (moved.marks.customer_delivered, moved.marks.customer_read) == (row.seq, row.seq)
    assert list(await store.status("web", "wamid.1", "read", "")) == []
    assert list(await store.status("web", "wamid.1", "delivered", "")) == []


async def test_everything_up_to_a_watermark_was_seen(store: Database) -> None:
    head, rows = await queued(store, 4)
    for row in rows[:3]:
        await settled(store, row)
    (moved,) = await store.seen_up_to("web", "visitor", "delivered", later(1))
    assert moved.marks.customer_delivered == rows[1].seq
    assert [row.state for row in await store.deliveries(head.id)] == ["delivered", "delivered", "sent", "pending"]
    (moved,) = await store.seen_up_to("web", "visitor", "read", later(60))
    assert (moved.marks.customer_delivered, moved.marks.customer_read) == (rows[2].seq, rows[2].seq)
    assert [row.state for row in await store.deliveries(head.id)] == ["read", "read", "read", "pending"]
    assert list(await store.seen_up_to("web", "visitor", "delivered", later(60))) == []
    assert list(await store.seen_up_to("web", "nobody", "read", later(60))) == []
    assert list(await store.seen_up_to("sms", "visitor", "read", later(60))) == []


async def test_a_watermark_raises_no_dead_letter(store: Database) -> None:
    head, (row,) = await queued(store, 1)
    await settled(store, row, "failed")
    assert list(await store.seen_up_to("web", "visitor", "read", later(60))) == []
    assert (await one(store, head)).state == "failed"


async def test_what_waits_can_be_refused(store: Database) -> None:
    head, (first, *_) = await queued(store, 3)
    await settled(store, first)
    assert await store.refuse(head.id, "opted_out", "the customer opted out") == 2
    rows = await store.deliveries(head.id)
    assert [(row.state, row.reason) for row in rows] == [("sent", ""), ("failed", "opted_out"), ("failed", "opted_out")]
    assert await store.due(NOON, 10) == []
    assert [letter.reason for letter in await store.dead("shop")] == ["opted_out", "opted_out"]
    assert await store.refuse(head.id, "opted_out", "again") == 0


async def test_a_letter_may_be_dead_from_the_start(store: Database) -> None:
    head = (await hear(store)).conversation
    said = message(head)
    row = outgoing(said, head, state="failed", reason="opted_out", error="the customer opted out")
    committed = await store.commit(commit(head, said, outbox=(row,)))
    assert [letter.id for letter in await store.dead("shop")] == [row.id]
    assert (await store.deliveries(head.id)) == [replace(row, seq=committed.messages[0].seq)]


async def test_a_template_may_go_in_the_place_of_a_message(store: Database) -> None:
    head, (row,) = await queued(store, 1)
    template = Rendering(parts=(Template(name="come_back", text="line 0"),))
    await store.settle(replace(row, renderings=(template,), reason="window_closed", due_at=later(5)))
    assert (await store.due(later(5), 1))[0].renderings == (template,)
    await store.settle(replace(row, renderings=(template,), reason="window_closed", state="sent", done=1))
    assert (await one(store, head)).reason == "window_closed"


async def test_what_nobody_knows_of_is_removed_in_time(store: Database, clock: ManualClock) -> None:
    head, (row,) = await queued(store, 1)
    await settled(store, row, "unknown")
    assert await store.prune("deliveries", later(3600), 10) == 1
    assert await store.deliveries(head.id) == []


async def test_ours_are_found_by_the_platforms_id(store: Database) -> None:
    _, (row,) = await queued(store, 1)
    await settled(store, row, "sent", "wamid.1")
    found = await store.message_sent_as("web", "wamid.1")
    assert found is not None
    assert found.id == row.message_id
    assert await store.message_sent_as("web", "wamid.2") is None
    assert await store.message_sent_as("sms", "wamid.1") is None
    assert await store.message_sent_as("web", "") is None
