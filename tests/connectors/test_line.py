"""LINE from end to end: the stand-in over real HTTP, a whole Parley, people who write, tap, follow and leave."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.line import length
from connectors.line.connector import LineChannel
from connectors.line.stand_in import ME
from orchestrator.errors import NotFound, SendFailed, TooLarge, Unavailable
from orchestrator.ports import Managed, MediaSource, Threaded
from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    Consent,
    Location,
    Media,
    Part,
    QuickReplies,
    RawRequest,
    Received,
    Started,
    Tap,
    Text,
)
from tests.support.clock import ManualClock
from tests.support.playhouse import CHANNEL, Play, playing
from tests.support.samples import M4A
from tests.support.story import BOT, called, told
from tests.support.wired import sent, wired

KIND = {"kind": "line"}
HOOK = "https://bot.example/hooks/it"
ANN = f"U{1:032x}"


def said(call: RawRequest) -> Mapping[str, Any]:
    body: Mapping[str, Any] = orjson.loads(call.body)
    return body


def paths(play_calls: list[RawRequest]) -> list[str]:
    return [call.path.rpartition("/")[2] for call in play_calls]


async def asked_once(play: Play) -> None:
    await play.say("Ann", "Hi")
    await play.answered("Ann", "What is it about?")


async def test_the_story_is_told(tmp_path: Path) -> None:
    async with playing(tmp_path, "line", channel=KIND, **BOT) as play:
        await told(play)
        tap = next(line for line in await play.house.log(ANN) if isinstance(line.parts[0], Tap))
        assert tap.parts[0] == Tap(payload="topic:order")


async def test_what_answers_at_once_is_a_reply_and_what_comes_by_itself_a_push(tmp_path: Path) -> None:
    async with playing(tmp_path, "line", channel=KIND, **BOT) as play:
        await asked_once(play)
        assert len(await called(play, "/reply")) == 1
        assert play.stand_in.quota == 500
        conversation = await play.house.conversation(ANN)
        desk, ada = play.house.runtime.engine.desk, play.house.agent()
        await desk.accept("shop", conversation.id, ada)
        await desk.say("shop", conversation.id, ada, (Text(text="Ada here."),))
        await play.answered("Ann", "Ada here.")
        pushes = await called(play, "/push")
        assert all(push.headers["x-line-retry-key"] for push in pushes)
        assert play.stand_in.quota == 500 - len(pushes)


async def test_a_reply_token_that_is_no_good_makes_it_a_push(tmp_path: Path) -> None:
    async with playing(tmp_path, "line", channel=KIND, **BOT) as play:
        (request,) = play.stand_in.say("Ann", Text(text="Hi"))
        play.stand_in.tokens.clear()
        await play.post([request])
        await play.answered("Ann", "What is it about?")
        assert [name for name in paths(play.stage.calls) if name in ("reply", "push")] == ["reply", "push"]


async def test_an_old_reply_token_is_not_even_tried(tmp_path: Path) -> None:
    async with wired("line", tmp_path) as (channel, stage, stand_in):
        clock = ManualClock()
        channel.clock = clock
        stand_in.say("Ann", Text(text="Hi"))
        given = {"line": {"reply_token": "t", "at": clock.now().timestamp()}}

        async def recall(conversation_id: str) -> Mapping[str, Any]:
            return given

        channel.remember(recall)
        clock.advance(51)
        await sent(channel, ANN, Text(text="late"))
        clock.advance(-51)
        await sent(channel, ANN, Text(text="again"), attempts=1, id="out-2")
        assert paths(stage.calls) == ["push", "push"]
        await sent(channel, ANN, Text(text="in time"), id="out-3")
        await sent(channel, ANN, Text(text="it is good once"), id="out-4")
        assert paths(stage.calls)[2:] == ["reply", "push", "push"]


async def test_without_its_past_a_conversation_is_pushed_to(tmp_path: Path) -> None:
    async with wired("line", tmp_path) as (channel, stage, stand_in):
        stand_in.say("Ann", Text(text="Hi"))

        async def recall(conversation_id: str) -> Mapping[str, Any]:
            raise Unavailable("the database is away")

        channel.remember(recall)
        await sent(channel, ANN, Text(text="Hello"))
        assert paths(stage.calls) == ["push"]


async def test_a_push_that_is_tried_again_is_taken_once(tmp_path: Path) -> None:
    async with wired("line", tmp_path) as (channel, stage, stand_in):
        stand_in.say("Ann", Text(text="Hi"))
        first = await sent(channel, ANN, Text(text="Hello"))
        assert await sent(channel, ANN, Text(text="Hello"), attempts=1) == first
        assert await sent(channel, ANN, Text(text="More"), done=1) != first
        assert len(stand_in.shown("Ann")) == 3
        keys = [call.headers["x-line-retry-key"] for call in stage.calls]
        assert keys[0] == keys[1] != keys[2]


async def test_a_spent_quota_is_told_and_nothing_is_tried_again(tmp_path: Path) -> None:
    async with wired("line", tmp_path) as (channel, _, stand_in):
        stand_in.say("Ann", Text(text="Hi"))
        stand_in.quota = 0
        with pytest.raises(SendFailed, match="monthly limit") as failed:
            await sent(channel, ANN, Text(text="Hello"))
        assert (failed.value.reason, failed.value.retryable) == ("quota_spent", False)
        stand_in.hook = {"endpoint": HOOK, "active": True}
        assert "500 of this month's 500 pushes" in [one.what for one in await channel.check(HOOK) if not one.ok][0]


async def test_a_webhook_that_comes_three_times_is_answered_once(tmp_path: Path) -> None:
    async with playing(tmp_path, "line", channel=KIND, **BOT) as play:
        requests = play.stand_in.say("Ann", Text(text="Hi"))
        assert await play.post(requests * 3) == [200, 200, 200]
        await play.answered("Ann", "What is it about?")
        await play.say("Ann", "Thanks")
        await play.answered("Ann", "Glad to help.")
        assert len([name for name in paths(play.stage.calls) if name in ("reply", "push")]) == 2


async def test_a_forged_webhook_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    async with playing(tmp_path, "line", channel=KIND, **BOT) as play:
        (request,) = play.stand_in.say("Ann", Text(text="Hi"))
        assert await play.post([replace(request, body=request.body.replace(b'"Hi"', b'"Ha"'))]) == [401]
        assert await play.post([replace(request, headers={})]) == [401]
        assert await play.post([replace(request, body=b" " * 3_000_000)]) == [413]
        assert await play.house.runtime.store.find_conversation(CHANNEL, ANN) is None


async def test_a_thousand_events_in_one_delivery_are_all_taken(tmp_path: Path) -> None:
    async with wired("line", tmp_path) as (channel, _, stand_in):
        message = {"type": "text", "text": "x" * 100}
        events = [stand_in.event("Ann", "message", message={"id": str(n), **message}) for n in range(1000)]
        request = stand_in.posted(events)
        assert len(request.body) < channel.max_bytes
        await channel.verify(request)
        assert [event.external_id for event in channel.parse(request)] == [str(n) for n in range(1000)]


async def test_what_line_could_not_take_is_sent_again(tmp_path: Path) -> None:
    async with playing(tmp_path, "line", channel={**KIND, "destination": ME, "mark_read": False}, **BOT) as play:
        play.stage.faults.append("broken")
        await asked_once(play)
        assert [name for name in paths(play.stage.calls) if name in ("reply", "push")] == ["reply", "push"]


async def test_messages_are_shown_as_read_and_a_pause_as_loading(tmp_path: Path) -> None:
    async with wired("line", tmp_path) as (channel, _, stand_in):
        (request,) = stand_in.say("Ann", Text(text="Hi"))
        channel.answer(request)
        await asyncio.gather(*channel.tasks)
        assert stand_in.read == ["read-1"]
        await channel.typing(ANN, True)
        assert stand_in.loading == [ANN]


async def test_webhooks_of_another_account_are_dropped_once_ours_is_known(tmp_path: Path) -> None:
    async with wired("line", tmp_path) as (channel, _, stand_in):
        await channel.open()
        await asyncio.gather(*channel.tasks)
        assert channel.me == ME
        (request,) = stand_in.say("Ann", Text(text="Hi"))
        assert len(channel.parse(request)) == 1
        assert list(channel.parse(replace(request, body=request.body.replace(ME.encode(), b"U0000")))) == []


async def test_who_follows_is_greeted_and_who_leaves_has_said_so(tmp_path: Path) -> None:
    async with playing(tmp_path, "line", channel=KIND, **BOT) as play:
        await play.post(play.stand_in.follow("Ann"))
        await play.answered("Ann", "Welcome to the shop.")
        connector = play.house.runtime.apps["shop"].channel(CHANNEL).connector
        consent, started = connector.parse(play.stand_in.follow("Bo")[0])
        assert isinstance(consent, Consent)
        assert consent.allowed
        assert isinstance(started, Started)
        (left,) = connector.parse(play.stand_in.follow("Bo", friend=False)[0])
        assert isinstance(left, Consent)
        assert not left.allowed


async def test_a_file_is_fetched_by_the_messages_id(tmp_path: Path) -> None:
    async with wired("line", tmp_path) as (channel, stage, stand_in):
        (event,) = channel.parse(stand_in.say("Ann", Media(url="", media="image"))[0])
        assert isinstance(event, Received)
        picture = event.parts[0]
        assert isinstance(picture, Media)
        found = await channel.fetch(picture.url.removeprefix("ref:"), 1000)
        assert (found.mime, found.data[:4]) == ("image/png", b"\x89PNG")
        with pytest.raises(TooLarge):
            await channel.fetch("5", 10)
        with pytest.raises(NotFound):
            await channel.fetch("gone", 1000)
        with pytest.raises(NotFound):
            await channel.fetch("../../v2/bot/info", 1000)
        with pytest.raises(SendFailed, match="169.254.169.254"):
            await channel.fetch("http://169.254.169.254/latest", 1000)
        assert all(call.path.endswith("/content") for call in stage.calls)


async def test_everything_is_shown_as_line_takes_it(tmp_path: Path) -> None:
    """What the stand-in refuses, LINE would."""
    async with wired("line", tmp_path, preview="https://example.com/p.jpg") as (channel, _, stand_in):
        stand_in.say("Ann", Text(text="Hi"))
        yes, no = Button(title="Yes", payload="y"), Button(title="No", payload="n")
        page = Button(title="See", url="https://example.com")
        alike = (Card(title="A", subtitle="a", buttons=(yes,)), Card(title="B", subtitle="b", buttons=(no,)))
        shown: tuple[Part, ...] = (
            Text(text="😀" * 2500),
            Buttons(text="Sure?", buttons=(yes, no)),
            Buttons(text="w" * 160, buttons=(yes, no, page)),
            Buttons(text="w" * 2000, buttons=(yes,) * 12),
            QuickReplies(text="?", choices=tuple(Choice(title=f"t{n}", payload="ä" * 150) for n in range(13))),
            Carousel(cards=alike),
            Carousel(cards=(Card(title="A" * 100, subtitle="a" * 300, buttons=(yes, no, page, yes)), Card(title="B"))),
            Media(url="https://example.com/a.png", media="image"),
            Media(url="https://example.com/a.mp4", media="video"),
        )
        for number, part in enumerate(shown):
            await sent(channel, ANN, part, id=f"out-{number}")
        assert tuple(one.parts[0] for one in stand_in.shown("Ann")[1:]) == shown
        await sent(channel, ANN, Location(latitude=1, longitude=2, name="n" * 300), id="out-x")


async def test_a_recording_of_ours_is_sent_with_its_length(tmp_path: Path) -> None:
    header = bytes(12) + (1000).to_bytes(4) + (2500).to_bytes(4) + bytes(80)
    recording = M4A + (len(header) + 8).to_bytes(4) + b"mvhd" + header
    async with wired("line", tmp_path) as (channel, stage, stand_in):
        stand_in.say("Ann", Text(text="Hi"))
        path = await channel.files.put("shop", recording, name="a.m4a", mime="audio/mp4")
        await sent(channel, ANN, Media(url=f"https://bot.example{path}", media="audio"))
        assert said(stage.calls[-1])["messages"][0]["duration"] == 2500


@pytest.mark.parametrize(
    ("data", "seconds"),
    [
        (b"", 0.0),
        (b"mvhd", 0.0),
        (b"mvhd" + bytes(40), 0.0),
        (b"mvhd\x01" + bytes(19) + (600).to_bytes(4) + (1500).to_bytes(8) + bytes(40), 2.5),
    ],
)
def test_the_length_of_what_is_no_recording_is_none(data: bytes, seconds: float) -> None:
    assert length.seconds(data) == seconds


async def test_setup_sets_the_webhook_and_check_tells_what_is_wrong(tmp_path: Path) -> None:
    async with wired("line", tmp_path) as (channel, _, stand_in):
        assert [found.ok for found in await channel.check(HOOK)] == [True, False, True]
        steps = await channel.setup(HOOK)
        assert [step.done for step in steps] == [True, False, False, False]
        assert [found.what for found in await channel.check(HOOK) if not found.ok] == ["the webhook is switched off"]
        stand_in.hook["active"] = True
        assert all(found.ok for found in await channel.check(HOOK))
        assert "LINE calls bot.example, not" in (await channel.check("https://other.example/x"))[1].what
        with pytest.raises(SendFailed, match="Invalid webhook endpoint"):
            await channel.setup("http://bot.example/hooks/it")


def test_what_it_offers_beside_talking() -> None:
    assert issubclass(LineChannel, Managed)
    assert issubclass(LineChannel, MediaSource)
    assert issubclass(LineChannel, Threaded)


async def test_a_revoked_token_is_told_without_telling_the_token(tmp_path: Path) -> None:
    async with wired("line", tmp_path, token="gone-gone-gone") as (channel, _, _):
        with pytest.raises(SendFailed) as failed:
            await sent(channel, ANN, Text(text="Hi"))
        assert failed.value.reason == "token_expired"
        assert "gone-gone" not in str(failed.value)
        (found,) = await channel.check(HOOK)
        assert not found.ok
        assert "issue a channel access token" in found.mend
