"""What comes of a message the platform does not simply take: closed windows, expired tokens, nobody knows."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.engine import pauses
from orchestrator.errors import SendFailed, SendProblem, Unanswered
from orchestrator.types import Consent, DeliveryChanged, DeliveryState, Reacted, Received, StatusChanged, Template, Text
from tests.support.channel import channel, deliveries, news, reached, tell
from tests.support.probe import Side


def refusal(reason: SendProblem, **more: Any) -> SendFailed:
    return SendFailed(f"the platform says {reason}", **{"retryable": True, "reason": reason, **more})


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pauses, "FIRST", 0.05)
    monkeypatch.setattr(pauses, "LONGEST", 0.05)


# A closed window


async def test_a_closed_window_makes_a_dead_letter_the_desk_hears_of(tmp_path: Path, side: Side) -> None:
    side.refusals.append(refusal("window_closed"))
    async with channel(tmp_path) as parley:
        told = asyncio.create_task(news(parley, lambda one: isinstance(one, DeliveryChanged)))
        await asyncio.sleep(0)
        await parley.hear("hello")
        update = await told
        assert isinstance(update, DeliveryChanged)
        assert (update.state, update.reason) == ("failed", "window_closed")
        (letter,) = await parley.runtime.store.dead("shop")
        assert (letter.reason, letter.attempts) == ("window_closed", 1)


async def test_the_channels_template_goes_instead_once(tmp_path: Path, side: Side) -> None:
    side.refusals.append(refusal("window_closed"))
    probe = {
        "window_template": "we_are_back",
        "window_language": "en_US",
        "window_values": {"1": "Our answer: {text}"},
    }
    async with channel(tmp_path, probe=probe) as parley:
        await parley.hear("two\nlines")
        (row,) = await reached(parley, "sent")
        assert row.reason == "window_closed"
        (sent,) = side.sent
        assert sent[1] == (
            Template(
                name="we_are_back",
                language="en_US",
                values={"1": "Our answer: echo: two lines"},
                text="echo: two\nlines",
            ),
        )
        side.refusals.append(refusal("window_closed"))
        await parley.hear("still closed")
        (letter,) = await reached(parley, "failed")
        assert letter.reason == "window_closed"
        assert len(side.sent) == 1


async def test_a_template_the_platform_refuses_is_not_sent_again(tmp_path: Path, side: Side) -> None:
    side.refusals.extend([refusal("window_closed"), refusal("window_closed")])
    async with channel(tmp_path, probe={"window_template": "we_are_back"}) as parley:
        await parley.hear("hello")
        await reached(parley, "failed")
        assert side.sent == []


async def test_a_platform_that_says_only_later_that_the_window_is_closed(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path, probe={"window_template": "we_are_back"}) as parley:
        for number in (1, 2):
            await parley.hear(f"hello {number}")
            rows = await reached(parley, "sent", number)
            now = parley.runtime.clock.now()
            closed = StatusChanged(
                external_id=rows[-1].external_id, state="failed", at=now, error="too late", reason="window_closed"
            )
            await tell(parley, closed)
            if number == 1:
                await side.until(lambda: len(side.sent) == 2)
                assert side.sent[-1][1] == (Template(name="we_are_back", text="echo: hello 1"),)
                (row,) = await reached(parley, "sent")
                assert row.reason == "window_closed"
        (letter,) = await reached(parley, "failed")
        while letter.attempts == 0:
            (letter,) = await reached(parley, "failed")
        assert (letter.reason, len(side.sent)) == ("window_closed", 3)


async def test_what_failed_later_can_be_sent_again(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path) as parley:
        await parley.hear("hello")
        (row,) = await reached(parley, "sent")
        now = parley.runtime.clock.now()
        await tell(parley, StatusChanged(external_id=row.external_id, state="failed", at=now, error="no signal"))
        store, engine = parley.runtime.store, parley.runtime.engine
        await store.revive("shop", row.id, now)
        await engine.look(row.conversation_id, "shop")
        await side.until(lambda: len(side.sent) == 2)
        assert side.texts == ["echo: hello", "echo: hello"]


# Nobody knows


async def test_what_may_have_gone_out_is_not_sent_again_and_holds_up_nothing(tmp_path: Path, side: Side) -> None:
    side.refusals.append(refusal("unknown"))
    async with channel(tmp_path) as parley:
        await parley.hear("one")
        (row,) = await reached(parley, "unknown")
        await parley.hear("two")
        await reached(parley, "sent")
        assert side.texts == ["echo: two"]
        now = parley.runtime.clock.now()
        event = StatusChanged(external_id="theirs-7", state="delivered", at=now, tracker=f"{row.id}.0")
        await tell(parley, event)
        assert [one.state for one in await deliveries(parley)] == ["delivered", "sent"]
        assert (await deliveries(parley))[0].external_id == "theirs-7"


async def test_the_rest_of_a_message_goes_on(tmp_path: Path, side: Side) -> None:
    side.refusals.append(refusal("unknown"))
    async with channel(tmp_path) as parley:
        long = "word " * 1500
        await parley.hear(long)
        (row,) = await reached(parley, "unknown")
        assert row.done == len(row.renderings) > 1
        assert len(side.sent) == len(row.renderings) - 1


# An expired token


async def test_a_channel_whose_token_expired_pauses_and_goes_on_when_it_is_renewed(
    tmp_path: Path, side: Side, quick: None
) -> None:
    side.refusals.extend(refusal("token_expired", retryable=False) for _ in range(4))
    async with channel(tmp_path) as parley:
        for number in range(3):
            await parley.hear("hello", address=f"visitor {number}")
        await side.until(lambda: not side.refusals or parley.runtime.engine.pauses.paused)
        async for trouble in troubles(parley):
            assert "token_expired" in trouble
            break
        await side.until(lambda: len(side.sent) == 3)
        assert await parley.runtime.store.dead("shop") == []
        for number in range(3):
            (row,) = await parley.runtime.store.deliveries((await parley.conversation(f"visitor {number}")).id)
            while row.state != "sent":
                (row,) = await parley.runtime.store.deliveries(row.conversation_id)
            assert (row.reason, row.error, row.attempts) == ("", "", 1)
        assert parley.runtime.engine.pauses.paused == {}
        assert await parley.runtime.store.channels.reports("shop") == []


async def troubles(parley: Any) -> AsyncIterator[str]:
    async with asyncio.timeout(10):
        while True:
            for report in await parley.runtime.store.channels.reports("shop"):
                yield report.trouble


async def test_a_paused_channel_asks_the_platform_seldom(tmp_path: Path, side: Side) -> None:
    side.refusals.extend(refusal("token_expired", retryable=False) for _ in range(100))
    async with channel(tmp_path) as parley:
        await parley.hear("hello")
        await side.until(lambda: len(side.refusals) < 100)
        for number in range(20):
            await parley.hear("hello", address=f"visitor {number}")
            await parley.settled(f"visitor {number}")
        assert len(side.refusals) >= 98
        (row,) = await parley.runtime.store.deliveries((await parley.conversation()).id)
        assert (row.state, row.reason) == ("pending", "token_expired")
        (report,) = await parley.runtime.store.channels.reports("shop")
        assert (report.side, report.channel_id) == ("sending", "line")


# The customer blocked us


async def test_a_customer_who_blocked_us_makes_a_dead_letter(tmp_path: Path, side: Side) -> None:
    side.refusals.append(refusal("opted_out"))
    async with channel(tmp_path) as parley:
        await parley.hear("hello")
        (row,) = await reached(parley, "failed")
        assert (row.reason, row.attempts) == ("opted_out", 1)
        assert (await parley.conversation()).opted_out is not None


async def test_nothing_more_goes_to_who_blocked_us_until_they_write_again(tmp_path: Path, side: Side) -> None:
    side.hold = asyncio.Event()
    side.refusals.append(refusal("opted_out"))
    async with channel(tmp_path) as parley:
        ada = parley.agent()
        await parley.hear("hello")
        conversation = await parley.settled()
        desk = parley.runtime.engine.desk
        await desk.accept("shop", conversation.id, ada)
        await desk.say("shop", conversation.id, ada, (Text(text="Are you there?"),))
        held, side.hold = side.hold, None
        held.set()
        await reached(parley, "failed", 2)
        assert {row.reason for row in await deliveries(parley) if row.state == "failed"} == {"opted_out"}
        assert side.sent == []
        await desk.hand_back("shop", conversation.id, ada)
        await parley.hear("I am back")
        await side.until(lambda: "echo: I am back" in side.texts)
        after = await parley.conversation()
        assert (after.opted_out, after.opt_out_learnt) == (None, False)


async def test_what_the_customer_said_stands_whatever_the_platform_says(tmp_path: Path, side: Side) -> None:
    side.refusals.append(refusal("opted_out"))
    async with channel(tmp_path) as parley:
        await parley.hear("hello")
        await reached(parley, "failed")
        now = parley.runtime.clock.now()
        await tell(parley, Consent(address="visitor", allowed=False, at=now, reason="STOP"))
        await parley.hear("hello?")
        await reached(parley, "failed", 2)
        assert (await parley.conversation()).opted_out == now
        assert side.sent == []


async def test_a_platform_that_says_only_later_that_we_are_blocked(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path) as parley:
        await parley.hear("hello")
        (row,) = await reached(parley, "sent")
        now = parley.runtime.clock.now()
        failed = StatusChanged(external_id="theirs-1", state="failed", at=now, error="stopped", reason="opted_out")
        await tell(parley, failed)
        assert (await parley.conversation()).opt_out_learnt


# No answer in time


@pytest.mark.parametrize(("idempotent", "state"), [(False, "unknown"), (True, "sent")])
async def test_a_platform_that_does_not_answer_in_time(
    tmp_path: Path, side: Side, idempotent: bool, state: DeliveryState
) -> None:
    """What it may have taken is sent again only where it knows a repeat."""
    side.hold = asyncio.Event()
    async with channel(tmp_path, probe={"idempotent": idempotent}) as parley:
        parley.runtime.engine.deliverer.attempts.seconds = 0.05
        await parley.hear("one")
        await side.until(lambda: side.given_up)
        held, side.hold = side.hold, None
        held.set()
        await parley.hear("two")
        (first, *_) = await reached(parley, state)
        assert first.seq == min(row.seq for row in await deliveries(parley))
        await side.until(lambda: "echo: two" in side.texts)
        assert side.texts.count("echo: one") == idempotent


async def test_what_a_platform_never_answered_to_may_have_arrived_when_a_person_takes_over(
    tmp_path: Path, side: Side
) -> None:
    side.refusals.append(Unanswered("no whole answer", retryable=True))
    async with channel(tmp_path) as parley:
        told = asyncio.create_task(news(parley, lambda one: isinstance(one, DeliveryChanged)))
        await asyncio.sleep(0)
        await parley.hear("hello")
        update = await told
        assert isinstance(update, DeliveryChanged)
        assert (update.state, update.reason) == ("pending", "unanswered")
        conversation = await parley.conversation()
        await parley.runtime.engine.desk.accept("shop", conversation.id, parley.agent())
        row, *_ = await deliveries(parley)
        assert (row.state, row.reason) == ("unknown", "unknown")
        said = await parley.runtime.store.messages(conversation.id)
        assert not any(message.withdrawn for message in said)


# In pieces


async def test_what_comes_back_may_name_any_piece_of_a_message(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path) as parley:
        await parley.hear("word " * 1500)
        (row,) = await reached(parley, "sent")
        assert len(side.sent) == len(row.renderings) == 2
        now = parley.runtime.clock.now()
        await tell(parley, Reacted(address="visitor", external_id="theirs-1", emoji="👍", at=now))
        quoting = Received(address="visitor", external_id="q", parts=(Text(text="this?"),), at=now, quotes="theirs-1")
        await tell(parley, quoting)
        log = await parley.log(public=False)
        said = next(message for message in log if message.id == row.message_id)
        assert said.reactions == {"visitor": "👍"}
        assert next(message for message in log if message.external_id == "q").quotes == row.message_id
        await tell(parley, StatusChanged(external_id="theirs-1", state="failed", at=now, error="too long"))
        (letter,) = await reached(parley, "failed")
        assert (letter.id, letter.error) == (row.id, "too long")
