"""Telegram from end to end: the stand-in over real HTTP, a whole Parley, people who write, tap, block and wait."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.telegram.connector import TelegramChannel
from connectors.telegram.polling import PollingTelegram
from orchestrator.errors import NotFound, SendFailed, TooLarge, Unavailable
from orchestrator.ports import Listener, Managed, MediaSource
from orchestrator.types import (
    Button,
    Buttons,
    Consent,
    Inbound,
    Location,
    Media,
    RawRequest,
    Received,
    Tap,
    Text,
)
from tests.support.playhouse import playing
from tests.support.samples import PNG
from tests.support.story import BOT, called, told
from tests.support.wired import sent, wired

KIND = {"kind": "telegram"}


def said(call: RawRequest) -> Any:
    return orjson.loads(call.body)


async def test_the_story_is_told(tmp_path: Path) -> None:
    async with playing(tmp_path, "telegram", channel=KIND, **BOT) as play:
        await told(play)
        first = said((await called(play, "/sendMessage"))[0])
        assert first["reply_markup"]["keyboard"] == [[{"text": "My order"}, {"text": "A person, please"}]]


async def test_every_tap_on_a_button_is_answered_and_carries_its_payload(tmp_path: Path) -> None:
    async with wired("telegram", tmp_path) as (channel, stage, stand_in):
        stand_in.person("Ann")
        offer = Buttons(text="Which?", buttons=(Button(title="Large", payload="size:l"),))
        offered = await sent(channel, "1001", offer)
        (request,) = stand_in.say("Ann", Tap(payload="size:l", title="Large"))
        (event,) = channel.parse(request)
        channel.answer(request)
        await asyncio.gather(*channel.tasks)
        assert isinstance(event, Received)
        assert event.parts == (Tap(payload="size:l", title="Large", message_id=offered),)
        assert stand_in.answered == [orjson.loads(request.body)["callback_query"]["id"]]
        assert [call.path.rpartition("/")[2] for call in stage.calls] == ["sendMessage", "answerCallbackQuery"]


async def test_pressing_start_lets_the_bot_speak_first(tmp_path: Path) -> None:
    async with playing(tmp_path, "telegram", channel=KIND, **BOT) as play:
        assert await play.say("Ann", "/start cart-17") == [200]
        await play.answered("Ann", "Welcome to the shop.")
        assert (await play.house.conversation("1001")).context == {"start": "cart-17"}


async def test_an_update_that_comes_three_times_is_answered_once(tmp_path: Path) -> None:
    async with playing(tmp_path, "telegram", channel=KIND, **BOT) as play:
        requests = play.stand_in.say("Ann", Text(text="Hi"))
        for _ in range(3):
            assert await play.post(requests) == [200]
        await play.answered("Ann", "What is it about?")
        await play.say("Ann", "Thanks")
        await play.answered("Ann", "Glad to help.")
        assert len(await called(play, "/sendMessage")) == 2


async def test_a_forged_update_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    async with playing(tmp_path, "telegram", channel=KIND, **BOT) as play:
        (request,) = play.stand_in.say("Ann", Text(text="Hi"))
        forged = replace(request, headers={**request.headers, "x-telegram-bot-api-secret-token": "guess"})
        assert await play.post([forged]) == [401]
        assert await play.post([replace(request, body=request.body[:-1])]) == [400]
        assert await play.post([replace(request, body=b" " * 200_000)]) == [413]
        assert await play.house.runtime.store.find_conversation("it", "1001") is None


async def test_what_the_platform_could_not_take_is_sent_again(tmp_path: Path) -> None:
    async with playing(tmp_path, "telegram", channel={**KIND, "username": "shopbot"}, **BOT) as play:
        play.stage.faults.append("broken")
        await play.say("Ann", "Hi")
        await play.answered("Ann", "What is it about?")
        assert len(await called(play, "/sendMessage")) == 2


async def test_who_blocks_the_bot_says_so_and_is_not_written_to(tmp_path: Path) -> None:
    async with wired("telegram", tmp_path) as (channel, _, stand_in):
        (request,) = stand_in.block("Ann")
        (event,) = channel.parse(request)
        assert isinstance(event, Consent)
        assert (event.address, event.allowed) == ("1001", False)
        with pytest.raises(SendFailed) as failed:
            await sent(channel, "1001", Text(text="Hi"))
        assert (failed.value.reason, failed.value.retryable) == ("opted_out", False)
        (event,) = channel.parse(stand_in.block("Ann", blocked=False)[0])
        assert isinstance(event, Consent)
        assert event.allowed


async def test_a_thousand_updates_are_all_taken(tmp_path: Path) -> None:
    async with wired("telegram", tmp_path) as (channel, _, stand_in):
        requests = [one for n in range(1000) for one in stand_in.say("Ann", Text(text=f"line {n}"))]
        events = [event for request in requests for event in channel.parse(request)]
        assert len({event.external_id for event in events if isinstance(event, Received)}) == 1000


async def test_a_file_is_fetched_by_its_handle_and_no_url_holds_the_token(tmp_path: Path) -> None:
    async with wired("telegram", tmp_path) as (channel, _, stand_in):
        (request,) = stand_in.say("Ann", Media(url="", media="image", alt="broken"))
        (event,) = channel.parse(request)
        assert isinstance(event, Received)
        picture = event.parts[0]
        assert isinstance(picture, Media)
        assert picture.url.startswith("ref:file-")
        fetched = await channel.fetch(picture.url.removeprefix("ref:"), 1000)
        assert fetched.data.startswith(b"\xff\xd8\xff")
        with pytest.raises(TooLarge):
            await channel.fetch(picture.url.removeprefix("ref:"), 10)
        with pytest.raises(NotFound, match="no such file"):
            await channel.fetch("gone", 1000)


async def test_a_file_of_ours_is_handed_over(tmp_path: Path) -> None:
    async with wired("telegram", tmp_path) as (channel, stage, stand_in):
        stand_in.person("Ann")
        path = await channel.files.put("shop", PNG, name="plan.png", mime="image/png")
        await sent(channel, "1001", Media(url=f"http://127.0.0.1:1{path}", media="image", alt="The plan"))
        assert stand_in.shown("Ann")[0].parts == (Media(url="attach://plan.png", media="image", alt="The plan"),)
        assert PNG in stage.calls[-1].body


def test_files_are_fetched_and_setting_up_is_offered_and_only_polling_listens() -> None:
    assert issubclass(TelegramChannel, MediaSource)
    assert issubclass(TelegramChannel, Managed)
    assert issubclass(PollingTelegram, Listener)
    assert not issubclass(TelegramChannel, Listener)


async def test_a_revoked_token_is_told_without_telling_the_token(tmp_path: Path) -> None:
    async with wired("telegram", tmp_path, token="110201543:AAgone_gone_gone_gone_gone") as (channel, _, _):
        with pytest.raises(SendFailed) as failed:
            await sent(channel, "1001", Text(text="Hi"))
        assert failed.value.reason == "token_expired"
        assert "AAgone" not in str(failed.value)
        (found,) = await channel.check("https://bot.example/hooks/it")
        assert not found.ok
        assert "@BotFather" in found.mend


async def test_setup_sets_the_webhook_and_check_tells_what_is_wrong(tmp_path: Path) -> None:
    url = "https://bot.example/hooks/it"
    async with wired("telegram", tmp_path) as (channel, stage, stand_in):
        before = await channel.check(url)
        assert [found.ok for found in before] == [True, False]
        assert "Telegram calls nobody" in before[1].what
        steps = await channel.setup(url)
        assert steps[0].done
        assert said(stage.calls[-1])["secret_token"] == channel.settings.secret_token
        assert all(found.ok for found in await channel.check(url))
        elsewhere = await channel.check("https://other.example/hooks/it")
        assert "Telegram calls bot.example, not https://other.example/hooks/it" in elsewhere[1].what
        stand_in.hook |= {"last_error_message": "Connection refused", "last_error_date": 1, "pending_update_count": 3}
        assert "Connection refused; 3 updates wait" in (await channel.check(url))[2].what


@pytest.mark.parametrize("url", ["http://bot.example/hooks/it", "https://bot.example:8000/hooks/it"])
async def test_check_knows_what_telegram_can_call(tmp_path: Path, url: str) -> None:
    async with wired("telegram", tmp_path) as (channel, _, stand_in):
        stand_in.hook = {"url": url}
        assert [found.what for found in await channel.check(url) if not found.ok] == [
            "Telegram calls https only, on port 443, 80, 88 or 8443"
        ]


async def test_its_name_is_learned_and_a_mention_then_heard(tmp_path: Path) -> None:
    async with wired("telegram", tmp_path) as (channel, _, _):
        await channel.open()
        await asyncio.gather(*channel.tasks)
        group = {"id": -5, "type": "group", "title": "All"}
        text, entity = "@parley_stand_in_bot hi", {"type": "mention", "offset": 0, "length": 20}
        message = {"message_id": 3, "chat": group, "from": {"id": 9}, "text": text, "entities": [entity]}
        body = orjson.dumps({"update_id": 1, "message": message})
        request = RawRequest(method="POST", path="/", body=body)
        (event,) = channel.parse(request)
        assert isinstance(event, Received)
        assert event.address == "-5/9"
        channel.answer(request)
        assert channel.last == {"-5/9": 3}


async def test_a_group_is_answered_to_whoever_asked(tmp_path: Path) -> None:
    async with wired("telegram", tmp_path) as (channel, stage, _):
        channel.last["-5/9"] = 3
        with pytest.raises(SendFailed, match="chat not found"):
            await sent(channel, "-5/9", Text(text="Hi"))
        assert said(stage.calls[-1])["reply_parameters"] == {"message_id": 3, "allow_sending_without_reply": True}


class Ear:
    """What a listener's engine is: it keeps, or refuses as told."""

    def __init__(self) -> None:
        self.events: list[Inbound] = []
        self.refusals: list[Exception] = []
        self.news = asyncio.Event()

    async def hear(self, events: Sequence[Inbound]) -> None:
        if self.refusals:
            raise self.refusals.pop()
        self.events += events
        self.news.set()

    async def until(self, count: int) -> list[str]:
        async with asyncio.timeout(10):
            while len(self.events) < count:
                self.news.clear()
                await self.news.wait()
        return [str(getattr(event.parts[0], "text", "")) for event in self.events if isinstance(event, Received)]


