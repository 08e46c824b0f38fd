"""A bot behind a webhook: what it is sent, what it may answer, and everything a foreign server may do instead."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, cast

import orjson
import pytest
from pydantic import ValidationError

from bots import webhook
from bots.webhook.wire import TurnV1, encode
from orchestrator import signing
from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import BotFailed, BotLater, BotTimeout, Misconfigured, Unauthenticated
from orchestrator.ports import Bot, Files
from orchestrator.types import (
    FormAnswer,
    HandOff,
    HistoryLine,
    Language,
    Media,
    Returned,
    Say,
    Sentiment,
    SetSlots,
    Tap,
    Text,
    Understanding,
)
from tests.support.clock import ManualClock
from tests.support.loop import next_tick
from tests.support.raw_http import Reply, http, raw_server, saying
from tests.support.turns import NOON, asked, turn, words

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
CALLBACK = "https://parley.example/bots/callback/token"
JSON = {"Content_Type": "application/json"}


def answer(value: object, status: str = "200 OK") -> bytes:
    return http(status, orjson.dumps(value), **JSON)


HELLO = answer({"text": "Hello"})


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    opened = HttpClient()
    await opened.open()
    yield opened
    await opened.close()


def make(client: HttpClient, url: str, clock: ManualClock | None = None, **more: Any) -> Bot:
    settings = webhook.Settings.model_validate({"url": url, "secret": SECRET, **more})
    return webhook.create(settings, clock=clock or ManualClock(NOON), http=client, files=cast(Files, None))


async def test_text_is_sent_signed_and_answered(client: HttpClient) -> None:
    async with raw_server(saying(HELLO)) as server:
        bot = make(client, f"{server.url}/turns?key=1")
        assert await asked(bot, turn("Hi", turn_id="turn-7")) == [Say(parts=(Text(text="Hello"),))]
    (request,) = server.asked
    assert request.line == "POST /turns?key=1 HTTP/1.1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == "turn-7"
    assert request.headers["parley-deadline"] == "2026-11-01T12:00:10+00:00"
    signing.verify([signing.key(SECRET)], request.headers, request.body, NOON)
    sent = orjson.loads(request.body)
    assert (sent["version"], sent["turn_id"], sent["text"]) == (1, "turn-7", "Hi")
    assert sent["deadline"] == "2026-11-01T12:00:10Z"


async def test_a_changed_body_no_longer_verifies(client: HttpClient) -> None:
    async with raw_server(saying(HELLO)) as server:
        await asked(make(client, server.url), turn("Hi"))
    request = server.asked[0]
    with pytest.raises(Unauthenticated):
        signing.verify([signing.key(SECRET)], request.headers, request.body.replace(b"Hi", b"Ho"), NOON)
    with pytest.raises(Unauthenticated):
        signing.verify([signing.key(OLD)], request.headers, request.body, NOON)


async def test_while_a_secret_changes_both_sign(client: HttpClient) -> None:
    async with raw_server(saying(HELLO)) as server:
        await asked(make(client, server.url, secret=[SECRET, OLD]), turn("Hi"))
    for secret in (SECRET, OLD):
        signing.verify([signing.key(secret)], server.asked[0].headers, server.asked[0].body, NOON)


async def test_everything_a_bot_may_want_is_in_the_turn(client: HttpClient) -> None:
    picture = Media(url="https://parley.example/media/x.png", media="image", alt="a mug")
    said = turn(
        "¿Cuánto?",
        picture,
        Tap(payload="buy", title="Buy"),
        FormAnswer(form_id="receipt", values={"email": "ann@mail.example"}),
        language="es",
        profile={"name": "Ann"},
        context={"cart": {"total": 12.5}},
        slots={"order": "PD-1"},
        history=(HistoryLine(role="agent", text="Done.", at=NOON),),
        returned=Returned(handoff_id="h1", agent="bo", note="Refunded", at=NOON),
        understanding=Understanding(
            language=Language(code="es", confidence=0.9), sentiment=Sentiment(score=-0.5, label="negative")
        ),
        callback_url=CALLBACK,
    )
    async with raw_server(saying(HELLO)) as server:
        await asked(make(client, server.url), said)
    sent = orjson.loads(server.asked[0].body)
    assert sent["payload"] == "buy"
    assert sent["form"] == {"email": "ann@mail.example"}
    assert [part["kind"] for line in sent["messages"] for part in line["parts"]] == [
        "text",
        "media",
        "tap",
        "form_answer",
    ]
    assert sent["messages"][1]["parts"][0]["url"] == picture.url
    assert sent["context"]["cart"]["total"] == 12.5
    assert sent["returned"]["note"] == "Refunded"
    assert sent["understanding"]["sentiment"]["label"] == "negative"
    assert sent["channel"]["limits"]["quick_replies"] == 13
    assert sent["callback_url"] == CALLBACK
    assert (sent["language"], sent["bot_language"]) == ("es", "en")
    (line,) = sent["history"]
    assert {"role": "agent", "text": "Done.", "at": "2026-11-01T12:00:00Z"}.items() <= line.items()
    assert sent["rehearsal"] is False


def test_the_schema_only_grows() -> None:
    """A field that goes, or changes its name, breaks every bot out there: that would be version 2."""
    assert set(orjson.loads(encode(turn("x")))) == set(TurnV1.model_fields)
    assert set(TurnV1.model_fields) >= {
        *("version", "turn_id", "app_id", "conversation_id", "customer_id", "bot", "epoch", "deadline", "now"),
        *("callback_url", "text", "original", "language", "bot_language", "payload", "form", "messages", "channel"),
        *("understanding", "profile", "context", "slots", "history", "returned"),
    }


ANSWERS: list[tuple[object, list[str]]] = [
    ({"text": "One"}, ["One"]),
    (["One", "Two"], ["One", "Two"]),
    ({"actions": [{"kind": "say", "text": "One"}], "mood": "unknown fields are ignored"}, ["One"]),
    ({"actions": []}, []),
    (None, []),
]


@pytest.mark.parametrize(("value", "expected"), ANSWERS)
async def test_answers_are_read(client: HttpClient, value: object, expected: list[str]) -> None:
    async with raw_server(saying(answer(value))) as server:
        assert words(await asked(make(client, server.url), turn("x"))) == expected


async def test_actions_are_read_in_order(client: HttpClient) -> None:
    actions = [
        {"kind": "set_slots", "slots": {"n": 1}},
        {"kind": "media", "url": "https://shop.example/x.png", "media": "image"},
        {"kind": "hand_off", "team": "orders", "priority": "urgent"},
    ]
    async with raw_server(saying(answer({"version": 1, "actions": actions}, "201 Created"))) as server:
        assert await asked(make(client, server.url), turn("x")) == [
            SetSlots(slots={"n": 1}),
            Say(parts=(Media(url="https://shop.example/x.png", media="image"),)),
            HandOff(team="orders", priority="urgent"),
        ]


@pytest.mark.parametrize("status", ["204 No Content", "200 OK"])
async def test_an_empty_answer_says_nothing(client: HttpClient, status: str) -> None:
    async with raw_server(saying(http(status))) as server:
        assert await asked(make(client, server.url), turn("x")) == []


async def test_202_is_a_promise(client: HttpClient) -> None:
    async with raw_server(saying(answer({"seconds": 45}, "202 Accepted"), http("202 Accepted"))) as server:
        bot = make(client, server.url, later_seconds=120)
        for until in (45.0, 120.0):
            with pytest.raises(BotLater) as caught:
                await asked(bot, turn("x", callback_url=CALLBACK))
            assert caught.value.until == until


@pytest.mark.parametrize("seconds", [-1, 0, 10**9, "45", None, True, [1]])
async def test_a_promise_never_lasts_longer_than_allowed(client: HttpClient, seconds: object) -> None:
    async with raw_server(saying(answer({"seconds": seconds}, "202 Accepted"))) as server:
        with pytest.raises(BotLater) as caught:
            await asked(make(client, server.url, later_seconds=120), turn("x", callback_url=CALLBACK))
    assert 0 < caught.value.until <= 120


async def test_202_without_a_way_back_is_a_failure(client: HttpClient) -> None:
    async with raw_server(saying(http("202 Accepted"))) as server:
        with pytest.raises(BotFailed, match="no callback"):
            await asked(make(client, server.url), turn("x"))


async def test_a_second_try_has_the_same_id_and_a_fresh_signature(client: HttpClient) -> None:
    clock = ManualClock(NOON)
    async with raw_server(saying(http("503 Service Unavailable", b"", Retry_After="0"), HELLO)) as server:
        assert words(await asked(make(client, server.url, clock), turn("x", turn_id="turn-9"))) == ["Hello"]
    first, second = server.asked
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == "turn-9"
    assert first.body == second.body
    signing.verify([signing.key(SECRET)], second.headers, second.body, NOON)


async def test_the_same_turn_again_has_the_same_id(client: HttpClient) -> None:
    async with raw_server(saying(HELLO)) as server:
        bot = make(client, server.url)
        await asked(bot, turn("x", turn_id="turn-9"))
        await asked(bot, turn("x", turn_id="turn-9"))
    assert [request.headers["webhook-id"] for request in server.asked] == ["turn-9", "turn-9"]


async def test_throttled(client: HttpClient) -> None:
    async with raw_server(saying(http("429 Too Many Requests", b"", Retry_After="3600"))) as server:
        with pytest.raises(BotFailed, match="throttling") as caught:
            await asked(make(client, server.url), turn("x"))
    assert caught.value.retry_after == 3600
    assert len(server.asked) == 1, "a wait that outlasts the deadline is not begun"


async def test_throttled_for_a_moment(client: HttpClient) -> None:
    async with raw_server(saying(http("429 Too Many Requests", b"", Retry_After="0"), HELLO)) as server:
        assert words(await asked(make(client, server.url), turn("x"))) == ["Hello"]


async def test_unreachable(client: HttpClient) -> None:
    async with raw_server(saying(HELLO)) as server:
        url = server.url
    with pytest.raises(BotFailed, match="can't be reached"):
        await asked(make(client, f"{url}/?key=secret-in-url"), turn("my secret words"))


async def test_errors_hold_no_secret_and_no_words(client: HttpClient) -> None:
    async with raw_server(saying(http("500 Oops", b"my secret words", **JSON))) as server:
        with pytest.raises(BotFailed, match="500") as caught:
            await asked(make(client, f"{server.url}/path-secret?key=url-secret"), turn("my secret words"))
    assert not any(word in str(caught.value) for word in ("secret", "MfKQ9r8"))


def huge(size: int) -> bytes:
    return http("200 OK", b'{"text": "' + b"x" * size + b'"}', **JSON)


DEEP = b"[" * 200_000

REFUSED: list[tuple[str, bytes, str]] = [
    ("unauthorised", http("401 Unauthorized"), "401"),
    ("forbidden", http("403 Forbidden"), "403"),
    ("gone", http("404 Not Found"), "404"),
    ("broken", http("500 Internal Server Error"), "500"),
    ("moved", http("302 Found", b"", Location="http://127.0.0.1:1/"), "redirects"),
    ("moved for good", http("308 Permanent Redirect", b"", Location="/"), "redirects"),
    ("HTML", http("200 OK", b"<html>Welcome</html>", Content_Type="text/html; charset=utf-8"), "'text/html'"),
    ("no type", http("200 OK", b'{"text": "x"}'), "no content type"),
    ("plain text", http("200 OK", b"Hello", Content_Type="text/plain"), "'text/plain'"),
    ("not JSON", http("200 OK", b"Hello", **JSON), "not JSON"),
    ("cut off", http("200 OK", b'{"text": "He', **JSON), "not JSON"),
    ("not UTF-8", http("200 OK", b'{"text": "\xff\xfe"}', **JSON), "not JSON"),
    ("deep", http("200 OK", DEEP, **JSON), "not JSON"),
    ("deep slots", answer({"actions": [{"kind": "set_slots", "slots": orjson.loads("[" * 99 + "]" * 99)}]}), "rubbish"),
    ("a number", answer(42), "'int'"),
    ("unknown action", answer({"actions": [{"kind": "teleport"}]}), "'teleport'"),
    ("unknown part", answer({"actions": [{"kind": "say", "parts": [{"kind": "hologram"}]}]}), "'hologram'"),
    ("too many", answer({"actions": ["x"] * 51}), "50 are the most"),
    ("a script", answer({"actions": [{"kind": "media", "url": "javascript:alert(1)"}]}), "'javascript'"),
    ("forged tap", answer({"actions": [{"kind": "tap", "payload": "x"}]}), "only a customer"),
    ("newer version", answer({"version": 2, "text": "x"}), "version 1"),
    ("huge", huge(2_000_000), "more than 1048576 bytes"),
    ("not HTTP", b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "can't be reached"),
]


@pytest.mark.parametrize(("sent", "complaint"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_rubbish_is_refused(client: HttpClient, sent: bytes, complaint: str) -> None:
    async with raw_server(saying(sent)) as server:
        with pytest.raises(BotFailed, match=complaint):
            await asked(make(client, server.url, retries=0), turn("x"))


async def silence(writer: asyncio.StreamWriter) -> None:
    """Takes the request and says nothing until the client hangs up."""
    await writer.wait_closed()


async def drip(writer: asyncio.StreamWriter) -> None:
    """A byte for each go of the loop: no time-out between bytes would ever ring."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await next_tick()


