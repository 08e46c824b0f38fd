"""What every Store makes of changes to what stands in the log, and of processes that share channels."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orchestrator.errors import Fenced
from orchestrator.types import Amendment, ChannelReport, Media, Message, Text, Unsupported
from tests.support.builders import NOON, commit, later, texts, understanding
from tests.support.clock import ManualClock
from tests.support.stores import Database, hear

PICTURE = (Media(url="/media/shop/x/cat.png", media="image"),)


async def said(store: Database, **more: Any) -> Message:
    found = (await hear(store, "helo", **more)).message
    assert found is not None
    return found


def change(message: Message, **more: object) -> Amendment:
    return Amendment(conversation_id=message.conversation_id, message_id=message.id, **more)  # type: ignore[arg-type]


async def now(store: Database, message: Message) -> Message:
    return await store.message(message.app_id, message.id)


async def test_a_fetched_file_takes_the_place_of_its_handle(store: Database) -> None:
    handle = (Media(url="ref:1"),)
    message = await said(store, parts=handle)
    after = await store.amend(change(message, parts=PICTURE, before=handle))
    assert after == replace(message, parts=PICTURE)
    assert await now(store, message) == after
    assert await store.amend(change(message, parts=(Unsupported(what="image"),), before=handle)) is None
    assert (await now(store, message)).parts == PICTURE
    loaded = await store.load(message.conversation_id, history=5)
    assert loaded.pending == (after,)


async def test_a_turn_that_read_the_message_before_is_fenced(store: Database) -> None:
    message = await said(store)
    loaded = await store.load(message.conversation_id, history=5)
    await store.amend(change(message, parts=texts("hello"), edited_at=later(1)))
    with pytest.raises(Fenced):
        await store.commit(commit(loaded.conversation))
    anew = await store.load(message.conversation_id, history=5)
    assert [one.parts for one in anew.pending] == [texts("hello")]
    await store.commit(commit(anew.conversation))


async def test_an_edit_voids_what_was_understood(store: Database) -> None:
    message = await said(store)
    head = (await store.load(message.conversation_id, history=0)).conversation
    known = replace(message, language="es", understanding=understanding(), translations={"en": texts("hello")})
    await store.commit(commit(head, understood=(known,)))
    after = await store.amend(change(message, parts=texts("adiós"), edited_at=later(2)))
    assert after is not None
    assert (after.parts, after.edited_at, after.language) == (texts("adiós"), later(2), "es")
    assert (after.understanding, dict(after.translations)) == (None, {})
    (debt,) = await store.owed("shop", limit=10)
    assert (debt.message_id, debt.source, debt.target) == (message.id, "es", "en")


async def test_a_late_edit_says_nothing(store: Database) -> None:
    message = await said(store)
    await store.amend(change(message, parts=texts("second"), edited_at=later(2)))
    assert await store.amend(change(message, parts=texts("first"), edited_at=later(1))) is None
    assert (await now(store, message)).parts == texts("second")


async def test_what_was_taken_back_is_gone_for_good(store: Database) -> None:
    message = await said(store)
    after = await store.amend(change(message, deleted_at=later(3)))
    assert after is not None
    assert (after.parts, after.deleted_at) == ((Unsupported(what="deleted"),), later(3))
    assert await store.amend(change(message, deleted_at=later(4))) is None
    assert await store.amend(change(message, parts=texts("back"), edited_at=later(5))) is None
    assert await now(store, message) == after


async def test_reactions_come_and_go(store: Database) -> None:
    message = await said(store)
    await store.amend(change(message, reaction=("visitor", "👍")))
    await store.amend(change(message, reaction=("somebody", "🎉")))
    assert (await now(store, message)).reactions == {"visitor": "👍", "somebody": "🎉"}
    await store.amend(change(message, reaction=("visitor", "")))
    assert (await now(store, message)).reactions == {"somebody": "🎉"}
    assert await store.amend(change(message, reaction=("visitor", ""))) is None


async def test_quotes_are_kept_beside_the_rest(store: Database) -> None:
    message = await said(store)
    await store.amend(change(message, reaction=("visitor", "👍")))
    after = await store.amend(change(message, quotes="message-7"))
    assert after is not None
    assert (after.quotes, dict(after.reactions)) == ("message-7", {"visitor": "👍"})
    assert await store.amend(change(message, quotes="message-7")) is None


async def test_nothing_that_is_not_there_is_changed(store: Database) -> None:
    message = await said(store)
    other = replace(change(message, quotes="x"), message_id="nobody")
    assert await store.amend(other) is None
    assert await store.amend(replace(change(message, quotes="x"), conversation_id="nobody")) is None


async def test_what_few_messages_have_is_committed_too(store: Database) -> None:
    message = await said(store)
    head = (await store.load(message.conversation_id, history=0)).conversation
    answer = replace(message, id="answer", seq=0, role="agent", external_id="echo-1", quotes=message.id)
    await store.commit(commit(head, answer))
    assert (await store.message("shop", "answer")).quotes == message.id


# Channels


def report(side: str = "listening", holder: str = "a", **more: object) -> ChannelReport:
    values = {"app_id": "shop", "channel_id": "tg", "side": side, "holder": holder, "until": NOON + timedelta(hours=1)}
    return ChannelReport(**(values | more))  # type: ignore[arg-type]


async def test_reports_are_of_now(store: Database, clock: ManualClock) -> None:
    await store.channels.report(report(trouble="its token expired"))
    await store.channels.report(report("sending", trouble="its token expired", app_id="other", channel_id="wa"))
    assert [one.channel_id for one in await store.channels.reports()] == ["tg", "wa"]
    assert await store.channels.reports("shop") == [report(trouble="its token expired")]
    await store.channels.report(report(trouble="not reached"))
    assert [one.trouble for one in await store.channels.reports("shop")] == ["not reached"]
    await store.channels.report(report())
    assert await store.channels.reports("shop") == []
    clock.advance(7200)
    assert await store.channels.reports() == []


async def test_a_lease_is_renewed_and_given_up(store: Database) -> None:
    assert await store.channels.lease(report(), 60)
    assert await store.channels.lease(report(), 60)
    assert [one.holder for one in await store.channels.reports("shop")] == ["a"]
    await store.channels.give_up(report())
    assert await store.channels.lease(report(holder="b"), 60)
    assert [one.holder for one in await store.channels.reports("shop")] == ["b"]


async def test_only_text_is_translated_anew(store: Database) -> None:
    message = await said(store, parts=(Text(text="hola"),))
    await store.amend(change(message, parts=texts("adiós"), edited_at=later(1)))
    assert await store.owed("shop", limit=10) == []
