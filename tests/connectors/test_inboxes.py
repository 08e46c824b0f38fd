"""Messenger and Instagram from end to end: one core, two stand-ins over real HTTP, a whole Parley, people who write."""

import asyncio
import base64
import importlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.meta import pretend
from connectors.meta.inbox_stand_in import ACCOUNT
from orchestrator.types import (
    DeliveryChanged,
    Media,
    Tap,
    Text,
)
from tests.support.inboxes import ANN, BOTH, connected, said
from tests.support.playhouse import playing
from tests.support.samples import PNG
from tests.support.story import BOT, called, told


@BOTH
async def test_the_story_is_told(tmp_path: Path, kind: str) -> None:
    async with playing(tmp_path, kind, channel={"kind": kind}, **BOT) as play:
        conversation_id = await told(play, ANN)
        await play.until(ANN, lambda shown: all(one.state == "read" for one in shown if not one.mine))
        store = play.house.runtime.store
        assert {one.state for one in await store.deliveries(conversation_id)} <= {"read", "delivered", "sent"}
        lines = await play.house.lines(ANN)
        assert len([line for line in lines if line.startswith("agent:")]) == 1
        assert (await play.house.conversation(ANN)).controller.kind == "bot"


@BOTH
async def test_get_started_lets_the_bot_speak_first(tmp_path: Path, kind: str) -> None:
    async with playing(tmp_path, kind, channel={"kind": kind}, **BOT) as play:
        assert await play.say(ANN, Tap(payload="GET_STARTED", title="Get Started")) == [200]
        await play.answered(ANN, "Welcome to the shop.")


@BOTH
async def test_a_delivery_that_comes_again_is_answered_once(tmp_path: Path, kind: str) -> None:
    async with playing(tmp_path, kind, channel={"kind": kind}, **BOT) as play:
        requests = play.stand_in.say(ANN, Text(text="Hi"))
        await asyncio.gather(play.post(requests), play.post(requests))
        await play.post(requests)
        await play.answered(ANN, "What is it about?")
        await play.say(ANN, "Thanks")
        await play.answered(ANN, "Glad to help.")
        assert len([one for one in play.stand_in.shown(ANN) if not one.mine]) == 2


@BOTH
async def test_what_is_forged_is_refused_and_nothing_is_kept(tmp_path: Path, kind: str) -> None:
    async with playing(tmp_path, kind, channel={"kind": kind}, **BOT) as play:
        (request,) = play.stand_in.say(ANN, Text(text="Hi"))
        assert await play.post([replace(request, body=request.body.replace(b'"Hi"', b'"Ho"'))]) == [401]
        assert await play.post([replace(request, headers={})]) == [401]
        assert await play.house.runtime.store.find_conversation("it", ANN) is None


@BOTH
async def test_a_thousand_messages_in_one_delivery(tmp_path: Path, kind: str) -> None:
    async with playing(tmp_path, kind, channel={"kind": kind}, bot="silent") as play:
        events = [
            {
                "sender": {"id": f"77{n % 50}"},
                "recipient": {"id": ACCOUNT},
                "timestamp": 1,
                "message": {"mid": f"m{n}", "text": "x" * 100},
            }
            for n in range(1000)
        ]
        product = play.stand_in.flavour.product
        delivery = pretend.posted({"object": product, "entry": [{"id": ACCOUNT, "messaging": events}]})
        assert await play.post([delivery]) == [200]
        store = play.house.runtime.store
        found = [await store.find_conversation("it", f"77{n}") for n in range(50)]
        assert sum(one.last_seq for one in found if one) == 1000


async def test_what_was_never_answered_is_unknown_until_its_echo_comes(tmp_path: Path) -> None:
    async with playing(
        tmp_path, "messenger", channel={"kind": "messenger", "typing": False, "names": False}, **BOT
    ) as play:
        play.stage.silent = 1
        async with asyncio.timeout(10), play.house.runtime.bus.subscribe("shop") as news:
            await play.say(ANN, "Hi")
            async for update in news:
                if isinstance(update, DeliveryChanged):
                    break
        conversation = await play.house.conversation(ANN)
        store = play.house.runtime.store
        (row,) = await store.deliveries(conversation.id)
        assert row.state == "unknown"
        assert set(await play.post(play.stand_in.drain())) == {200}
        (row,) = await store.deliveries(conversation.id)
        assert (row.state, row.external_id) == ("read", play.stand_in.shown(ANN)[-1].id)
        assert len(await called(play, "/messages")) == 1


