"""What every Store keeps of a message that went out in pieces: whatever names one of them names the message."""

from dataclasses import replace

import pytest

from orchestrator.types import Conversation, DeliveryState, Outgoing, Rendering, Role, Text
from tests.support.builders import commit, later, message, outgoing
from tests.support.stores import Database, hear

IDS = {0: "wamid.0", 1: "wamid.1", 2: "wamid.2"}


def renderings(role: Role = "bot") -> tuple[Rendering, ...]:
    return tuple(Rendering(parts=(Text(text=text),), role=role) for text in ("one", "two", "three"))


async def queued(store: Database, role: Role = "bot", address: str = "visitor") -> tuple[Conversation, Outgoing]:
    head = (await hear(store, address=address)).conversation
    said = message(head, role=role)
    await store.commit(commit(head, said, outbox=(outgoing(said, head, renderings=renderings(role)),)))
    (row,) = await store.deliveries(head.id)
    return head, row


def gone_out(row: Outgoing) -> Outgoing:
    return replace(row, state="sent", done=3, attempts=1, external_id=IDS[2], pieces=IDS)


async def state(store: Database, head: Conversation) -> DeliveryState:
    (row,) = await store.deliveries(head.id)
    return row.state


@pytest.mark.parametrize("role", ["bot", "agent"])
async def test_each_piece_is_the_message(store: Database, role: Role) -> None:
    head, row = await queued(store, role)
    await store.settle(gone_out(row))
    for external_id in IDS.values():
        found = await store.message_sent_as("web", external_id)
        letter = await store.letter_sent_as("web", external_id)
        assert found is not None
        assert letter is not None
        assert (found.id, letter.id) == (row.message_id, row.id)
        assert await store.message_sent_as("sms", external_id) is None
    await store.status("web", "wamid.0", "read", "")
    assert await state(store, head) == "sent"
    await store.status("web", "wamid.1", "failed", "blocked", reason="opted_out")
    (failed,) = await store.deliveries(head.id)
    assert (failed.state, failed.error, failed.reason) == ("failed", "blocked", "opted_out")


async def test_the_last_piece_speaks_for_the_message(store: Database) -> None:
    head, row = await queued(store)
    await store.settle(gone_out(row))
    (moved,) = await store.status("web", "wamid.2", "read", "")
    assert (moved.conversation_id, moved.marks.customer_read) == (head.id, row.seq)
    assert await state(store, head) == "read"


async def test_pieces_of_several_tries(store: Database) -> None:
    head, row = await queued(store)
    await store.settle(replace(row, done=1, attempts=1, due_at=later(1), external_id="wamid.0", pieces={0: "wamid.0"}))
    (again,) = await store.due(later(1), 10)
    assert (again.done, again.pieces) == (1, {})
    assert await store.message_sent_as("web", "wamid.0") is not None
    await store.status("web", "wamid.0", "failed", "no such number")
    assert await state(store, head) == "pending"
    rest = {1: "wamid.1", 2: "wamid.2"}
    await store.settle(replace(again, state="sent", done=3, external_id="wamid.2", pieces=rest))
    assert await state(store, head) == "failed"
    for external_id in IDS.values():
        found = await store.message_sent_as("web", external_id)
        assert found is not None
        assert found.id == row.message_id


@pytest.mark.parametrize("piece", ["wamid.0", "wamid.2"])
async def test_what_was_said_of_a_piece_before_it_was_known(store: Database, piece: str) -> None:
    head, row = await queued(store)
    await store.status("web", piece, "failed", "no such number")
    await store.settle(gone_out(row))
    (failed,) = await store.deliveries(head.id)
    assert (failed.state, failed.error) == ("failed", "no such number")


@pytest.mark.parametrize("role", ["bot", "agent"])
async def test_a_tracker_names_a_piece(store: Database, role: Role) -> None:
    """Also of what an agent said, which stands otherwise in the outbox."""
    head, row = await queued(store, role)
    await store.settle(replace(row, state="unknown", done=3, attempts=1))
    await store.status("web", "wamid.0", "delivered", "", tracker=f"{row.id}.0")
    assert await state(store, head) == "unknown"
    found = await store.message_sent_as("web", "wamid.0")
    assert found is not None
    assert found.id == row.message_id
    await store.status("web", "wamid.2", "delivered", "", tracker=f"{row.id}.2")
    assert await state(store, head) == "delivered"


async def test_the_id_of_a_piece_is_kept_once(store: Database) -> None:
    head, row = await queued(store)
    await store.settle(gone_out(row))
    _, second = await queued(store, address="another")
    await store.settle(replace(gone_out(second), external_id="wamid.9", pieces={0: "wamid.0", 2: "wamid.9"}))
    found = await store.message_sent_as("web", "wamid.0")
    assert found is not None
    assert found.id == row.message_id


async def test_pieces_go_with_their_message(store: Database) -> None:
    _, row = await queued(store)
    await store.settle(gone_out(row))
    assert await store.prune("deliveries", later(1), 10) == 1
    for external_id in IDS.values():
        assert await store.message_sent_as("web", external_id) is None