async def flood(writer: asyncio.StreamWriter) -> None:
    """JSON without end, chunked, as fast as it goes."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b'"x",' * 4096
    while not writer.is_closing():
        writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        await writer.drain()


@pytest.mark.parametrize("reply", [silence, drip], ids=["silent", "dripping"])
async def test_slow(client: HttpClient, reply: Reply) -> None:
    async with raw_server(reply) as server:
        with pytest.raises(BotTimeout, match="no answer in 0.1 s"):
            await asked(make(client, server.url), turn("x", seconds=0.1))


async def test_endless(client: HttpClient) -> None:
    async with raw_server(flood) as server:
        with pytest.raises(BotFailed, match="more than 1048576 bytes"):
            await asked(make(client, server.url), turn("x"))


async def test_a_turn_that_is_late_already_is_not_sent(client: HttpClient) -> None:
    clock = ManualClock(NOON + timedelta(seconds=11))
    async with raw_server(saying(HELLO)) as server:
        with pytest.raises(BotTimeout):
            await asked(make(client, server.url, clock), turn("x"))
    assert server.connections == 0


async def test_an_address_that_came_over_the_api_may_not_be_private(client: HttpClient) -> None:
    async with raw_server(saying(HELLO)) as server:
        with pytest.raises(BotFailed, match="private|port"):
            await asked(make(client, server.url, trusted=False), turn("x"))
    assert server.connections == 0


async def test_own_headers_go_along_but_never_replace_the_signature(client: HttpClient) -> None:
    headers = {"Authorization": "Bearer abc", "webhook-signature": "v1,forged"}
    async with raw_server(saying(HELLO)) as server:
        await asked(make(client, server.url, headers=headers), turn("x"))
    request = server.asked[0]
    assert request.headers["authorization"] == "Bearer abc"
    signing.verify([signing.key(SECRET)], request.headers, request.body, NOON)


async def test_words_that_are_no_unicode_never_leave(client: HttpClient) -> None:
    async with raw_server(saying(HELLO)) as server:
        with pytest.raises(BotFailed, match="not valid Unicode"):
            await asked(make(client, server.url), turn("\ud800"))
    assert server.connections == 0


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"url": "ftp://x.example"}, "https://"),
        ({"url": "/turns"}, "https://"),
        ({"url": "https://user:hunter2@x.example"}, "headers"),
        ({"retries": 99}, "retries"),
        ({"urll": "x"}, "urll"),
        ({"secret": None}, "secret"),
    ],
)
def test_wrong_settings_are_named_without_their_values(wrong: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint) as caught:
        webhook.Settings.model_validate({"url": "https://bot.example", "secret": SECRET, **wrong})
    assert "hunter2" not in str(caught.value)


def test_a_secret_that_is_none_is_refused_without_being_shown(client: HttpClient) -> None:
    with pytest.raises(Misconfigured, match="openssl") as caught:
        make(client, "https://bot.example", secret="hunter2")
    assert "hunter2" not in str(caught.value)


def test_settings_hide_their_secrets() -> None:
    settings = webhook.Settings.model_validate({"url": "https://bot.example", "secret": SECRET})
    assert SECRET not in repr(settings)
