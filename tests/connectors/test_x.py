"""X from end to end: the stand-in over real HTTP, choices by number, tokens renewed, files put up first."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.x import Settings, oauth
from connectors.x.connector import XChannel
from connectors.x.stand_in import OWN, XStandIn, number
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.files import LocalFiles
from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import Malformed, NotFound, SendFailed
from orchestrator.types import Media, Outgoing, RawRequest, Rendering, Text
from tests.support.clock import ManualClock
from tests.support.cloud import Cloud, Reply
from tests.support.one_file import OneFile
from tests.support.playhouse import playing, staged
from tests.support.story import BOT, called, told_by_numbers

BASE: Mapping[str, Any] = {
    "user_id": OWN,
    "consumer_key": "ck",
    "consumer_secret": "cs",
    "access_token": "at",
    "access_secret": "as",
}
RENEWED: Mapping[str, Any] = {"access_secret": "", "client_id": "client", "refresh_token": "refresh-1"}
OUTGOING = Outgoing(
    id="out-1",
    app_id="shop",
    conversation_id="con-1",
    channel_id="it",
    address=number("Ann"),
    message_id="msg-1",
    seq=2,
    epoch=0,
    due_at=ManualClock().now(),
)
HELLO = Rendering(parts=(Text(text="Hello"),))
TAKEN = Reply(status=201, body=b'{"data":{"dm_event_id":"900"}}')


async def test_the_story_is_told(tmp_path: Path) -> None:
    async with playing(tmp_path, "x", **BOT) as play:
        await told_by_numbers(play)
        customer = [line for line in await play.house.lines(number("Ann")) if line.startswith("customer")]
        assert customer == [
            "customer: Hi, a question",
            "customer: 1",
            "customer: Something else",
            "customer: 2",
            "customer: Thanks",
        ]


async def test_what_we_wrote_ourselves_is_nobodys_message(tmp_path: Path) -> None:
    async with playing(tmp_path, "x", bot="echo") as play:
        await play.say("Ann", "hello")
        await play.answered("Ann", "echo: hello")
        assert await play.post(play.stand_in.drain()) in ([200], [])
        assert await play.house.lines(number("Ann")) == ["customer: hello", "bot: echo: hello"]


async def test_throttling_is_waited_out_and_redelivered_messages_are_one(tmp_path: Path) -> None:
    async with playing(tmp_path, "x", bot="echo") as play:
        play.stage.faults.append("throttled")
        requests = play.stand_in.say("Ann", Text(text="hello"))
        assert await play.post([*requests] * 3) == [200] * 3
        await play.answered("Ann", "echo: hello")
        assert len(await called(play, "/messages", 2)) == 2


async def test_who_reads_is_marked_as_having_read(tmp_path: Path) -> None:
    async with playing(tmp_path, "x", bot="echo") as play:
        await play.say("Ann", "hello")
        await play.answered("Ann", "echo: hello")
        assert await play.post([play.stand_in.saw("Ann")]) == [200]


async def test_forged_and_changed_requests_get_401(tmp_path: Path) -> None:
    async with playing(tmp_path, "x", bot="echo") as play:
        (good,) = play.stand_in.say("Ann", Text(text="hello"))
        changed = replace(good, body=good.body.replace(b"hello", b"hullo"))
        assert await play.post([changed, replace(good, headers={})]) == [401, 401]
        assert await play.house.runtime.store.find_conversation("it", number("Ann")) is None


# --- files


@pytest.mark.parametrize(("kind", "mime"), [("image", "image/png"), ("gif", "image/gif"), ("video", "video/mp4")])
async def test_files_are_put_up_before_the_message(tmp_path: Path, kind: Any, mime: str) -> None:
    stand_in = XStandIn(ManualClock())
    files = LocalFiles(tmp_path, ManualClock())
    data = {"image": PNG, "gif": GIF, "video": MP4}[kind]
    path = await files.put("shop", data, name="file", mime=mime)
    async with staged(stand_in) as stage, opened(stand_in.settings(stage.url), files=files) as connector:
        part = Media(url=f"https://parley.shop.example{path}", media=kind, mime=mime, alt="Look")
        await connector.send(Rendering(parts=(part,)), OUTGOING)
        (shown,) = stand_in.shown("Ann")
        assert isinstance(shown.parts[0], Media)
        assert shown.parts[0].media == kind
        assert shown.parts[1] == Text(text="Look")
        pieces = [call for call in stage.calls if call.path.endswith("/append")]
        assert len(pieces) == {"image": 0, "gif": 1, "video": 2}[kind]


async def test_a_film_x_can_not_use_goes_as_a_link(cloud: Cloud) -> None:
    files = OneFile(MP4, "video/mp4")
    cloud.replies.extend(
        Reply(body=body)
        for body in (
            b'{"data":{"id":"1"}}',
            b"{}",
            b"{}",
            b'{"data":{"processing_info":{"state":"in_progress","check_after_secs":0}}}',
            b'{"data":{"processing_info":{"state":"failed"}}}',
            b'{"data":{"dm_event_id":"7"}}',
        )
    )
    part = Media(url="https://parley.shop.example/media/shop/x/y", media="video", mime="video/mp4", alt="Ada walks")
    async with opened({**BASE, "api": cloud.url}, files=files) as connector:
        delivery = await connector.send(Rendering(parts=(part,)), OUTGOING)
    assert delivery.external_id == "7"
    assert orjson.loads(cloud.seen[-1].body) == {"text": f"Ada walks\n{part.url}"}


async def test_a_picture_nobody_can_fetch_goes_as_a_link(cloud: Cloud) -> None:
    part = Media(url="http://169.254.169.254/latest/meta-data", media="image")
    async with opened({**BASE, "api": cloud.url}) as connector:
        cloud.replies.append(Reply(body=b'{"data":{"dm_event_id":"8"}}'))
        await connector.send(Rendering(parts=(part,)), OUTGOING)
    (said,) = cloud.seen
    assert orjson.loads(said.body) == {"text": part.url}


@pytest.mark.parametrize(("status", "again"), [(503, True), (429, True)])
async def test_while_x_takes_no_files_the_message_waits(cloud: Cloud, status: int, again: bool) -> None:
    files = OneFile(PNG, "image/png")
    cloud.replies.append(Reply(status=status))
    part = Media(url="https://parley.shop.example/media/shop/x/y", media="image")
    async with opened({**BASE, "api": cloud.url}, files=files) as connector:
        with pytest.raises(SendFailed) as failed:
            await connector.send(Rendering(parts=(part,)), OUTGOING)
    assert failed.value.retryable is again
    assert len(cloud.seen) == 1


async def test_what_we_are_known_by_goes_to_x_alone() -> None:
    async with opened(BASE) as connector:
        for url in ("http://169.254.169.254/latest", "http://127.0.0.1:1/x", "https://ton.twitter.com.evil.test/x"):
            with pytest.raises(SendFailed):
                await connector.fetch(url, 1000)


async def test_a_file_of_version_2_is_looked_up_by_its_message(cloud: Cloud) -> None:
    cloud.replies.append(Reply(body=b'{"includes":{"media":[{"media_key":"3_1","url":"https://10.0.0.1/a.jpg"}]}}'))
    async with opened({**BASE, "api": cloud.url}) as connector:
        with pytest.raises(SendFailed, match="private or reserved"):
            await connector.fetch("dm/501/3_1", 1000)
        assert cloud.seen[0].path == "/2/dm_events/501"
        cloud.replies.append(Reply(body=b'{"includes":{}}'))
        with pytest.raises(NotFound):
            await connector.fetch("dm/501/3_1", 1000)


# --- who we are


def test_requests_are_signed_as_x_shows_it() -> None:
    """docs.x.com, "Creating a signature": its own example."""
    settings = Settings.model_validate(
        {
            "user_id": "1",
            "consumer_key": "xvz1evFS4wEEPTGEFPHBog",
            "consumer_secret": "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
            "access_token": "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
            "access_secret": "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
        }
    )
    header = oauth.signed(
        settings,
        "POST",
        "https://api.twitter.com/1.1/statuses/update.json?include_entities=true",
        nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
        timestamp=1318622958,
        form={"status": "Hello Ladies + Gentlemen, a signed OAuth request!"},
    )
    assert 'oauth_signature="hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D"' in header
    assert 'oauth_timestamp="1318622958"' in header


async def test_a_token_that_is_refused_is_renewed_once_and_kept(cloud: Cloud, tmp_path: Path) -> None:
    path = tmp_path / "keep" / "tokens.json"
    cloud.replies.extend([Reply(status=401), renewal("at-2", "refresh-2"), TAKEN])
    async with opened({**BASE, **RENEWED, "token_file": path, "api": cloud.url}) as connector:
        await connector.send(HELLO, OUTGOING)
    assert [one.headers.get("authorization") for one in cloud.seen] == ["Bearer at", None, "Bearer at-2"]
    assert b"refresh_token=refresh-1" in cloud.seen[1].body
    assert os.stat(path).st_mode & 0o777 == 0o600
    cloud.replies.append(TAKEN)
    async with opened({**BASE, **RENEWED, "token_file": path, "api": cloud.url}) as connector:
        await connector.send(HELLO, OUTGOING)
    assert cloud.seen[-1].headers["authorization"] == "Bearer at-2"


async def test_several_that_need_another_token_fetch_one(cloud: Cloud, tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    clock = ManualClock()
    oauth.write(path, oauth.Tokens("old", "refresh-1", clock.now().timestamp() + 10))
    cloud.replies.extend([renewal("at-2", "refresh-2"), TAKEN, TAKEN, TAKEN])
    settings = {**BASE, **RENEWED, "token_file": path, "api": cloud.url}
    async with opened(settings, clock=clock) as one, opened(settings, clock=clock) as other:
        await asyncio.gather(one.send(HELLO, OUTGOING), one.send(HELLO, OUTGOING), other.send(HELLO, OUTGOING))
    assert [call.path for call in cloud.seen].count("/2/oauth2/token") == 1
    assert {call.headers.get("authorization") for call in cloud.seen[1:]} == {"Bearer at-2"}


async def test_a_refresh_token_that_is_refused_needs_a_person(cloud: Cloud, tmp_path: Path) -> None:
    cloud.replies.extend([Reply(status=401), Reply(status=400, body=b'{"error":"invalid_request"}')])
    settings = {**BASE, **RENEWED, "token_file": tmp_path / "t.json", "api": cloud.url}
    async with opened(settings) as connector:
        with pytest.raises(SendFailed) as failed:
            await connector.send(HELLO, OUTGOING)
    assert (failed.value.retryable, failed.value.reason) == (False, "token_expired")
    assert "refresh-1" not in str(failed.value)


def renewal(access: str, refresh: str) -> Reply:
    body = f'{{"access_token":"{access}","refresh_token":"{refresh}","expires_in":7200}}'
    return Reply(body=body.encode())


# --- setting up


async def test_the_webhook_is_registered_once_and_then_found_well() -> None:
    stand_in = XStandIn(SystemClock())
    url = "https://parley.shop.example/hooks/x"
    async with staged(stand_in) as stage:
        settings = {**stand_in.settings(stage.url), "bearer": "app"}
        async with opened(settings) as connector:
            assert [one.ok for one in await connector.check(url)] == [True, False]
            assert all(step.done for step in await connector.setup(url))
            await connector.setup(url)
            assert len(stand_in.webhooks) == 1
            assert [one.ok for one in await connector.check(url)] == [True, True]
            assert not all(one.ok for one in await connector.check("https://parley.shop.example:8443/hooks/x"))
        async with opened({**settings, "user_id": "77", "bearer": ""}) as connector:
            assert [one.ok for one in await connector.check(url)] == [True, False]
            (step,) = await connector.setup(url)
            assert url in step.text
        async with opened({**settings, "access_token": "revoked"}) as connector:
            (found,) = await connector.check(url)
            assert found.mend == "Sign the account in again."


@pytest.mark.parametrize(
    "wrong",
    [
        {"user_id": "@shop"},
        {"consumer_secret": ""},
        {"consumer_key": ""},
        {"access_token": "", "access_secret": ""},
        {"access_secret": "", "refresh_token": "r"},
        {"access_secret": "", "refresh_token": "r", "client_id": "c"},
        {"typo": 1},
    ],
)
def test_settings_that_are_refused(wrong: dict[str, Any]) -> None:
    Settings.model_validate(BASE)
    with pytest.raises(ValueError, match="validation error"):
        Settings.model_validate({**BASE, **wrong})


def test_a_thousand_events_and_not_one_more() -> None:
    event = b'{"type":"message_create","id":"1","message_create":{"sender_id":"7","message_data":{"text":"x"}}}'
    assert len(parsed(b'{"direct_message_events":[' + b",".join([event] * 1000) + b"]}")) == 1000
    with pytest.raises(Malformed, match="1001 events"):
        parsed(b'{"direct_message_events":[' + b",".join([event] * 1001) + b"]}")


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[" * 5000, b"\xff\xfe", b'{"a":' * 2000, b'{"direct_message_events":{}}', b'{"data":[]}']
)
def test_bodies_of_strangers_break_nothing(body: bytes) -> None:
    with suppress(Malformed):
        assert parsed(body) == []


def parsed(body: bytes) -> list[Any]:
    connector = XChannel(
        Settings.model_validate(BASE), clock=ManualClock(), http=HttpClient(), files=OneFile(b"", "text/plain")
    )
    return list(connector.parse(RawRequest(method="POST", path="/", body=body)))


@asynccontextmanager
async def opened(settings: Mapping[str, Any], *, files: Any = None, clock: Any = None) -> AsyncIterator[XChannel]:
    http = HttpClient()
    await http.open()
    own = {name: value for name, value in settings.items() if name != "kind"}
    try:
        yield XChannel(Settings.model_validate(own), clock=clock or ManualClock(), http=http, files=files)
    finally:
        await http.close()


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a4944415478da63680000008200"
    "81da45083b0000000049454e44ae426082"
)
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00" * 1_500_000
