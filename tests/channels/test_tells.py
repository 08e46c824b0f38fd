"""What platforms tell besides messages: edits, deletions, reactions, quotes, receipts, consent, people of ours."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator.types import (
    Consent,
    Deleted,
    DeliveryChanged,
    Echoed,
    Edited,
    Inbound,
    Live,
    Marked,
    MessageAdded,
    Reacted,
    Received,
    SeenUpTo,
    StatusChanged,
    Text,
    Unsupported,
)
from tests.support import bots
from tests.support.builders import texts
from tests.support.channel import channel, deliveries, news, reached, tell, theirs
from tests.support.house import House
from tests.support.probe import Side


def at(parley: House, seconds: float = 0.0) -> object:
    return parley.runtime.clock.now() + timedelta(seconds=seconds)


# Edits and deletions


def edited(update: Live) -> bool:
    return isinstance(update, MessageAdded) and update.message.edited_at is not None


async def test_a_turn_that_runs_answers_the_words_as_they_are_now(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path, bot="slow") as parley:
        await parley.hear("gate-one", external_id="m-1")
        await bots.entered["gate-one"].wait()
        now = parley.runtime.clock.now()
        await tell(parley, Edited(address="visitor", external_id="m-1", parts=texts("other words"), at=now))
        bots.gates["gate-one"].set()
        await side.until(lambda: side.sent)
        assert side.texts == ["slow: other words"]
        (message,) = await theirs(parley)
        assert (message.parts, message.edited_at) == (texts("other words"), now)
        assert [turn.text for turn in bots.seen] == ["gate-one", "other words"]


async def test_an_edit_of_what_was_answered_starts_no_turn(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path) as parley:
        await parley.hear("hello", external_id="m-1")
        await side.until(lambda: side.sent)
        now = parley.runtime.clock.now()
        changed = asyncio.create_task(news(parley, edited))
        await asyncio.sleep(0)
        await tell(parley, Edited(address="visitor", external_id="m-1", parts=texts("hallo"), at=now))
        update = await changed
        assert isinstance(update, MessageAdded)
        assert update.message.parts == texts("hallo")
        await parley.hear("again")
        await side.until(lambda: len(side.sent) == 2)
        assert [line.text for line in bots.seen[-1].history] == ["hallo", "echo: hello"]
        assert [line.edited for line in bots.seen[-1].history] == [True, False]


async def test_an_edit_that_comes_before_its_message_is_the_message(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path) as parley:
        now = parley.runtime.clock.now()
        await tell(parley, Edited(address="visitor", external_id="m-1", parts=texts("final"), at=now))
        await parley.hear("first", external_id="m-1")
        await side.until(lambda: side.sent)
        await parley.settled()
        assert side.texts == ["echo: final"]


async def test_a_message_and_its_edit_may_come_together(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path) as parley:
        now = parley.runtime.clock.now()
        said = Received(address="visitor", external_id="m-1", parts=texts("first"), at=now)
        await tell(parley, Edited(address="visitor", external_id="m-1", parts=texts("final"), at=now), said)
        await side.until(lambda: side.sent)
        (message,) = await theirs(parley)
        assert message.parts == texts("final")


async def test_what_was_taken_back_is_read_by_nobody(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path) as parley:
        await parley.hear("my card is 1234", external_id="m-1")
        await side.until(lambda: side.sent)
        await tell(parley, Deleted(address="visitor", external_id="m-1", at=parley.runtime.clock.now()))
        await tell(parley, Deleted(address="visitor", external_id="nobody", at=parley.runtime.clock.now()))
        (message,) = await theirs(parley)
        assert message.parts == (Unsupported(what="deleted"),)
        assert message.deleted_at is not None
        await parley.hear("again")
        await side.until(lambda: len(side.sent) == 2)
        assert [line.text for line in bots.seen[-1].history] == ["echo: my card is 1234"]


async def test_a_bot_is_not_asked_about_what_was_taken_back(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path, bot="slow") as parley:
        await parley.hear("gate-one", external_id="m-1")
        await bots.entered["gate-one"].wait()
        await tell(parley, Deleted(address="visitor", external_id="m-1", at=parley.runtime.clock.now()))
        bots.gates["gate-one"].set()
        conversation = await parley.settled()
        assert conversation.processed_seq == conversation.last_seq
        assert side.sent == []
        await parley.hear("hello")
        await side.until(lambda: side.sent)
        assert side.texts == ["slow: hello"]


# Reactions and quotes


async def test_reactions_to_either_side_are_kept_and_start_no_turn(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path) as parley:
        await parley.hear("hello", external_id="m-1")
        await reached(parley, "sent")
        now = parley.runtime.clock.now()
        ours = (await deliveries(parley))[0].external_id
        await tell(
            parley,
            Reacted(address="visitor", external_id="m-1", emoji="👍", at=now),
            Reacted(address="visitor", external_id=ours, emoji="❤️", at=now),
            Reacted(address="visitor", external_id="nobody", emoji="❤️", at=now),
        )
        assert [dict(message.reactions) for message in await parley.log()] == [{"visitor": "👍"}, {"visitor": "❤️"}]
        await parley.hear("again")
        await side.until(lambda: len(side.sent) == 2)
        assert [line.reactions for line in bots.seen[-1].history] == [("👍",), ("❤️",)]
        assert len(bots.seen) == 2


async def test_a_bot_reads_what_a_message_answers_to(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path) as parley:
        await parley.hear("hello", external_id="m-1")
        await reached(parley, "sent")
        ours = (await deliveries(parley))[0]
        await parley.hear("that one", quotes=ours.external_id)
        await side.until(lambda: len(side.sent) == 2)
        quoted = bots.seen[-1].messages[0].quotes
        assert quoted is not None
        assert (quoted.message_id, quoted.role, quoted.text) == (ours.message_id, "bot", "echo: hello")
        await parley.hear("and this", quotes="m-1")
        await parley.hear("what", quotes="somewhere else")
        await side.until(lambda: len(bots.seen[-1].messages) and bots.seen[-1].messages[-1].original == "what")
        assert (await theirs(parley))[2].quotes == (await theirs(parley))[0].id
        assert (await theirs(parley))[3].quotes == "somewhere else"
        assert bots.seen[-1].messages[-1].quotes is None


# Receipts


async def test_receipts_show_at_the_desk(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path) as parley:
        await parley.hear("hello")
        (row,) = await reached(parley, "sent")
        marked = asyncio.create_task(news(parley, lambda one: isinstance(one, Marked)))
        await asyncio.sleep(0)
        now = parley.runtime.clock.now()
        await tell(parley, StatusChanged(external_id=row.external_id, state="read", at=now))
        update = await marked
        assert isinstance(update, Marked)
        assert update.marks.customer_read == row.seq


async def test_a_watermark_counts_for_all_before_it(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path) as parley:
        await parley.hear("one")
        await reached(parley, "sent")
        await parley.hear("two")
        await reached(parley, "sent", 2)
        await tell(parley, SeenUpTo(address="visitor", state="read", at=parley.runtime.clock.now()))
        assert [row.state for row in await deliveries(parley)] == ["read", "read"]


async def test_a_message_that_failed_later_is_told_to_the_desk(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path) as parley:
        await parley.hear("hello")
        (row,) = await reached(parley, "sent")
        told = asyncio.create_task(news(parley, lambda one: isinstance(one, DeliveryChanged)))
        await asyncio.sleep(0)
        now = parley.runtime.clock.now()
        await tell(parley, StatusChanged(external_id=row.external_id, state="failed", at=now, error="no such number"))
        update = await told
        assert isinstance(update, DeliveryChanged)
        assert (update.message_id, update.state, update.error) == (row.message_id, "failed", "no such number")


# Consent


async def test_nothing_goes_to_who_forbids_it_until_they_allow_it(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path) as parley:
        now = parley.runtime.clock.now()
        stop = Received(address="visitor", external_id="m-1", parts=texts("STOP"), at=now)
        await tell(parley, stop, Consent(address="visitor", allowed=False, at=now, reason="STOP"))
        (row,) = await reached(parley, "failed")
        assert (row.reason, side.sent) == ("opted_out", [])
        assert (await parley.conversation()).opted_out == now
        await parley.hear("hello?")
        await reached(parley, "failed", 2)
        again = parley.runtime.clock.now()
        await tell(parley, Consent(address="visitor", allowed=True, at=again))
        await parley.hear("hello!")
        await side.until(lambda: side.sent)
        assert side.texts == ["echo: hello!"]
        await tell(parley, Consent(address="visitor", allowed=False, at=now))
        assert (await parley.conversation()).opted_out is None


async def test_what_waits_when_the_customer_says_stop_is_not_sent(tmp_path: Path, side: Side) -> None:
    side.hold = asyncio.Event()
    async with channel(tmp_path) as parley:
        ada = parley.agent()
        await parley.hear("hello")
        await side.until(lambda: True)
        conversation = await parley.settled()
        await parley.runtime.engine.desk.accept("shop", conversation.id, ada)
        await parley.runtime.engine.desk.say("shop", conversation.id, ada, (Text(text="a person here"),))
        await tell(parley, Consent(address="visitor", allowed=False, at=parley.runtime.clock.now()))
        side.hold.set()
        side.hold = None
        await reached(parley, "failed")
        assert "a person here" not in side.texts
        assert all(row.reason == "opted_out" for row in await deliveries(parley) if row.state == "failed")


async def test_who_never_wrote_can_forbid_it_too(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path) as parley:
        now = parley.runtime.clock.now()
        await tell(parley, Consent(address="stranger", allowed=True, at=now))
        assert await parley.runtime.store.find_conversation("line", "stranger") is None
        await tell(parley, Consent(address="visitor", allowed=False, at=now))
        assert (await parley.conversation()).opted_out == now
        assert await parley.log() == []


# People of ours on the platform's own app


def echo(parley: House, text: str = "I have this", external_id: str = "e-1") -> Echoed:
    return Echoed(
        address="visitor",
        external_id=external_id,
        parts=texts(text),
        at=parley.runtime.clock.now(),
        author="Grace",
    )


async def test_a_bot_is_silent_once_a_person_answered_elsewhere(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path) as parley:
        await parley.hear("hello")
        await reached(parley, "sent")
        before = await parley.conversation()
        await tell(parley, echo(parley), echo(parley))
        after = await parley.conversation()
        assert (after.controller.kind, after.epoch) == ("desk", before.epoch + 1)
        said = (await parley.log())[-1]
        assert (said.role, said.author, said.parts) == ("agent", "Grace", texts("I have this"))
        await parley.hear("thank you")
        await parley.settled()
        assert (len(side.sent), len(await deliveries(parley))) == (1, 1)
        ada = parley.agent()
        await parley.runtime.engine.desk.accept("shop", after.id, ada)
        await parley.runtime.engine.desk.hand_back("shop", after.id, ada)
        await parley.hear("and now?")
        await side.until(lambda: any("and now?" in text for text in side.texts))


async def test_a_bot_that_was_thinking_is_overtaken(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path, bot="slow") as parley:
        await parley.hear("gate-one")
        await bots.entered["gate-one"].wait()
        await tell(parley, echo(parley))
        bots.gates["gate-one"].set()
        await parley.settled()
        assert side.sent == []
        assert (await parley.traces())[0].outcome == "discarded"


async def test_the_policy_may_let_the_bot_go_on(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path, policy={"outside_takes_over": False}) as parley:
        await tell(parley, echo(parley))
        assert (await parley.conversation()).controller.kind == "bot"
        await parley.hear("hello")
        await side.until(lambda: side.sent)
        assert await parley.lines() == ["agent: I have this", "customer: hello", "bot: echo: hello"]


@pytest.mark.parametrize("known", [True, False])
async def test_an_echo_of_ours_is_no_person(tmp_path: Path, side: Side, known: bool) -> None:
    """A connector tells the two apart; where it can't, we know what we sent, and what we may have sent."""
    from orchestrator.errors import SendFailed

    if not known:
        side.refusals.append(SendFailed("no answer in time", retryable=False, reason="unknown"))
    async with channel(tmp_path) as parley:
        await parley.hear("hello")
        (row,) = await reached(parley, "sent" if known else "unknown")
        event: Inbound = echo(parley, "echo: hello", row.external_id or "theirs-9")
        await tell(parley, event)
        assert (await parley.conversation()).controller.kind == "bot"
        (after,) = await deliveries(parley)
        assert (after.state, after.external_id) == ("sent", row.external_id or "theirs-9")
