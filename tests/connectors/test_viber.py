"""Viber from end to end: the stand-in over real HTTP, a whole Parley, people who open, write, tap and leave."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.viber.connector import ViberChannel
from orchestrator.errors import SendFailed
from orchestrator.ports import Managed
from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Consent,
    Location,
    Media,
    RawRequest,
    Received,
    StatusChanged,
    Tap,
    Text,
)
from tests.support.playhouse import CHANNEL, playing
from tests.support.samples import PDF
from tests.support.story import BOT, called, told
from tests.support.wired import sent, wired

KIND = {"kind": "viber"}
HOOK = "https://bot.example/hooks/it"
ANN = "00000000001A="


def said(call: RawRequest) -> Mapping[str, Any]:
    body: Mapping[str, Any] = orjson.loads(call.body)
    return body


async def test_the_story_is_told(tmp_path: Path) -> None:
    async with playing(tmp_path, "viber", channel=KIND, **BOT) as play:
        conversation_id = await told(play)
        keys = said((await called(play, "/send_message"))[0])["keyboard"]["Buttons"]
        assert [key["ActionBody"] for key in keys] == ["topic:order", "topic:person"]
        await play.until("Ann", lambda shown: any(one.state == "read" for one in shown))
        delivered = await play.house.runtime.store.deliveries(conversation_id)
        assert "read" in {row.state for row in delivered}


async def test_a_tap_carries_its_payload_and_its_title(tmp_path: Path) -> None:
    async with wired("viber", tmp_path) as (channel, _, stand_in):
        stand_in.say("Ann", Text(text="Hi"))
        offer = Buttons(text="Which?", buttons=(Button(title="Large <XL>", payload="size:l"),))
        await sent(channel, ANN, offer)
        assert stand_in.shown("Ann")[-1].parts == (offer,)
        (event,) = channel.parse(stand_in.say("Ann", Tap(payload="size:l"))[0])
        assert isinstance(event, Received)
        assert event.parts == (Tap(payload="size:l", title="Large <XL>"),)


async def test_who_opens_the_chat_is_welcomed_and_what_it_was_opened_with_is_not_lost(tmp_path: Path) -> None:
    async with playing(tmp_path, "viber", channel={**KIND, "opening": "Hello there"}, **BOT) as play:
        (request,) = play.stand_in.start("Ann", "cart-17")
        url = f"{play.front.url}/hooks/{CHANNEL}"
        async with play.front.session.post(url, headers=request.headers, data=request.body) as answer:
            assert answer.status == 200
            play.stand_in.welcomed("Ann", await answer.read())
        assert play.stand_in.shown("Ann")[0].parts == (Text(text="Hello there"),)
        await play.say("Ann", "Hi")
        await play.answered("Ann", "What is it about?")
        assert (await play.house.conversation(ANN)).context == {"start": "cart-17"}


async def test_a_callback_that_comes_three_times_is_answered_once(tmp_path: Path) -> None:
    async with playing(tmp_path, "viber", channel=KIND, **BOT) as play:
        requests = play.stand_in.say("Ann", Text(text="Hi"))
        assert await play.post(requests * 3) == [200, 200, 200]
        await play.answered("Ann", "What is it about?")
        await play.say("Ann", "Thanks")
        await play.answered("Ann", "Glad to help.")
        assert len(await called(play, "/send_message")) == 2


async def test_a_forged_callback_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    async with playing(tmp_path, "viber", channel=KIND, **BOT) as play:
        (request,) = play.stand_in.say("Ann", Text(text="Hi"))
        assert await play.post([replace(request, body=request.body.replace(b'"Hi"', b'"Ha"'))]) == [401]
        assert await play.post([replace(request, headers={})]) == [401]
        assert await play.post([replace(request, body=b" " * 200_000)]) == [413]
        assert await play.house.runtime.store.find_conversation(CHANNEL, ANN) is None


async def test_what_viber_could_not_take_is_sent_again(tmp_path: Path) -> None:
    async with playing(tmp_path, "viber", channel=KIND, **BOT) as play:
        play.stage.faults.append("broken")
        await play.say("Ann", "Hi")
        await play.answered("Ann", "What is it about?")
        assert len(await called(play, "/send_message")) == 2


async def test_who_unsubscribes_says_so_and_is_not_written_to(tmp_path: Path) -> None:
    async with wired("viber", tmp_path) as (channel, _, stand_in):
        (event,) = channel.parse(stand_in.unsubscribe("Ann")[0])
        assert isinstance(event, Consent)
        assert (event.address, event.allowed) == (ANN, False)
        with pytest.raises(SendFailed) as failed:
            await sent(channel, ANN, Text(text="Hi"))
        assert (failed.value.reason, failed.value.retryable) == ("opted_out", False)


async def test_tokens_keep_all_their_digits(tmp_path: Path) -> None:
    async with wired("viber", tmp_path) as (channel, _, stand_in):
        stand_in.say("Ann", Text(text="Hi"))
        token = await sent(channel, ANN, Text(text="Hello"))
        assert int(token) > 2**53
        states = [channel.parse(request)[0] for request in stand_in.drain()]
        assert all(isinstance(one, StatusChanged) and one.external_id == token for one in states)
        assert [one.state for one in states] == ["delivered", "read"]


async def test_a_film_and_its_words_are_each_sent_once(tmp_path: Path) -> None:
    """Two messages of Viber's: what went out already does not go again with what did not."""
    async with wired("viber", tmp_path) as (channel, _, stand_in):
        stand_in.say("Ann", Text(text="Hi"))
        film = Media(url="https://example.com/a.mp4", media="video", size=1000, alt="How it works")
        take = stand_in.serve
        stand_in.serve = lambda call: stand_in.refuse("throttled") if b'"video"' in call.body else take(call)
        with pytest.raises(SendFailed, match="tooManyRequests"):
            await sent(channel, ANN, film)
        stand_in.serve = take
        await sent(channel, ANN, film, attempts=1)
        ours = [one.parts[0] for one in stand_in.shown("Ann") if not one.mine]
        assert [type(part) for part in ours] == [Text, Media]


