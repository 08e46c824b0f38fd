"""Twilio from end to end: the stand-in over real HTTP, by SMS with numbered choices and by WhatsApp with buttons."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.twilio import Settings
from connectors.twilio.connector import TwilioChannel
from connectors.twilio.signature import signature
from connectors.twilio.stand_in import ACCOUNT, HOOK, TOKEN, TwilioStandIn
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import Malformed, ParleyError, SendFailed, Unauthenticated
from orchestrator.types import (
    Choice,
    Inbound,
    ListPicker,
    Media,
    Outgoing,
    Part,
    QuickReplies,
    RawRequest,
    Received,
    Rendering,
    Tap,
    Text,
)
from tests.support.clock import ManualClock
from tests.support.cloud import Cloud, Reply, running_cloud
from tests.support.playhouse import Play, playing, staged
from tests.support.story import BOT, called, told, told_by_numbers

BASE: Mapping[str, Any] = {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": "+15017122661", "url": HOOK}


BOTH_SIZES = (
    Choice(title="Small", payload="size:s", description="to 38"),
    Choice(title="Large", payload="size:l", description="from 39"),
)
OUTGOING = Outgoing(
    id="out-1",
    app_id="shop",
    conversation_id="con-1",
    channel_id="it",
    address="whatsapp:+15550100",
    message_id="msg-1",
    seq=2,
    epoch=0,
    due_at=ManualClock().now(),
)


def rendering(*parts: Part) -> Rendering:
    return Rendering(parts=parts)


@asynccontextmanager
async def opened(settings: Mapping[str, Any]) -> AsyncIterator[TwilioChannel]:
    http = HttpClient()
    await http.open()
    own = {name: value for name, value in settings.items() if name != "kind"}
    try:
        yield TwilioChannel(Settings.model_validate(own), clock=ManualClock(), http=http)
    finally:
        await http.close()


async def test_the_story_is_told_by_sms(tmp_path: Path) -> None:
    """Choices come numbered, and the number is the tap."""
    async with playing(tmp_path, "twilio", **BOT) as play:
        conversation_id = await told_by_numbers(play)
        await play.until("Ann", lambda _: not play.stand_in.waiting)
        deliveries = await play.house.runtime.store.deliveries(conversation_id)
        assert any(row.state == "delivered" for row in deliveries)


async def test_the_story_is_told_by_whatsapp(tmp_path: Path) -> None:
    stand_in = TwilioStandIn(SystemClock(), whatsapp=True)
    async with playing(tmp_path, "twilio", stand_in=stand_in, **BOT) as play:
        await told(play)
        made = [call for call in play.stage.calls if call.path == "/v1/Content" and call.method == "POST"]
        assert len(made) == 1, "the same options are made once"


async def test_a_list_and_a_text_of_several_lines_by_whatsapp() -> None:
    stand_in = TwilioStandIn(SystemClock(), whatsapp=True)
    async with staged(stand_in) as stage, opened(stand_in.settings(stage.url)) as connector:
        choices = BOTH_SIZES
        await connector.send(rendering(ListPicker(text="Which?", choices=choices, button="Sizes")), OUTGOING)
        await connector.send(rendering(QuickReplies(text="One\ntwo {{1}}", choices=choices)), OUTGOING)
        listed, lined = stand_in.shown(OUTGOING.address)
        assert listed.parts == (ListPicker(text="Which?", choices=choices, button="Sizes"),)
        plain = tuple(replace(one, description="") for one in choices)
        assert lined.parts == (QuickReplies(text="One\ntwo {\u200b{1}}", choices=plain),)


async def test_contents_made_before_a_restart_are_found_again() -> None:
    stand_in = TwilioStandIn(SystemClock(), whatsapp=True)
    async with staged(stand_in) as stage:
        for _ in range(2):
            async with opened(stand_in.settings(stage.url)) as connector:
                await connector.send(rendering(QuickReplies(text="Which?", choices=BOTH_SIZES)), OUTGOING)
        assert len(stand_in.contents) == 1


async def test_who_says_stop_gets_nothing_more_until_they_say_start(tmp_path: Path) -> None:
    async with playing(tmp_path, "twilio", bot="echo") as play:
        await play.say("Ann", "hello")
        await play.answered("Ann", "echo: hello")
        await play.say("Ann", "STOP")
        seen = len(play.stand_in.shown("Ann"))
        await play.say("Ben", "hi")
        await play.answered("Ben", "echo: hi")
        assert len(play.stand_in.shown("Ann")) == seen
        await play.say("Ann", "START")
        await play.say("Ann", "again")
        await play.answered("Ann", "echo: again")


async def test_a_picture_is_fetched_with_our_password_and_kept(tmp_path: Path) -> None:
    async with playing(tmp_path, "twilio", bot="echo") as play:
        await play.say("Ann", Media(url="", media="image", mime="image/png"))
        await play.answered("Ann", "echo")
        (message, *_) = await play.house.log(play.stand_in.phone("Ann"))
        (part,) = message.parts
        assert isinstance(part, Media)
        assert part.url.startswith("/media/shop/")


async def test_redelivered_messages_are_one_and_throttling_is_waited_out(tmp_path: Path) -> None:
    async with playing(tmp_path, "twilio", bot="echo") as play:
        play.stage.faults.append("throttled")
        requests = play.stand_in.say("Ann", Text(text="hello"))
        assert await play.post([*requests, *requests, *requests]) == [200, 200, 200]
        await play.answered("Ann", "echo: hello")
        await called(play, "/Messages.json", 2)
        assert [line for line in await play.house.lines(play.stand_in.phone("Ann"))] == [
            "customer: hello",
            "bot: echo: hello",
        ]


async def test_forged_and_changed_requests_get_401_and_leave_nothing(tmp_path: Path) -> None:
    async with playing(tmp_path, "twilio", bot="echo") as play:
        (good,) = play.stand_in.say("Ann", Text(text="hello"))
        assert await statuses(play, replace(good, body=good.body.replace(b"hello", b"hullo"))) == 401
        assert await statuses(play, replace(good, headers={"content-type": good.headers["content-type"]})) == 401
        assert await play.house.runtime.store.find_conversation("it", play.stand_in.phone("Ann")) is None


async def statuses(play: Play, request: RawRequest) -> int:
    (found,) = await play.post([request])
    return found


# --- media and our password


@pytest.fixture
async def cloud() -> Any:
    async with running_cloud() as running:
        yield running


async def test_a_redirect_elsewhere_gets_no_password(cloud: Cloud) -> None:
    async with running_cloud() as elsewhere:
        cloud.replies.append(Reply(status=307, headers={"Location": f"{elsewhere.url}/file"}))
        async with opened({**BASE, "kind": "twilio", "api": cloud.url}) as connector:
            with pytest.raises(SendFailed, match="private or reserved"):
                await connector.fetch(f"{cloud.url}/2010-04-01/media", 1000)
        assert "authorization" in cloud.seen[0].headers
        assert not elsewhere.seen


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "http://127.0.0.1:{port}/x", "http://[::1]/x"])
async def test_media_elsewhere_pass_the_guard_without_a_password(cloud: Cloud, url: str) -> None:
    async with opened({**BASE, "kind": "twilio"}) as connector:
        with pytest.raises(SendFailed, match="private or reserved"):
            await connector.fetch(url.replace("{port}", cloud.url.rpartition(":")[2]), 1000)
    assert not cloud.seen


async def test_no_error_holds_a_secret(cloud: Cloud) -> None:
    cloud.replies.append(Reply(status=401, body=b'{"code":20003,"message":"Authenticate"}'))
    async with opened({**BASE, "kind": "twilio", "api": cloud.url}) as connector:
        with pytest.raises(SendFailed) as failed:
            await connector.send(rendering(Text(text="x")), OUTGOING)
        assert TOKEN not in str(failed.value)
        assert TOKEN not in repr(connector.settings)
        checked = await connector.check(HOOK)
        assert TOKEN not in repr(checked)


# --- setting up


async def test_a_number_is_pointed_at_us_and_then_found_well() -> None:
    stand_in = TwilioStandIn(SystemClock())
    async with staged(stand_in) as stage, opened(stand_in.settings(stage.url)) as connector:
        assert [one.ok for one in await connector.check(HOOK)] == [True, False]
        (step,) = await connector.setup(HOOK)
        assert step.done
        assert [one.ok for one in await connector.check(HOOK)] == [True, True]
    async with staged(stand_in) as stage, opened({**stand_in.settings(stage.url), "auth_token": "no"}) as connector:
        (found,) = await connector.check(HOOK)
        assert found.mend == "Check account_sid and auth_token."


@pytest.mark.parametrize(
    "wrong",
    [
        {"account_sid": "XX1"},
        {"auth_token": ""},
        {"sender": ""},
        {"api_key": "SK1"},
        {"url": "parley.shop.example"},
        {"messaging_service": "no"},
        {"typo": 1},
    ],
)
def test_settings_that_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Settings.model_validate({**BASE, **wrong})


# --- signatures and what strangers send


def test_a_thousand_events_of_a_stream_and_not_one_more() -> None:
    event = b'{"type":"com.twilio.messaging.message.delivered","data":{"messageSid":"SM1","messageStatus":"delivered"}}'
    assert len(parsed(b"[" + b",".join([event] * 1000) + b"]")) == 1000
    with pytest.raises(Malformed, match="1001 events"):
        parsed(b"[" + b",".join([event] * 1001) + b"]")


@pytest.mark.parametrize(
    "body", [b"[", b"null", b"[1,null,{}]", b'{"data":[]}', b"[" * 5000, b'{"data":{"a":{"b":1}}}']
)
def test_streams_of_strangers_break_nothing(body: bytes) -> None:
    with suppress(ParleyError):
        assert parsed(body) == []


def parsed(body: bytes) -> list[Inbound]:
    headers = {"content-type": "application/json"}
    request = RawRequest(method="POST", path="/", headers=headers, body=body)
    return list(channel().parse(request))


async def test_a_json_body_is_signed_by_its_hash() -> None:
    body = b'[{"data":{"messageSid":"SM1","messageStatus":"read"}}]'
    digest = hashlib.sha256(body).hexdigest()
    signed = signature(TOKEN, f"{HOOK}?bodySHA256={digest}", ()).decode()
    request = RawRequest(
        method="POST",
        path="/",
        headers={"content-type": "application/json", "x-twilio-signature": signed},
        query={"bodySHA256": digest},
        body=body,
    )
    await channel().verify(request)
    with pytest.raises(Unauthenticated, match="bodySHA256"):
        await channel().verify(replace(request, body=body + b" "))


async def test_the_address_is_parleys_own_where_none_is_set() -> None:
    fields = (("Body", "é & ü"), ("MessageSid", "SM1"), ("From", "+15550100"))
    request = RawRequest(
        method="POST",
        path="/hooks/sms",
        headers={"x-twilio-signature": signature(TOKEN, "https://shop.example/hooks/sms", fields).decode()},
        body=b"Body=%C3%A9+%26+%C3%BC&MessageSid=SM1&From=%2B15550100",
        url="https://shop.example/hooks/sms",
    )
    await channel(url="").verify(request)
    with pytest.raises(Unauthenticated):
        await channel(url="").verify(replace(request, url="https://other.example/hooks/sms"))
    (event,) = channel(url="").parse(request)
    assert isinstance(event, Received)
    assert event.parts == (Text(text="é & ü"),)


async def test_a_form_of_ten_thousand_fields_is_refused() -> None:
    request = RawRequest(
        method="POST", path="/", headers={"x-twilio-signature": "x"}, body=b"&".join(b"a=1" for _ in range(10_000))
    )
    with pytest.raises(Unauthenticated, match="500 fields"):
        await channel().verify(request)
    with pytest.raises(Malformed):
        channel().parse(request)


def test_a_tap_keeps_its_payload_letter_for_letter() -> None:
    stand_in = TwilioStandIn(ManualClock(), whatsapp=True)
    (request,) = stand_in.say("Ann", Tap(payload="size:l&x=ü", title="Large"))
    (event,) = TwilioChannel(
        Settings.model_validate({**BASE, "sender": "whatsapp:+15017122661"}), clock=ManualClock(), http=HttpClient()
    ).parse(request)
    assert isinstance(event, Received)
    assert event.parts == (Tap(payload="size:l&x=ü", title="Large"),)


def channel(**changes: Any) -> TwilioChannel:
    return TwilioChannel(Settings.model_validate({**BASE, **changes}), clock=ManualClock(), http=HttpClient())
