"""What goes through WhatsApp: pictures, files, taps, and links that lead elsewhere."""

import base64
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.meta import pretend
from connectors.whatsapp.connector import WhatsAppChannel
from orchestrator import fit
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.ssrf import Guard
from orchestrator.errors import NotFound, SendFailed, TooLarge
from orchestrator.ports import MediaSource
from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
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
from tests.support.cloud import Reply, running_cloud
from tests.support.playhouse import playing
from tests.support.samples import PNG
from tests.support.whatsapp import KIND, connected, said

ANN = "491700000001"


FLOWS = {"receipt": {"id": "77", "screen": "START"}}


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