@asynccontextmanager
async def listening(channel: TelegramChannel, ear: Ear) -> AsyncIterator[asyncio.Task[None]]:
    assert isinstance(channel, PollingTelegram)
    assert isinstance(channel, Listener)
    task = asyncio.create_task(channel.listen(ear.hear))
    yield task
    task.cancel()
    await asyncio.wait([task])


async def test_polling_hears_everything_once_and_confirms_what_is_durable(tmp_path: Path) -> None:
    async with wired("telegram", tmp_path, mode="polling") as (channel, _, stand_in):
        stand_in.say("Ann", Text(text="one"))
        stand_in.updates.append({"update_id": stand_in.updates[-1]["update_id"] + 1, "message": "rubbish"})
        stand_in.count += 1
        stand_in.say("Ann", Location(latitude=1, longitude=2))
        ear = Ear()
        ear.refusals.append(Unavailable("the disk is full", retry_after=0.01))
        async with listening(channel, ear):
            await ear.until(2)
            stand_in.say("Ann", Text(text="two"))
            assert await ear.until(3) == ["one", "", "two"]


async def test_polling_answers_taps_too(tmp_path: Path) -> None:
    async with wired("telegram", tmp_path, mode="polling") as (channel, stage, stand_in):
        stand_in.person("Ann")
        await sent(channel, "1001", Buttons(text="?", buttons=(Button(title="L", payload="l"),)))
        stand_in.say("Ann", Tap(payload="l", title="L"))
        ear = Ear()
        async with listening(channel, ear), asyncio.timeout(10):
            await ear.until(1)
            while not stand_in.answered:
                stage.news.clear()
                await stage.news.wait()


