"""WhatsApp from end to end: the stand-in over real HTTP, a whole Parley, people who write and wait."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors import whatsapp
from connectors.meta import pretend
from connectors.whatsapp.stand_in import NUMBER_ID
from orchestrator.errors import SendFailed
from orchestrator.ports import Managed
from orchestrator.types import (
    DeliveryChanged,
    Template,
    Text,
)
from tests.support import bots
from tests.support.playhouse import playing
from tests.support.story import BOT, called, told
from tests.support.whatsapp import KIND, connected, said


async def test_the_story_is_told(tmp_path: Path) -> None:
    async with playing(tmp_path, "whatsapp", channel=KIND, **BOT) as play:
        conversation_id = await told(play)
        await play.until("Ann", lambda shown: all(one.state == "read" for one in shown if not one.mine))
        rows = await play.house.runtime.store.deliveries(conversation_id)
        assert {row.state for row in rows[-3:]} == {"read"}
        calls = [said(call) for call in await called(play, "/messages")]
        assert {call["to"] for call in calls if "to" in call} == {"4915000000000"}
        assert "*way*" in json.dumps(calls)


async def test_a_person_with_a_username_only_is_answered_by_their_id(tmp_path: Path) -> None:
    async with playing(tmp_path, "whatsapp", channel=KIND, **BOT) as play:
        await play.say("DE.1047385771169864", "Hi")
        await play.answered("DE.1047385771169864", "What is it about?")
        sent = next(body for call in await called(play, "/messages") if "type" in (body := said(call)))
        assert sent["recipient"] == "DE.1047385771169864"
        assert "to" not in sent


async def test_a_delivery_that_comes_three_times_and_twice_at_once_is_answered_once(tmp_path: Path) -> None:
    async with playing(tmp_path, "whatsapp", channel=KIND, **BOT) as play:
        requests = play.stand_in.say("Ann", Text(text="Hi"))
        await asyncio.gather(play.post(requests), play.post(requests))
        await play.post(requests)
        await play.answered("Ann", "What is it about?")
        await play.say("Ann", "Thanks")
        await play.answered("Ann", "Glad to help.")
        assert len([one for one in play.stand_in.shown("Ann") if not one.mine]) == 2


async def test_what_is_forged_or_too_large_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    async with playing(tmp_path, "whatsapp", channel=KIND, **BOT) as play:
        (request,) = play.stand_in.say("Ann", Text(text="Hi"))
        changed = request.body.replace(b'"Hi"', b'"Ho"')
        assert await play.post([replace(request, body=changed)]) == [401]
        assert await play.post([replace(request, headers={})]) == [401]
        assert await play.post([replace(request, body=b" " * (4 * 1024 * 1024 + 1))]) == [413]
        assert await play.house.runtime.store.find_conversation("it", "4915000000000") is None


async def test_the_handshake_over_the_wire(tmp_path: Path) -> None:
    async with playing(tmp_path, "whatsapp", channel=KIND, **BOT) as play:
        query = {"hub.mode": "subscribe", "hub.verify_token": pretend.VERIFY_TOKEN, "hub.challenge": "1158201444"}
        found = await play.front.get("/hooks/it", **query)
        assert (found.status, found.body) == (200, b"1158201444")
        assert (await play.front.get("/hooks/it", **query | {"hub.verify_token": "x"})).status == 401


async def test_a_thousand_messages_in_one_delivery(tmp_path: Path) -> None:
    async with playing(tmp_path, "whatsapp", channel=KIND, bot="silent") as play:
        messages = [
            {"from": f"49{n % 50}", "id": f"wamid.{n}", "timestamp": "1", "type": "text", "text": {"body": "x" * 100}}
            for n in range(1000)
        ]
        assert await play.post([play.stand_in.posted({"messages": messages})]) == [200]
        store = play.house.runtime.store
        found = [await store.find_conversation("it", f"49{n}") for n in range(50)]
        assert sum(one.last_seq for one in found if one) == 1000


async def test_what_the_platform_could_not_take_is_sent_again(tmp_path: Path) -> None:
    async with playing(tmp_path, "whatsapp", channel=KIND | {"typing": False}, **BOT) as play:
        play.stage.faults += ["broken", "throttled"]
        await play.say("Ann", "Hi")
        await play.answered("Ann", "What is it about?")
        assert len(await called(play, "/messages")) == 3


async def test_what_was_never_answered_is_unknown_until_its_status_comes(tmp_path: Path) -> None:
    async with playing(tmp_path, "whatsapp", channel=KIND | {"typing": False}, **BOT) as play:
        play.stage.silent = 1
        store = play.house.runtime.store
        async with asyncio.timeout(10), play.house.runtime.bus.subscribe("shop") as news:
            await play.say("Ann", "Hi")
            async for update in news:
                if isinstance(update, DeliveryChanged):
                    break
        conversation = await play.house.conversation("4915000000000")
        (row,) = await store.deliveries(conversation.id)
        assert row.state == "unknown"
        assert await play.post(play.stand_in.drain()) == [200, 200, 200]
        (row,) = await store.deliveries(conversation.id)
        assert (row.state, row.external_id) == ("read", play.stand_in.shown("Ann")[-1].id)
        assert len(await called(play, "/messages")) == 1


async def test_a_bot_that_takes_its_time_shows_as_typing_and_what_was_said_as_read(tmp_path: Path) -> None:
    bots.reset()
    async with playing(tmp_path, "whatsapp", channel=KIND, bot="slow") as play:
        await play.say("Ann", "gate-1")
        (call,) = await called(play, "/messages")
        sign = said(call)
        assert (sign["status"], sign["typing_indicator"]) == ("read", {"type": "text"})
        assert sign["message_id"] == play.stand_in.shown("Ann")[0].id
        bots.gates["gate-1"].set()
        await play.answered("Ann", "slow: gate-1")


async def test_after_a_day_only_a_template_goes(tmp_path: Path) -> None:
    channel = KIND | {"typing": False, "window_template": "news", "window_values": {"1": "{text}"}}
    async with playing(tmp_path, "whatsapp", channel=channel, bot="silent") as play:
        await play.say("Ann", "Hi")
        conversation = await play.house.settled("4915000000000")
        play.stand_in.talks["4915000000000"].heard -= timedelta(hours=25)
        desk, ada = play.house.runtime.engine.desk, play.house.agent()
        await desk.accept("shop", conversation.id, ada)
        await desk.say("shop", conversation.id, ada, (Text(text="It has come."),))
        (part,) = (await play.answered("Ann", "Template")).parts
        assert isinstance(part, Template)
        assert (part.name, part.language, list(part.values)) == ("news", "en", ["1"])


async def test_a_colleague_who_answers_in_the_app_on_the_phone_silences_the_bot(tmp_path: Path) -> None:
    async with playing(tmp_path, "whatsapp", channel=KIND, **BOT) as play:
        await play.say("Ann", "Hi")
        await play.answered("Ann", "What is it about?")
        echo = {"from": "1555", "to": "4915000000000", "id": "wamid.e", "timestamp": "1", "type": "text"}
        await play.post([play.stand_in.posted({"message_echoes": [echo | {"text": {"body": "Bo here"}}]})])
        conversation = await play.house.conversation("4915000000000")
        assert conversation.controller.kind == "desk"
        assert "agent: Bo here" in await play.house.lines("4915000000000")


# Connecting


async def test_setup_subscribes_and_check_tells_what_is_wrong(tmp_path: Path) -> None:
    url = "https://bot.example/hooks/it"
    async with connected(tmp_path) as (channel, stage, stand_in):
        assert isinstance(channel, Managed)
        before = await channel.check(url)
        assert [found.ok for found in before] == [True, True, False, False]
        steps = await channel.setup(url)
        assert [step.done for step in steps] == [True, True]
        assert stand_in.hooks["whatsapp_business_account"]["callback_url"] == url
        assert stand_in.hooks["whatsapp_business_account"]["verify_token"] == pretend.VERIFY_TOKEN
        found = await channel.check(url)
        assert all(one.ok for one in found), found
        assert "Stand-in" in found[1].what
        elsewhere = await channel.check("https://other.example/hooks/it")
        assert "the app delivers to https://bot.example/hooks/it" in elsewhere[3].what
        assert not (await channel.check("http://localhost:8000/hooks/it"))[0].ok
        assert all(pretend.APP_SECRET not in call.path for call in stage.calls)


async def test_what_setup_can_not_do_it_tells(tmp_path: Path) -> None:
    url = "https://bot.example/hooks/it"
    async with connected(tmp_path, app_id="", account_id="") as (channel, _, stand_in):
        first, second = await channel.setup(url)
        assert not first.done
        assert url in first.text
        assert "messages, smb_message_echoes" in first.text
        assert "account_id" in second.text
        assert not stand_in.hooks
    async with connected(tmp_path, access_token="gone") as (channel, _, _):
        found = await channel.check(url)
        assert "new access token" in found[1].mend
        with pytest.raises(SendFailed):
            await channel.setup(url)


@pytest.mark.parametrize(
    "wrong",
    [
        {"app_secret": ""},
        {"version": "23"},
        {"api": "ftp://x"},
        {"api": "https://x/?a=b"},
        {"phone_number_id": "1/2"},
        {"flows": {"f": {}}},
        {"unknown": 1},
    ],
)
def test_settings_that_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        whatsapp.Settings.model_validate({"app_secret": "s", **wrong})


def test_secrets_do_not_show() -> None:
    settings = whatsapp.Settings.model_validate(
        {"app_secret": "hush-1", "access_token": "hush-2", "verify_token": "hush-3"}
    )
    assert "hush" not in repr(settings)


async def test_who_wrote_long_ago_is_forgotten_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.whatsapp.connector.REMEMBERED", 2)
    async with connected(tmp_path) as (channel, stage, stand_in):
        for user in ("1", "2", "1", "3"):
            channel.parse(stand_in.say(user, Text(text="x"))[0])
        assert list(channel.last) == ["1", "3"]
        await channel.typing("1", True)
        await channel.typing("2", True)
        await channel.typing("1", False)
        (call,) = stage.calls
        assert said(call)["typing_indicator"] == {"type": "text"}
        assert call.path == f"/v23.0/{NUMBER_ID}/messages"
        assert stand_in.talks["1"].typing