@BOTH
async def test_a_colleague_who_answers_in_the_inbox_silences_the_bot(tmp_path: Path, kind: str) -> None:
    async with playing(tmp_path, kind, channel={"kind": kind}, **BOT) as play:
        await play.say(ANN, "Hi")
        await play.answered(ANN, "What is it about?")
        echo = {"mid": "m_person", "text": "Bo here", "is_echo": True}
        await play.post([play.stand_in.posted(play.stand_in.event(ACCOUNT, ANN, message=echo))])
        assert "agent: Bo here" in await play.house.lines(ANN)
        assert (await play.house.conversation(ANN)).controller.kind == "desk"


@BOTH
async def test_an_agent_who_writes_shows_as_typing(tmp_path: Path, kind: str) -> None:
    async with playing(tmp_path, kind, channel={"kind": kind}, bot="silent") as play:
        await play.say(ANN, "Hi")
        conversation = await play.house.settled(ANN)
        for on, signs in ((True, ["mark_seen", "typing_on"]), (False, ["typing_off"])):
            play.stage.calls.clear()
            await play.house.runtime.engine.typing("shop", conversation.id, "agent", "ada", on)
            calls = await called(play, "/messages", len(signs))
            assert [said(call)["sender_action"] for call in calls] == signs


@BOTH
@pytest.mark.parametrize("human_agent", [True, False])
async def test_after_a_day_a_person_may_answer_and_a_bot_may_not(tmp_path: Path, kind: str, human_agent: bool) -> None:
    channel = {"kind": kind, "typing": False, "human_agent": human_agent}
    async with playing(tmp_path, kind, channel=channel, bot="silent") as play:
        await play.say(ANN, "Hi")
        conversation = await play.house.settled(ANN)
        play.stand_in.talks[ANN].heard -= timedelta(days=6)
        desk, ada = play.house.runtime.engine.desk, play.house.agent()
        async with asyncio.timeout(10), play.house.runtime.bus.subscribe("shop") as news:
            await desk.accept("shop", conversation.id, ada)
            await desk.say("shop", conversation.id, ada, (Text(text="It has come."),))
            if human_agent:
                await play.answered(ANN, "It has come.")
                assert said(play.stage.calls[-1])["tag"] == "HUMAN_AGENT"
            else:
                failed = 0
                async for update in news:
                    failed += isinstance(update, DeliveryChanged)
                    if failed == 2:
                        break
        rows = await play.house.runtime.store.deliveries(conversation.id)
        assert [one.reason for one in rows if one.state == "failed"] == ["window_closed"] * (1 if human_agent else 2)


@BOTH
async def test_a_customers_picture_is_fetched_and_kept(tmp_path: Path, kind: str) -> None:
    async with playing(tmp_path, kind, channel={"kind": kind}, bot="echo") as play:
        url = "data:image/png;base64," + base64.b64encode(PNG).decode()
        await play.say(ANN, Media(url=url, media="image", mime="image/png", alt="my door"))
        await play.answered(ANN, "my door")
        kept = (await play.house.log(ANN))[0].parts[1]
        assert isinstance(kept, Media)
        assert (await play.house.runtime.files.get(kept.url))[0] == PNG


async def test_the_token_of_another_page_is_told(tmp_path: Path) -> None:
    async with connected(tmp_path, "messenger", page_id="5") as (channel, _, _):
        found = await channel.check("https://bot.example/hooks/it")
        assert "'Stand-in', which is another account" in found[1].what


@pytest.mark.parametrize("wrong", [{"ice_breakers": {"x" * 81: "p"}}, {"ice_breakers": {"": "p"}}, {"api": "x"}])
@BOTH
def test_settings_that_are_refused(kind: str, wrong: dict[str, Any]) -> None:
    plugin = importlib.import_module(f"connectors.{kind}")
    with pytest.raises(ValueError, match="validation error"):
        plugin.Settings.model_validate({"app_secret": "s", **wrong})