async def test_polling_goes_on_after_trouble_and_ends_with_the_token(tmp_path: Path) -> None:
    async with wired("telegram", tmp_path, mode="polling") as (channel, stage, stand_in):
        ear = Ear()
        stand_in.say("Ann", Text(text="one"))
        stage.faults.append("broken")
        async with listening(channel, ear) as task:
            assert await ear.until(1) == ["one"]
            stage.faults.append("token_expired")
            with pytest.raises(SendFailed, match="is the token still valid"):
                await asyncio.wait_for(task, 10)


async def test_polling_needs_the_webhook_out_of_the_way(tmp_path: Path) -> None:
    async with wired("telegram", tmp_path, mode="polling") as (channel, _, stand_in):
        stand_in.hook = {"url": "https://bot.example/hooks/it"}
        assert [found.ok for found in await channel.check("")] == [True, False]
        steps = await channel.setup("")
        assert steps[0].title == "Webhook removed"
        assert all(found.ok for found in await channel.check(""))


async def test_a_whole_parley_listens_by_polling(tmp_path: Path) -> None:
    async with playing(tmp_path, "telegram", channel={**KIND, "mode": "polling"}, **BOT) as play:
        play.stand_in.say("Ann", Text(text="Hi"))
        await play.answered("Ann", "What is it about?")
        assert await play.post(play.stand_in.say("Ann", Text(text="Thanks"))) == [401]
        await play.answered("Ann", "Glad to help.")


async def test_what_a_customer_sends_is_kept_and_no_handle_is_left(tmp_path: Path) -> None:
    async with playing(tmp_path, "telegram", channel=KIND, **BOT) as play:
        await play.say("Ann", Media(url="", media="image", alt="broken"))
        await play.answered("Ann", "What is it about?")
        picture = (await play.house.log("1001"))[0].parts[0]
        assert isinstance(picture, Media)
        assert picture.url.startswith("/media/shop/")
        assert picture.mime == "image/jpeg"


async def test_a_picture_too_large_for_a_photo_goes_as_a_document(tmp_path: Path) -> None:
    async with wired("telegram", tmp_path) as (channel, stage, stand_in):
        stand_in.person("Ann")
        path = await channel.files.put("shop", PNG + bytes(10_000_000), name="plan.png", mime="image/png")
        await sent(channel, "1001", Media(url=f"http://127.0.0.1:1{path}", media="image"))
        assert stage.calls[-1].path.endswith("/sendDocument")


async def test_who_blocked_the_bot_is_known_for_it_until_they_write_again(tmp_path: Path) -> None:
    async with playing(tmp_path, "telegram", channel=KIND, **BOT) as play:
        await play.say("Ann", "Hi")
        await play.answered("Ann", "What is it about?")
        await play.post(play.stand_in.block("Ann"))
        assert (await play.house.conversation("1001")).opted_out is not None
        await play.post(play.stand_in.block("Ann", blocked=False))
        assert (await play.house.conversation("1001")).opted_out is None
