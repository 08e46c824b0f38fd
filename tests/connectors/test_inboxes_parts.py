"""What goes through Messenger's and Instagram's inboxes: pictures, files, taps, names, links."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.meta import pretend
from connectors.meta.inbox import InboxChannel
from connectors.meta.inbox_stand_in import ACCOUNT
from orchestrator import fit
from orchestrator.errors import NotFound, SendFailed, TooLarge, Unauthenticated
from orchestrator.ports import PHOTO, Managed, MediaSource
from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    Form,
    FormField,
    Inbound,
    ListPicker,
    Location,
    Media,
    Part,
    QuickReplies,
    RawRequest,
    Received,
    Role,
    Tap,
    Template,
    Text,
)
from tests.support.cloud import Reply, running_cloud
from tests.support.inboxes import ANN, BOTH, connected, row, said
from tests.support.samples import PNG


async def send(channel: InboxChannel, part: Part, role: Role = "bot") -> str:
    outgoing = row(part, role)
    return (await channel.send(outgoing.renderings[0], outgoing)).external_id


def heard(channel: InboxChannel, requests: Sequence[RawRequest]) -> list[Inbound]:
    return [event for request in requests for event in channel.parse(request)]


# The connector alone, before the stand-in


@BOTH
@pytest.mark.parametrize(
    "part",
    [
        Text(text="Hello"),
        Text(text="Grüße 🌈 " * 600),
        Text(text="**Bold** [site](https://example.com)", markdown=True),
        Media(url="https://example.com/a.jpg", media="image", alt="A"),
        Media(url="https://example.com/a.gif", media="gif", alt="A"),
        Media(url="https://example.com/a.pdf", media="file", name="bill.pdf"),
        Media(url="https://example.com/a.mp4", media="video", size=99_000_000),
        Location(latitude=1.5, longitude=2.5, name="HQ"),
        QuickReplies(text="?", choices=tuple(Choice(title=f"Choice {n}", payload=f"c:{n}") for n in range(13))),
        QuickReplies(text="?", choices=tuple(Choice(title=f"Choice {n}", payload=f"c:{n}") for n in range(14))),
        QuickReplies(text="?", choices=(Choice(title="Same", payload="a"), Choice(title="Same", payload="b"))),
        Buttons(text="ü" * 2000, buttons=(Button(title="A very long title, far too long", payload="p" * 1900),)),
        Buttons(text="?", buttons=(Button(title="Buy", payload="b"), Button(title="Site", url="https://example.com"))),
        Buttons(text="?", buttons=tuple(Button(title=f"{n}", payload=f"b{n}") for n in range(4))),
        ListPicker(text="?", choices=tuple(Choice(title=f"Row {n}", payload=f"r:{n}") for n in range(12))),
        Carousel(
            cards=tuple(
                Card(title="Card " + "x" * 90, subtitle="y" * 200, buttons=(Button(title="Pick", payload=f"p:{n}"),))
                for n in range(11)
            )
        ),
        Carousel(cards=(Card(title="Bare"),)),
        Template(name="news", text="News!"),
        Form(id="receipt", title="Receipt", fields=(FormField(name="email", label="E-mail"),)),
        Tap(payload="p", title="Tapped"),
    ],
)
async def test_whatever_is_fitted_is_taken(tmp_path: Path, kind: str, part: Part) -> None:
    async with connected(tmp_path, kind) as (channel, _, stand_in):
        stand_in.say(ANN, Text(text="Hi"))
        for rendering in fit.shape((part,), channel.limits, message_id="m").renderings:
            for one in rendering.parts:
                assert await send(channel, one)
        assert len(stand_in.shown(ANN)) > 1


@BOTH
async def test_more_than_the_platform_takes_is_refused_by_the_stand_in_too(tmp_path: Path, kind: str) -> None:
    async with connected(tmp_path, kind) as (channel, _, stand_in):
        stand_in.say(ANN, Text(text="Hi"))
        for part in (
            QuickReplies(text="?", choices=tuple(Choice(title=f"{n}", payload=f"{n}") for n in range(14))),
            Buttons(text="?", buttons=tuple(Button(title=f"{n}", payload=f"{n}") for n in range(4))),
            Buttons(text="x" * 641, buttons=(Button(title="a", payload="a"),)),
            Text(text="x" * 2001),
        ):
            with pytest.raises(SendFailed) as failed:
                await send(channel, part)
            assert not failed.value.retryable


@BOTH
async def test_a_quick_reply_and_a_button_come_back_as_taps(tmp_path: Path, kind: str) -> None:
    async with connected(tmp_path, kind) as (channel, _, stand_in):
        stand_in.say(ANN, Text(text="Hi"))
        await send(channel, QuickReplies(text="?", choices=(Choice(title="Large", payload="size:l"),)))
        for tap in (Tap(payload="size:l", title="Large"), Tap(payload="buy:1", title="Buy")):
            requests = stand_in.say(ANN, tap)
            (event,) = heard(channel, requests)
            assert isinstance(event, Received)
            assert event.parts == (tap,)
            assert (b"quick_reply" in requests[0].body) == (tap.payload == "size:l")


@BOTH
async def test_who_writes_is_asked_for_by_name_once(tmp_path: Path, kind: str) -> None:
    async with connected(tmp_path, kind) as (channel, stage, stand_in):
        for _ in range(2):
            (request,) = stand_in.say(ANN, Text(text="Hi"))
            await channel.verify(request)
            (event,) = channel.parse(request)
            assert isinstance(event, Received)
            assert event.profile == {"name": "User 0001"}
        assert [call.path for call in stage.calls] == [f"/v23.0/{ANN}"]


async def test_a_name_that_is_not_told_is_no_reason_to_lose_a_message(tmp_path: Path) -> None:
    async with connected(tmp_path, "messenger") as (channel, stage, stand_in):
        stage.faults += ["broken", "token_expired"]
        requests = [stand_in.say(user, Text(text="Hi"))[0] for user in ("1", "2")]
        for request in (*requests, *requests):
            await channel.verify(request)
            (event,) = channel.parse(request)
            assert isinstance(event, Received)
            assert event.profile == {}
        assert len(stage.calls) == 2
        with pytest.raises(Unauthenticated):
            await channel.verify(replace(requests[0], body=b"{}"))


async def test_names_can_be_left_alone(tmp_path: Path) -> None:
    async with connected(tmp_path, "messenger", names=False) as (channel, stage, stand_in):
        await channel.verify(stand_in.say(ANN, Text(text="Hi"))[0])
        assert not stage.calls


async def test_an_echo_without_a_mark_is_ours_while_and_after_we_send(tmp_path: Path) -> None:
    async with connected(tmp_path, "instagram") as (channel, _, stand_in):
        stand_in.say(ANN, Text(text="Hi"))
        channel.flying[ANN] = ("out-1.0", "ours")
        for text, expected in (("ours", "StatusChanged"), ("theirs", "Echoed")):
            message = {"mid": "m_x", "is_echo": True, "text": text}
            (event,) = heard(channel, [stand_in.posted(stand_in.event(ACCOUNT, ANN, message=message))])
            assert type(event).__name__ == expected
            assert getattr(event, "tracker", "out-1.0") == "out-1.0"
        await send(channel, Text(text="Hello"))
        assert not channel.flying
        assert [type(event).__name__ for event in heard(channel, stand_in.drain())] == ["StatusChanged"]


async def test_only_so_many_ids_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.meta.inbox.REMEMBERED", 1)
    async with connected(tmp_path, "instagram") as (channel, _, stand_in):
        stand_in.say(ANN, Text(text="Hi"))
        await send(channel, Text(text="one"))
        last = await send(channel, Text(text="two"))
        assert list(channel.sent) == [last]


async def test_a_file_of_ours_is_uploaded(tmp_path: Path) -> None:
    async with connected(tmp_path, "messenger") as (channel, stage, stand_in):
        stand_in.say(ANN, Text(text="Hi"))
        path = await channel.files.put("shop", PNG, name="plan.png", mime="image/png")
        await send(channel, Media(url=f"http://127.0.0.1:1{path}", media="image"))
        (id,) = stand_in.files
        assert stand_in.files[id][0] == PNG
        attachment = said(stage.calls[-1])["message"]["attachment"]
        assert attachment == {"type": "image", "payload": {"attachment_id": id}}
        await send(channel, Media(url="https://parley.example/media/shop/gone/x.png", media="image"))
        assert "url" in said(stage.calls[-1])["message"]["attachment"]["payload"]


async def test_a_person_who_is_too_late_is_told_so(tmp_path: Path) -> None:
    async with connected(tmp_path, "messenger", human_agent=True) as (channel, stage, stand_in):
        stand_in.say(ANN, Text(text="Hi"))
        talk = stand_in.talks[ANN]
        assert talk.heard is not None
        talk.heard -= timedelta(days=8)
        told: tuple[tuple[Role, int], ...] = (("bot", 1), ("agent", 3))
        for role, calls in told:
            with pytest.raises(SendFailed) as failed:
                await send(channel, Text(text="Hello"), role)
            assert (failed.value.reason, len(stage.calls)) == ("window_closed", calls)


@BOTH
async def test_a_revoked_token_is_told_without_telling_the_token(tmp_path: Path, kind: str) -> None:
    async with connected(tmp_path, kind, access_token="EAAG-gone") as (channel, _, _):
        with pytest.raises(SendFailed) as failed:
            await send(channel, Text(text="Hi"))
        assert failed.value.reason == "token_expired"
        assert "EAAG" not in str(failed.value)
        await channel.typing(ANN, True)


# Customers' files


@BOTH
async def test_a_link_gives_its_file_once_and_never_the_token(tmp_path: Path, kind: str) -> None:
    async with connected(tmp_path, kind) as (channel, stage, stand_in):
        assert isinstance(channel, MediaSource)
        link = stand_in.link(Media(url="", media="image"))
        found = await channel.fetch(link, 1000)
        assert (found.data, found.mime, found.name) == (PHOTO, "image/png", link.rpartition("/")[2])
        assert "authorization" not in stage.calls[0].headers
        with pytest.raises(TooLarge):
            await channel.fetch(link, 10)
        with pytest.raises(NotFound):
            await channel.fetch(f"{stage.url}/v23.0/files/gone", 1000)


@BOTH
@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "http://127.0.0.1:9/x", "https://10.0.0.1/", "x:y"])
async def test_a_link_into_a_private_network_is_not_followed(tmp_path: Path, kind: str, url: str) -> None:
    async with connected(tmp_path, kind) as (channel, _, _):
        with pytest.raises(SendFailed) as failed:
            await channel.fetch(url, 1000)
        assert not failed.value.retryable


async def test_a_redirect_into_a_private_network_is_not_followed(tmp_path: Path) -> None:
    async with connected(tmp_path, "messenger") as (channel, stage, _), running_cloud() as cloud:
        cloud.replies.append(Reply(body=b"metadata"))
        to = {"Location": f"{cloud.url}/latest/meta-data"}
        stage.answer = lambda called: replace(pretend.said({}), status=302, headers=to)  # type: ignore[method-assign]
        with pytest.raises(SendFailed, match="private or reserved"):
            await channel.fetch(f"{stage.url}/v23.0/files/1", 1000)
        assert not cloud.seen


@BOTH
async def test_setup_subscribes_and_check_tells_what_is_wrong(tmp_path: Path, kind: str) -> None:
    url = "https://bot.example/hooks/it"
    breakers = {"Where is my order?": "order"}
    async with connected(tmp_path, kind, ice_breakers=breakers) as (channel, _, stand_in):
        assert isinstance(channel, Managed)
        assert not all(found.ok for found in await channel.check(url))
        first, *others = await channel.setup(url)
        assert first.done == (kind == "messenger")
        assert first.done or url in first.text
        assert all(step.done for step in others)
        assert {"messages", "messaging_postbacks"} <= set(stand_in.fields)
        asked = stand_in.profile["ice_breakers"][0]["call_to_actions"]
        assert asked == [{"question": "Where is my order?", "payload": "order"}]
        assert ("get_started" in stand_in.profile) == (kind == "messenger")
        found = await channel.check(url)
        assert all(one.ok for one in found), found
        stand_in.fields.remove("messaging_postbacks")
        (broken,) = [one for one in await channel.check(url) if not one.ok]
        assert "messaging_postbacks" in broken.what