async def test_a_file_of_ours_is_sent_with_its_size(tmp_path: Path) -> None:
    async with wired("viber", tmp_path) as (channel, stage, stand_in):
        stand_in.say("Ann", Text(text="Hi"))
        path = await channel.files.put("shop", PDF, name="terms.pdf", mime="application/pdf")
        await sent(channel, ANN, Media(url=f"https://bot.example{path}", name="terms.pdf"))
        assert said(stage.calls[-1])["size"] == len(PDF)


async def test_cards_side_by_side(tmp_path: Path) -> None:
    async with wired("viber", tmp_path) as (channel, _, stand_in):
        stand_in.say("Ann", Text(text="Hi"))
        buttons = (Button(title="Buy", payload="buy"), Button(title="See", url="https://example.com"))
        cards = tuple(
            Card(
                title=f"Shirt & {n}",
                subtitle="€ 20",
                image="https://example.com/a.jpg" if n % 2 else "",
                buttons=buttons[: n % 3],
            )
            for n in range(6)
        )
        await sent(channel, ANN, Carousel(cards=cards))
        assert stand_in.shown("Ann")[-1].parts == (Carousel(cards=cards),)


async def test_everything_people_send_is_read(tmp_path: Path) -> None:
    async with wired("viber", tmp_path) as (channel, _, stand_in):
        for part in (Text(text="Hi"), Location(latitude=1, longitude=2)):
            (event,) = channel.parse(stand_in.say("Ann", part)[0])
            assert event.parts == (part,)


async def test_setup_sets_the_webhook_and_check_tells_what_is_wrong(tmp_path: Path) -> None:
    async with wired("viber", tmp_path) as (channel, stage, stand_in):
        assert [found.ok for found in await channel.check(HOOK)] == [True, False]
        steps = await channel.setup(HOOK)
        assert steps[0].done
        assert said(stage.calls[1])["url"] == HOOK
        (handshake,) = stand_in.drain()
        await channel.verify(handshake)
        assert list(channel.parse(handshake)) == []
        assert channel.answer(handshake).status == 200
        assert all(found.ok for found in await channel.check(HOOK))
        assert "calls bot.example, not" in (await channel.check("https://other.example/"))[1].what
        stand_in.hook["event_types"] = ["delivered"]
        assert "does not tell of: conversation_started" in (await channel.check(HOOK))[2].what


def test_setting_up_is_offered() -> None:
    assert issubclass(ViberChannel, Managed)


async def test_a_revoked_token_is_told_without_telling_the_token(tmp_path: Path) -> None:
    async with wired("viber", tmp_path, token="gone-gone-gone") as (channel, _, _):
        with pytest.raises(SendFailed) as failed:
            await sent(channel, ANN, Text(text="Hi"))
        assert failed.value.reason == "token_expired"
        assert "gone-gone" not in str(failed.value)
        (found,) = await channel.check(HOOK)
        assert not found.ok
        assert "partners.viber.com" in found.mend
