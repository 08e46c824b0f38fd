"""WhatsApp from end to end: the stand-in over real HTTP, a whole Parley, people who write, tap, edit and wait."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors import whatsapp
from connectors.meta import pretend
from connectors.whatsapp.connector import WhatsAppChannel
from connectors.whatsapp.stand_in import NUMBER_ID, WhatsAppStandIn
from orchestrator import fit
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.files import LocalFiles
from orchestrator.adapters.http_client import HttpClient
from orchestrator.adapters.ssrf import Guard
from orchestrator.errors import NotFound, SendFailed, TooLarge
from orchestrator.ports import Managed, MediaSource
from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    DeliveryChanged,
    Form,
    FormAnswer,
    ListPicker,
    Location,
    Media,
    Outgoing,
    Part,
    QuickReplies,
    RawRequest,
    Received,
    Rendering,
    Tap,
    Template,
    Text,
    Unsupported,
)
from tests.support import bots
from tests.support.cloud import Reply, running_cloud
from tests.support.playhouse import Stage, playing, staged
from tests.support.samples import PNG
from tests.support.story import BOT, called, told

KIND = {"kind": "whatsapp"}
ANN = "491700000001"
FLOWS = {"receipt": {"id": "77", "screen": "START"}}


def said(call: RawRequest) -> Any:
    return orjson.loads(call.body)


@asynccontextmanager
async def connected(
    folder: Path, guard: Guard | None = None, **settings: Any
) -> AsyncIterator[tuple[WhatsAppChannel, Stage, WhatsAppStandIn]]:
    """The connector alone, before the stand-in."""
    stand_in = whatsapp.stand_in(SystemClock())
    assert isinstance(stand_in, WhatsAppStandIn)
    http, files = HttpClient(guard), LocalFiles(folder, SystemClock())
    await http.open()
    async with staged(stand_in) as stage:
        own = whatsapp.Settings.model_validate({**stand_in.settings(stage.url), **settings})
        channel = whatsapp.create(own, clock=SystemClock(), http=http, files=files)
        assert isinstance(channel, WhatsAppChannel)
        yield channel, stage, stand_in
    await http.close()


async def send(channel: WhatsAppChannel, part: Part, address: str = ANN) -> str:
    outgoing = Outgoing(
        id="out-1",
        app_id="shop",
        conversation_id="c",
        channel_id="it",
        address=address,
        message_id="m",
        seq=1,
        epoch=0,
        due_at=SystemClock().now(),
        renderings=(Rendering(parts=(part,)),),
    )
    return (await channel.send(outgoing.renderings[0], outgoing)).external_id


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


async def test_a_customers_picture_is_fetched_with_the_token_and_kept(tmp_path: Path) -> None:
    async with playing(tmp_path, "whatsapp", channel=KIND, bot="echo") as play:
        url = "data:image/png;base64," + base64.b64encode(PNG).decode()
        await play.say("Ann", Media(url=url, media="image", mime="image/png", alt="my door"))
        await play.answered("Ann", "my door")
        message = (await play.house.log("4915000000000"))[0]
        kept = message.parts[0]
        assert isinstance(kept, Media)
        assert kept.url.startswith("/media/")
        assert (await play.house.runtime.files.get(kept.url))[0] == PNG
        assert "stand-in-access-token" not in repr(message)


# The connector alone, before the stand-in


@pytest.mark.parametrize(
    "part",
    [
        Text(text="Hello"),
        Text(text="x" * 9000),
        Media(url="https://example.com/a.jpg", media="image", alt="A"),
        Media(url="https://example.com/a.gif", media="gif", alt="A"),
        Media(url="https://example.com/a.webp", media="image", mime="image/webp"),
        Media(url="https://example.com/a.mp4", media="video", size=20_000_000),
        Location(latitude=1.5, longitude=2.5, name="HQ"),
        QuickReplies(text="?", choices=tuple(Choice(title=f"Choice {n}", payload=f"c:{n}") for n in range(3))),
        QuickReplies(text="?", choices=tuple(Choice(title=f"Choice {n}", payload=f"c:{n}") for n in range(4))),
        QuickReplies(text="?", choices=tuple(Choice(title=f"Choice {n}", payload=f"c:{n}") for n in range(11))),
        QuickReplies(text="?", choices=(Choice(title="Same", payload="a"), Choice(title="Same", payload="b"))),
        Buttons(text="?" * 2000, buttons=(Button(title="A very long title, far too long", payload="p" * 900),)),
        Buttons(text="?", buttons=(Button(title="Buy", payload="b"), Button(title="Site", url="https://example.com"))),
        Buttons(buttons=(Button(title="Site", url="https://example.com"),)),
        ListPicker(text="?", choices=tuple(Choice(title=f"Row {n}", payload=f"r:{n}" * 90) for n in range(12))),
        Carousel(
            cards=tuple(
                Card(
                    title="Card " + "x" * 90,
                    subtitle="y" * 200,
                    image="https://example.com/a.jpg",
                    buttons=(Button(title="Pick", payload=f"p:{n}"),),
                )
                for n in range(11)
            )
        ),
        Carousel(cards=(Card(title="Alone", buttons=(Button(title="Pick", payload="p"),)),)),
        Template(name="news", language="de", values={"1": "x"}),
        Form(id="receipt", title="Receipt", fields=()),
        Tap(payload="p", title="Tapped"),
    ],
)
async def test_whatever_is_fitted_is_taken(tmp_path: Path, part: Part) -> None:
    async with connected(tmp_path, flows=FLOWS) as (channel, stage, stand_in):
        stand_in.say(ANN, Text(text="Hi"))
        shaped = fit.shape((part,), channel.limits, message_id="m")
        for rendering in shaped.renderings:
            for one in rendering.parts:
                assert await send(channel, one)
        assert not any(isinstance(one, Unsupported) for shown in stand_in.shown(ANN)[1:] for one in shown.parts)
        payloads = {choice.payload for choice in shaped.choices}
        assert payloads >= set(getattr(part, "choices", ()) and {one.payload for one in part.choices})  # type: ignore[union-attr]


async def test_more_than_the_platform_takes_is_refused_by_the_stand_in_too(tmp_path: Path) -> None:
    async with connected(tmp_path) as (channel, _, stand_in):
        stand_in.say(ANN, Text(text="Hi"))
        fourth = QuickReplies(text="?", choices=tuple(Choice(title=f"{n}", payload=f"{n}") for n in range(4)))
        eleventh = ListPicker(text="?", choices=tuple(Choice(title=f"{n}", payload=f"{n}") for n in range(11)))
        twice = QuickReplies(text="?", choices=(Choice(title="A", payload="a"), Choice(title="A", payload="b")))
        for part in (fourth, eleventh, twice, Text(text="x" * 4097)):
            with pytest.raises(SendFailed) as failed:
                await send(channel, part)
            assert not failed.value.retryable


async def test_a_tap_carries_what_was_offered_and_where(tmp_path: Path) -> None:
    async with connected(tmp_path, flows=FLOWS) as (channel, _, stand_in):
        stand_in.say(ANN, Text(text="Hi"))
        rows = tuple(Choice(title=f"Row {n}", payload=f"r:{n}") for n in range(5))
        sent = await send(channel, ListPicker(text="?", choices=rows))
        assert parsed(channel, stand_in.say(ANN, Tap(payload="r:3", title="Row 3"))) == (
            Tap(payload="r:3", title="Row 3", message_id=sent),
        )
        sent = await send(channel, Form(id="receipt", title="Receipt", fields=()))
        answer = FormAnswer(form_id="receipt", values={"email": "a@example.com"})
        assert parsed(channel, stand_in.say(ANN, answer)) == (replace(answer, message_id=sent),)


def parsed(channel: WhatsAppChannel, requests: Sequence[RawRequest]) -> tuple[Part, ...]:
    (event,) = [event for request in requests for event in channel.parse(request)]
    assert isinstance(event, Received)
    return event.parts


async def test_a_file_of_ours_is_uploaded(tmp_path: Path) -> None:
    async with connected(tmp_path) as (channel, stage, stand_in):
        stand_in.say(ANN, Text(text="Hi"))
        path = await channel.files.put("shop", PNG, name='pl"an.png', mime="image/png")
        await send(channel, Media(url=f"http://127.0.0.1:1{path}", media="image", alt="The plan"))
        (id,) = stand_in.files
        assert stand_in.files[id] == (PNG, "image/png")
        assert said(stage.calls[-1])["image"] == {"id": id, "caption": "The plan"}
        await send(channel, Media(url="https://parley.example/media/shop/gone/x.png", media="image"))
        assert said(stage.calls[-1])["image"] == {"link": "https://parley.example/media/shop/gone/x.png"}


async def test_a_revoked_token_is_told_without_telling_the_token(tmp_path: Path) -> None:
    async with connected(tmp_path, access_token="EAAG-gone") as (channel, _, _):
        with pytest.raises(SendFailed) as failed:
            await send(channel, Text(text="Hi"))
        assert failed.value.reason == "token_expired"
        assert "EAAG" not in str(failed.value)
        with pytest.raises(SendFailed) as failed:
            await channel.fetch("300000000000001", 1000)
        assert failed.value.reason == "token_expired"


# Customers' files


async def test_a_file_that_is_gone_or_too_large(tmp_path: Path) -> None:
    async with connected(tmp_path) as (channel, _, stand_in):
        assert isinstance(channel, MediaSource)
        id = stand_in.keep(PNG, "image/png; codecs=x")
        assert (await channel.fetch(id, 1000)).mime == "image/png"
        with pytest.raises(TooLarge):
            await channel.fetch(id, 10)
        for reference in ("404", "../me", "x?fields=access_token", ""):
            with pytest.raises(NotFound):
                await channel.fetch(reference, 1000)


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "http://127.0.0.1:9/x", "https://10.0.0.1/", "file:///etc"]
)
async def test_a_link_into_a_private_network_is_not_followed(tmp_path: Path, url: str) -> None:
    async with connected(tmp_path) as (channel, stage, _):
        stage.answer = lambda called: pretend.said({"url": url})  # type: ignore[method-assign]
        with pytest.raises(SendFailed) as failed:
            await channel.fetch("1", 1000)
        assert not failed.value.retryable


async def test_a_redirect_into_a_private_network_is_not_followed(tmp_path: Path) -> None:
    async with connected(tmp_path) as (channel, stage, _), running_cloud() as cloud:
        cloud.replies.append(Reply(body=b"metadata"))
        to = {"Location": f"{cloud.url}/latest/meta-data"}
        link = f"{stage.url}/v23.0/files/1"

        def answer(called: RawRequest) -> Any:
            if called.path.endswith("/files/1"):
                return replace(pretend.said({}), status=302, headers=to)
            return pretend.said({"url": link})

        stage.answer = answer  # type: ignore[method-assign]
        with pytest.raises(SendFailed, match="private or reserved"):
            await channel.fetch("1", 1000)
        assert not cloud.seen


async def test_the_token_goes_to_no_foreign_host(tmp_path: Path) -> None:
    async with running_cloud() as cloud:
        cloud.replies.append(Reply(body=PNG))
        async with connected(tmp_path, Guard(allow=["127.0.0.1/32"])) as (channel, stage, _):
            stage.answer = lambda called: pretend.said({"url": f"{cloud.url}/x"})  # type: ignore[method-assign]
            assert (await channel.fetch("1", 1000)).data == PNG
            assert "authorization" not in cloud.seen[0].headers
            assert stage.calls[0].headers["authorization"].startswith("Bearer ")


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
