"""WeChat from end to end: the stand-in over real HTTP, encrypted both on the way and in mind."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.wechat import Settings, crypto, xml
from connectors.wechat.connector import WeChatChannel
from connectors.wechat.settings import key
from connectors.wechat.stand_in import AES_KEY, APP, WeChatStandIn, openid
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.files import LocalFiles
from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import Malformed, NotFound, SendFailed, Unauthenticated
from orchestrator.ports import PHOTO
from orchestrator.types import Media, Outgoing, Rendering, Text
from tests.support.clock import ManualClock
from tests.support.cloud import Cloud, Reply
from tests.support.one_file import OneFile
from tests.support.playhouse import Stage, playing, staged
from tests.support.story import BOT, called, told

BASE: Mapping[str, Any] = {"app_id": APP, "app_secret": "shh", "token": "t", "aes_key": AES_KEY}
OUTGOING = Outgoing(
    id="out-1",
    app_id="shop",
    conversation_id="con-1",
    channel_id="it",
    address=openid("Ann"),
    message_id="msg-1",
    seq=2,
    epoch=0,
    due_at=ManualClock().now(),
)
HELLO = Rendering(parts=(Text(text="Hello"),))


async def test_the_story_is_told(tmp_path: Path) -> None:
    async with playing(tmp_path, "wechat", **BOT) as play:
        await told(play)
        tokens = [call for call in play.stage.calls if call.path == "/cgi-bin/stable_token"]
        assert len(tokens) == 1


async def test_who_follows_is_greeted_and_who_leaves_gets_nothing_more(tmp_path: Path) -> None:
    async with playing(tmp_path, "wechat", bot="echo") as play:
        await play.say("Ann", "hello")
        await play.answered("Ann", "echo: hello")
        await play.post(play.stand_in.leave("Ann"))
        seen = len(play.stand_in.shown("Ann"))
        await play.say("Ben", "hi")
        await play.answered("Ben", "echo: hi")
        assert len(play.stand_in.shown("Ann")) == seen
        await play.say("Ann", "I am back")
        await play.answered("Ann", "echo: I am back")


async def test_a_slow_bot_is_answered_for_at_once_and_wechats_retries_are_one_turn(tmp_path: Path) -> None:
    async with playing(tmp_path, "wechat", bot="echo") as play:
        requests = play.stand_in.say("Ann", Text(text="hello"))
        answers = await asyncio.gather(*(play.post(requests) for _ in range(3)))
        assert answers == [[200, 200]] * 3
        await play.answered("Ann", "echo: hello")
        lines = await play.house.lines(openid("Ann"))
        assert lines.count("customer: hello") == 1
        assert lines.count("bot: echo: hello") == 1


async def test_a_token_that_was_voided_is_renewed_and_the_message_goes_out(tmp_path: Path) -> None:
    async with playing(tmp_path, "wechat", bot="echo") as play:
        await play.say("Ann", "one")
        await play.answered("Ann", "echo: one")
        play.stand_in.tokens += 1
        await play.say("Ann", "two")
        await play.answered("Ann", "echo: two")


async def test_a_picture_is_fetched_by_its_id_and_kept(tmp_path: Path) -> None:
    async with playing(tmp_path, "wechat", bot="echo") as play:
        await play.say("Ann", Media(url="", media="image"))
        await called(play, "/cgi-bin/media/get")
        await play.until("Ann", lambda screen: sum(not one.mine for one in screen) == 2)  # she followed, she sent it
        log = await play.house.log(openid("Ann"))
        (part,) = next(message.parts for message in log if isinstance(message.parts[0], Media))
        assert isinstance(part, Media)
        assert part.url.startswith("/media/shop/")


async def test_pictures_of_ours_are_uploaded_first(tmp_path: Path) -> None:
    stand_in = WeChatStandIn(ManualClock())
    stand_in.say("Ann", Text(text="hi"))
    files = LocalFiles(tmp_path, ManualClock())
    path = await files.put("shop", PHOTO, name="shoe.png", mime="image/png")
    async with staged(stand_in) as stage, opened(stage, files=files) as connector:
        part = Media(url=f"https://parley.shop.example{path}", media="image", mime="image/png", name="shoe.png")
        await connector.send(Rendering(parts=(part,)), OUTGOING)
        (shown,) = [one for one in stand_in.shown("Ann") if not one.mine]
        assert isinstance(shown.parts[0], Media)
        assert stand_in.files[shown.parts[0].url.rpartition("/")[2]] == PHOTO


async def test_a_picture_nobody_can_fetch_goes_as_a_link() -> None:
    stand_in = WeChatStandIn(ManualClock())
    stand_in.say("Ann", Text(text="hi"))
    async with staged(stand_in) as stage, opened(stage) as connector:
        part = Media(url="http://169.254.169.254/latest/meta-data", media="image", alt="A shoe")
        await connector.send(Rendering(parts=(part,)), OUTGOING)
        assert not [call for call in stage.calls if "upload" in call.path]
    (shown,) = [one for one in stand_in.shown("Ann") if not one.mine]
    assert shown.parts == (Text(text=f"A shoe\n{part.url}"),)


async def test_a_picture_wechat_does_not_take_goes_as_a_link(cloud: Cloud) -> None:
    cloud.replies.extend(
        Reply(body=body)
        for body in (
            b'{"access_token": "t", "expires_in": 7200}',
            b'{"errcode": 40009, "errmsg": "invalid image size"}',
            b'{"errcode": 0, "errmsg": "ok", "msgid": 9}',
        )
    )
    stage = Stage(WeChatStandIn(ManualClock()), url=cloud.url)
    async with opened(stage, files=OneFile(PHOTO, "image/png")) as connector:
        part = Media(url="https://parley.shop.example/media/shop/x/y", media="image", alt="A shoe")
        await connector.send(Rendering(parts=(part,)), OUTGOING)
    assert orjson.loads(cloud.seen[-1].body)["text"] == {"content": f"A shoe\n{part.url}"}


async def test_media_that_are_gone_and_secrets_that_are_wrong() -> None:
    stand_in = WeChatStandIn(ManualClock())
    async with staged(stand_in) as stage:
        async with opened(stage) as connector:
            with pytest.raises(NotFound):
                await connector.fetch("long-gone", 1000)
            assert [one.ok for one in await connector.check("https://x.example/hooks/it")] == [True]
            (_, port) = await connector.check("https://x.example:8443/hooks/it")
            assert not port.ok
        async with opened(stage, app_secret="wrong-secret") as connector:
            (found,) = await connector.check("https://x.example/hooks/it")
            assert found.mend.startswith("Check app_id")
            with pytest.raises(SendFailed) as failed:
                await connector.send(HELLO, OUTGOING)
            assert failed.value.reason == "token_expired"
            assert "wrong-secret" not in str(failed.value)


async def test_a_menu_is_made_and_the_rest_is_said() -> None:
    stand_in = WeChatStandIn(ManualClock())
    menu = [
        {"title": "Orders", "entries": [{"title": "Mine", "payload": "topic:order"}]},
        {"title": "Shop", "url": "https://shop.example"},
    ]
    async with staged(stand_in) as stage, opened(stage, menu=menu) as connector:
        (server, made) = await connector.setup("https://parley.shop.example/hooks/wechat")
        assert "https://parley.shop.example/hooks/wechat" in server.text
        assert made.done
        assert stand_in.menu == {
            "button": [
                {"name": "Orders", "sub_button": [{"type": "click", "name": "Mine", "key": "topic:order"}]},
                {"type": "view", "name": "Shop", "url": "https://shop.example"},
            ]
        }


async def test_typing_is_a_hint() -> None:
    stand_in = WeChatStandIn(ManualClock())
    async with staged(stand_in) as stage:
        async with opened(stage) as connector:
            await connector.typing(openid("Ann"), True)
            assert b'"command":"Typing"' in stage.calls[-1].body
        async with opened(stage, app_secret="wrong") as connector:
            await connector.typing(openid("Ann"), False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"aes_key": ""},
        {"aes_key": "short"},
        {"aes_key": "!" * 43},
        {"token": ""},
        {"menu": [{"title": "x"}]},
        {"menu": [{"title": "x", "payload": "a", "url": "https://x"}]},
        {"api": "ftp://x"},
        {"typo": 1},
    ],
)
def test_settings_that_are_refused(wrong: dict[str, Any]) -> None:
    Settings.model_validate(BASE)
    with pytest.raises(ValueError, match="validation error"):
        Settings.model_validate({**BASE, **wrong})


# --- encryption and XML


@pytest.mark.parametrize("length", [0, 1, 11, 12, 13, 31, 32, 33, 5000])
def test_what_was_sealed_is_opened(length: int) -> None:
    text = "你".encode() * length
    assert crypto.opened([key(AES_KEY)], APP, crypto.sealed(key(AES_KEY), APP, text)) == text


@pytest.mark.parametrize("rubbish", ["", "x", "====", "QUJD", "A" * 64, "é", "A" * 43 + "="])
def test_what_is_not_sealed_for_us_is_refused(rubbish: str) -> None:
    with pytest.raises(Unauthenticated):
        crypto.opened([key(AES_KEY)], APP, rubbish)


async def test_no_bit_can_be_changed() -> None:
    stand_in = WeChatStandIn(ManualClock())
    (_, request) = stand_in.say("Ann", Text(text="hello"))
    connector = WeChatChannel(
        Settings.model_validate({k: v for k, v in stand_in.settings("http://127.0.0.1:1").items() if k != "kind"}),
        clock=ManualClock(),
        http=HttpClient(),
        files=None,  # type: ignore[arg-type]
    )
    await connector.verify(request)
    at = request.body.index(b"Encrypt") + 30
    for changed in range(at, at + 40):
        body = bytearray(request.body)
        body[changed] ^= 1
        with pytest.raises((Unauthenticated, Malformed)):
            await connector.verify(replace(request, body=bytes(body)))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<xml>",
        b"<xml>&undefined;</xml>",
        b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><xml/>',
        b'<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><xml/>',
        b"<a>" * 100_000,
        b"<xml>" + b"<a/>" * 100_000 + b"</xml>",
        b"\xff\xfe<\x00",
        b"<xml>\x00</xml>",
    ],
)
def test_hostile_xml_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        xml.read(body)


def test_xml_comes_back_as_it_was_written() -> None:
    fields = {"A": "x ]]> <b>&amp; 你", "B": 7}
    assert xml.read(xml.written(fields)) == {"A": "x ]]> <b>&amp; 你", "B": "7"}
    assert xml.read("<xml><A><B>deep</B></A></xml>".encode("utf-16"))["A.B"] == "deep"


@asynccontextmanager
async def opened(stage: Stage, *, files: Any = None, **changes: Any) -> AsyncIterator[WeChatChannel]:
    http = HttpClient()
    await http.open()
    own = {name: value for name, value in stage.stand_in.settings(stage.url).items() if name != "kind"}
    try:
        settings = Settings.model_validate({**own, **changes})
        yield WeChatChannel(settings, clock=SystemClock(), http=http, files=files)
    finally:
        await http.close()
