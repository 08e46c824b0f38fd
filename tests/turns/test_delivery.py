"""From the outbox to the platform: in order, again when it fails, never a dead end for those behind."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import Conflict, Unauthenticated
from orchestrator.types import Say, StatusChanged, Text
from tests.support import bots
from tests.support.house import House, house
from tests.support.platform import Platform, platform


@pytest.fixture(autouse=True)
def fresh_bots() -> Iterator[None]:
    bots.reset()
    yield
    bots.reset()


@asynccontextmanager
async def delivering(folder: Path, side: Platform, **app: Any) -> AsyncIterator[House]:
    hook = {"kind": "webhook", "signature": "none", "url": side.url, "allow_private": True}
    async with house(folder, channels={"hook": hook}, **app) as parley:
        parley.channel = "hook"
        yield parley


async def test_a_reply_reaches_the_platform_and_its_status_only_moves_forward(tmp_path: Path) -> None:
    async with platform() as side, delivering(tmp_path, side) as parley:
        await parley.hear("hello")
        await side.until(taken=1)
        assert side.texts == ["echo: hello"]
        engine, store = parley.runtime.engine, parley.runtime.store
        for state in ("read", "delivered"):
            event = StatusChanged(external_id="theirs-1", state=state, at=parley.runtime.clock.now())
            await engine.accept("shop", "hook", [event])
        conversation = await parley.conversation()
        await engine.stop(5)
        (delivery,) = await store.deliveries(conversation.id)
        assert delivery.state == "read"
        assert delivery.external_id == "theirs-1"


async def test_a_later_message_waits_for_an_earlier_one_that_is_tried_again(tmp_path: Path) -> None:
    async with platform() as side, delivering(tmp_path, side) as parley:
        side.refusals.append(503)
        await parley.hear("one")
        await side.until(tries=1)
        await parley.hear("two")
        await parley.hear("other", address="somebody else")
        await side.until(taken=3)
        mine = [text for text in side.texts if "other" not in text]
        assert mine == ["echo: one", "echo: two"]
        assert side.texts[0] == "echo: other"


async def test_a_message_the_platform_will_never_take_makes_way(tmp_path: Path) -> None:
    async with platform() as side, delivering(tmp_path, side) as parley:
        side.refusals.append(400)
        await parley.hear("one")
        await side.until(tries=1)
        await parley.hear("two")
        await side.until(taken=1)
        assert side.texts == ["echo: two"]
        rows = await parley.runtime.store.deliveries((await parley.conversation()).id)
        assert {row.state for row in rows} == {"failed", "sent"} or {row.state for row in rows} == {"failed", "pending"}


async def test_what_waits_to_be_sent_when_the_process_ends_is_sent_by_the_next(tmp_path: Path) -> None:
    async with platform() as side:
        async with delivering(tmp_path, side) as parley:
            side.refusals.append(503)
            await parley.hear("hello")
            await side.until(tries=1)
        async with delivering(tmp_path, side):
            await side.until(taken=1)
    assert side.texts == ["echo: hello"]


async def test_what_an_earlier_process_could_not_send_is_not_overtaken(tmp_path: Path) -> None:
    async with platform() as side:
        async with delivering(tmp_path, side) as parley:
            side.refusals.extend([503] * 9)
            await parley.hear("one")
            await side.until(tries=1)
            await parley.hear("two")
        side.refusals.clear()
        async with delivering(tmp_path, side) as parley:
            await parley.hear("three", external_id="after the restart")
            async with asyncio.timeout(20):
                while "three" not in "".join(side.texts):
                    await side.until(taken=len(side.texts) + 1)
    assert "\n".join(side.texts).replace("echo: ", "") == "one\ntwo\nthree"


async def test_an_agent_who_accepts_withdraws_what_the_bot_has_not_sent(tmp_path: Path) -> None:
    async with platform() as side, delivering(tmp_path, side) as parley:
        side.refusals.extend([503] * 3)
        accepted = await parley.hear("hello")
        await side.until(tries=1)
        await parley.runtime.engine.desk.accept("shop", accepted.conversation.id, parley.agent())
        side.refusals.clear()
        await side.until(taken=1)
        assert not [text for text in side.texts if text.startswith("echo")]
        bot = [message for message in await parley.log(public=False) if message.role == "bot"]
        assert [message.withdrawn for message in bot] == [True]


async def test_a_platform_that_hangs_holds_up_one_conversation_only(tmp_path: Path) -> None:
    async with platform() as side, delivering(tmp_path, side) as parley:
        side.hold = asyncio.Event()
        await parley.hear("stuck", address="anna")
        await side.until(tries=1)
        held, side.hold = side.hold, None
        await parley.hear("free", address="ben")
        await side.until(taken=1)
        assert "echo: free" in side.texts
        held.set()
        await side.until(taken=2)


async def test_a_late_answer_is_taken_once_and_only_with_its_own_ticket(tmp_path: Path) -> None:
    async with platform() as side, delivering(tmp_path, side, bot="later") as parley:
        await parley.hear("hello")
        await parley.runtime.bus.wake((await parley.conversation()).id)
        async with asyncio.timeout(10):
            while (await parley.conversation()).awaiting is None:
                await asyncio.to_thread(lambda: None)
        engine = parley.runtime.engine
        token = bots.seen[0].callback_url.rpartition("/")[2]
        with pytest.raises(Unauthenticated):
            await engine.answer_late(token[:-4] + "AAAA", [])
        await engine.answer_late(token, [Say(parts=(Text(text="here I am"),))])
        await side.until(taken=1)
        assert side.texts == ["here I am"]
        with pytest.raises(Conflict):
            await engine.answer_late(token, [Say(parts=(Text(text="again"),))])


async def test_a_late_answer_after_a_person_took_over_is_refused(tmp_path: Path) -> None:
    async with platform() as side, delivering(tmp_path, side, bot="later") as parley:
        accepted = await parley.hear("hello")
        async with asyncio.timeout(10):
            while (await parley.conversation()).awaiting is None:
                await asyncio.to_thread(lambda: None)
        engine = parley.runtime.engine
        await engine.desk.accept("shop", accepted.conversation.id, parley.agent())
        token = bots.seen[0].callback_url.rpartition("/")[2]
        with pytest.raises(Conflict):
            await engine.answer_late(token, [Say(parts=(Text(text="too late"),))])


async def test_lines_sent_while_a_late_bot_thinks_wait_for_its_answer(tmp_path: Path) -> None:
    async with platform() as side, delivering(tmp_path, side, bot="later") as parley:
        await parley.hear("one")
        async with asyncio.timeout(10):
            while (await parley.conversation()).awaiting is None:
                await asyncio.to_thread(lambda: None)
        await parley.hear("two")
        token = bots.seen[0].callback_url.rpartition("/")[2]
        await parley.runtime.engine.answer_late(token, [Say(parts=(Text(text="to one"),))])
        async with asyncio.timeout(10):
            while len(bots.seen) < 2:
                await asyncio.to_thread(lambda: None)
        assert bots.seen[1].text == "two"


async def test_work_whose_wake_up_was_lost_is_found_by_the_sweep(tmp_path: Path) -> None:
    async with house(tmp_path) as parley:
        bus = parley.runtime.bus

        async def lost(conversation_id: str, app_id: str = "") -> None:
            """As if the bus had dropped it."""

        wake = bus.wake
        bus.wake = lost  # type: ignore[method-assign]
        await parley.hear("hello")
        bus.wake = wake  # type: ignore[method-assign]
        await parley.settled()
        assert (await parley.lines())[-1] == "bot: echo: hello"


async def test_a_promised_answer_that_never_comes_is_given_by_the_fallback(tmp_path: Path) -> None:
    python = {"kind": "python", "bot": "tests.support.bots:forgetful", "fallback": "echo"}
    async with platform() as side, delivering(tmp_path, side, bot="forgetful", bots={"forgetful": python}) as parley:
        await parley.hear("where is my order?")
        await side.until(taken=1)
        assert side.texts == ["echo: where is my order?"]
        trace = (await parley.runtime.store.traces((await parley.conversation()).id))[0]
        assert [(call.bot, call.outcome) for call in trace.bots] == [("forgetful", "timeout"), ("echo", "ok")]
