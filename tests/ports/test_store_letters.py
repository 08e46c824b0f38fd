"""What every store says of what waits, and what can be done with what could not be delivered."""

from dataclasses import replace

import pytest

from orchestrator.errors import NotFound
from orchestrator.types import Conversation, Outgoing, QueueDepth
from tests.support.builders import NOON, commit, later, message, outgoing
from tests.support.stores import Database, hear


async def queued(
    store: Database, count: int, *, address: str = "visitor", app_id: str = "shop", channel_id: str = "web"
) -> tuple[Conversation, list[Outgoing]]:
    """A conversation that waits for nothing but for so many messages to be sent."""
    head = (await hear(store, address=address, app_id=app_id, channel_id=channel_id)).conversation
    said = [message(head, f"line {number}") for number in range(count)]
    rows = [outgoing(one, head) for one in said]
    done = commit(replace(head, processed_seq=head.last_seq), *said, outbox=tuple(rows))
    committed = await store.commit(done)
    seqs = [one.seq for one in committed.messages]
    return committed.conversation, [replace(row, seq=seq) for row, seq in zip(rows, seqs, strict=True)]


async def dead(store: Database, row: Outgoing, *, done: int = 0) -> Outgoing:
    letter = replace(row, state="failed", attempts=9, done=done, error="the platform refused it")
    await store.settle(letter)
    return letter


async def test_nothing_waits_in_an_empty_store(store: Database) -> None:
    assert await store.queues() == []
    assert await store.backlog(10) == {}


async def test_what_waits_is_told_by_app_and_channel(store: Database) -> None:
    await hear(store, address="one", at=later(-60))
    await hear(store, address="two", at=later(-90))
    await hear(store, address="two", at=later(-30))
    await hear(store, address="three", app_id="bank", channel_id="sms", at=later(-5))
    _, (first, second) = await queued(store, 2, address="four", channel_id="whatsapp")
    await dead(store, first)
    assert await store.queues() == [
        QueueDepth(app_id="bank", channel_id="sms", turns=1, oldest_turn=later(-5)),
        QueueDepth(app_id="shop", channel_id="web", turns=2, oldest_turn=later(-90)),
        QueueDepth(app_id="shop", channel_id="whatsapp", sends=1, oldest_send=NOON, dead=1),
    ]


async def test_the_backlog_is_counted_by_app_and_not_beyond_the_limit(store: Database) -> None:
    for number in range(4):
        await hear(store, address=f"visitor {number}")
    await hear(store, address="client", app_id="bank", channel_id="sms")
    await queued(store, 1, address="answered")
    assert await store.backlog(10) == {"shop": 4, "bank": 1}
    assert sum((await store.backlog(3)).values()) == 3


async def test_dead_letters_are_listed_newest_first_and_paged(store: Database) -> None:
    letters = [await dead(store, (await queued(store, 1, address=f"visitor {number}"))[1][0]) for number in range(5)]
    newest = letters[::-1]
    assert await store.dead("shop", limit=3) == newest[:3]
    assert await store.dead("shop", before=newest[2].id, limit=3) == newest[3:]
    assert await store.dead("bank") == []


async def test_dead_letters_of_one_channel(store: Database) -> None:
    here = await dead(store, (await queued(store, 1, address="one", channel_id="sms"))[1][0])
    await dead(store, (await queued(store, 1, address="two", channel_id="mail"))[1][0])
    assert await store.dead("shop", channel_id="sms") == [here]


async def test_one_dead_letter(store: Database) -> None:
    _, (row, alive) = await queued(store, 2)
    letter = await dead(store, row)
    assert await store.dead_letter("shop", row.id) == letter
    for app_id, missing in (("bank", row.id), ("shop", alive.id), ("shop", "nothing")):
        with pytest.raises(NotFound, match=missing):
            await store.dead_letter(app_id, missing)


async def test_a_revived_letter_is_sent_from_where_it_stopped(store: Database) -> None:
    head, (row,) = await queued(store, 1)
    letter = await dead(store, row, done=1)
    revived = await store.revive("shop", row.id, later(60))
    assert revived == replace(letter, state="pending", attempts=0, due_at=later(60))
    assert await store.due(later(59), 10) == []
    assert await store.due(later(60), 10) == [revived]
    await store.settle(replace(revived, state="sent"))
    assert [one.state for one in await store.deliveries(head.id)] == ["sent"]
    with pytest.raises(NotFound):
        await store.revive("shop", row.id, NOON)


async def test_a_dropped_letter_is_gone_and_its_message_withdrawn(store: Database) -> None:
    head, (row,) = await queued(store, 1)
    await dead(store, row)
    await store.drop("shop", row.id)
    assert await store.dead("shop") == []
    assert (await store.message("shop", row.message_id)).withdrawn
    assert (await store.conversation("shop", head.id)).version == head.version + 1
    with pytest.raises(NotFound):
        await store.drop("shop", row.id)


async def test_what_the_customer_has_a_part_of_stays_in_the_log(store: Database) -> None:
    _, (row,) = await queued(store, 1)
    await dead(store, row, done=1)
    await store.drop("shop", row.id)
    assert not (await store.message("shop", row.message_id)).withdrawn


async def test_nobody_touches_the_letters_of_another_app(store: Database) -> None:
    _, (row,) = await queued(store, 1)
    letter = await dead(store, row)
    with pytest.raises(NotFound):
        await store.revive("bank", row.id, NOON)
    with pytest.raises(NotFound):
        await store.drop("bank", row.id)
    assert await store.dead("shop") == [letter]


async def test_settling_tells_what_still_waits(store: Database) -> None:
    head, (first, second, third) = await queued(store, 3)
    assert await store.settle(replace(first, state="sent")) == [second.id, third.id]
    assert await store.settle(replace(second, attempts=1, due_at=later(9))) == [second.id, third.id]
    standing = await store.conversation("shop", head.id)
    await store.commit(replace(commit(standing), withdraw_pending=True))
    assert await store.settle(replace(second, state="sent")) == []
