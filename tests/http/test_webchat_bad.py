"""What a web chat makes of forged, huge, malformed, foreign and too many requests."""

import asyncio
import contextlib
import itertools
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from connectors.webchat import Settings, WebChat
from connectors.webchat.tokens import Tokens
from connectors.webchat.tokens import Visitor as Who
from orchestrator.errors import Throttled
from orchestrator.http.webchat import WebChannel
from orchestrator.http.webchat.allowance import BURST
from orchestrator.http.webchat.crowd import Crowd
from tests.support import samples
from tests.support.clock import ManualClock
from tests.support.web import Front
from tests.support.webchat import SECRET, Socket, Visitor, chat_front, identity

SHOP = "https://shop.example"
FORGERIES = ["expired", "another secret", "no algorithm", "another channel", "a resume token", "rubbish", "nothing"]


def forged(front: Front, how: str) -> str:
    clock = front.house.runtime.clock
    past = ManualClock(clock.now() - timedelta(days=1))
    claims = {"sub": "v-1", "exp": 4102444800, "aud": "access:web"}
    return {
        "expired": Tokens(SECRET, "web", past).access(Who(id="v-1")),
        "another secret": Tokens(SECRET + "!", "web", clock).access(Who(id="v-1")),
        "no algorithm": jwt.encode(claims, None, algorithm="none"),
        "another channel": Tokens(SECRET, "other", clock).access(Who(id="v-1")),
        "a resume token": Tokens(SECRET, "web", clock).resume(Who(id="v-1")),
        "rubbish": "abc",
        "nothing": "",
    }[how]


@pytest.mark.parametrize("how", FORGERIES)
async def test_tokens_that_do_not_hold(tmp_path: Path, how: str) -> None:
    async with chat_front(tmp_path) as front:
        visitor = Visitor(front, token=forged(front, how))
        async with visitor.connect() as socket:
            assert (await socket.next())["code"] == "unauthenticated"
            assert await socket.closed() == 4401
        answers = [
            await visitor.post(type="send", client_id="m1", text="hello"),
            await visitor.get("events"),
            await visitor.get("history?before=2"),
            await visitor.upload(samples.PNG, "image/png"),
        ]
        assert [(answer.status, answer.code) for answer in answers] == [(401, "unauthenticated")] * 4
        assert not await front.house.runtime.store.conversations("shop")


async def test_a_forged_resume_or_identity_opens_no_session(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        for asked in (
            {"resume": forged(front, "another secret")},
            {"resume": Tokens(SECRET, "web", front.house.runtime.clock).access(Who(id="v-1"))},
            {"identity": identity(front, key="somebody else's key of 32 characters")},
            {"identity": identity(front, exp=None)},
            {"identity": identity(front, exp=front.house.runtime.clock.now() + timedelta(days=2))},
            {"identity": jwt.encode({"sub": "customer-7", "exp": 4102444800}, None, algorithm="none")},
        ):
            answer = await front.post("/webchat/web/session", asked)
            assert (answer.status, answer.code) == (401, "unauthenticated")


async def test_a_token_that_expires_ends_its_connection_unless_renewed(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        clock = front.house.runtime.clock
        nearly = ManualClock(clock.now() - timedelta(minutes=60) + timedelta(seconds=1.2))
        visitor = Visitor(front, token=Tokens(SECRET, "web", nearly).access(Who(id="v-1")))
        stranger = Visitor(front)
        await stranger.arrive()
        async with visitor.connect() as socket, visitor.connect() as renewed:
            await renewed.send(type="renew", token=stranger.token)
            assert (await renewed.until("error"))["code"] == "unauthenticated"
            await renewed.send(type="renew", token=Tokens(SECRET, "web", clock).access(Who(id="v-1")))
            while (await pinged(socket)).get("code") != "unauthenticated":
                pass
            assert await socket.closed() == 4401
            assert (await pinged(renewed))["type"] == "pong"


async def pinged(socket: Socket) -> dict[str, Any]:
    await socket.send(type="ping")
    while (frame := await socket.next())["type"] not in ("pong", "error"):
        pass
    return frame


# --- where from


async def test_pages_of_other_origins_are_turned_away(tmp_path: Path) -> None:
    async with chat_front(tmp_path, origins=[SHOP, "https://*.shop.example"]) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        for origin in ("https://evil.test", "null", "https://shop.example.evil.test", "http://shop.example"):
            headers = {**visitor.bearer, "Origin": origin}
            for method, path in (
                ("GET", "config"),
                ("POST", "session"),
                ("POST", "messages"),
                ("GET", "events"),
                ("GET", "history?before=1"),
                ("POST", "upload"),
                ("OPTIONS", "session"),
            ):
                answer = await front.ask(method, f"/webchat/web/{path}", headers=headers)
                assert (answer.status, answer.code) == (403, "forbidden"), (origin, path)
                assert "access-control-allow-origin" not in answer.headers
            async with visitor.connect(origin=origin) as socket:
                assert await socket.closed() == 4403


async def test_allowed_pages_and_parleys_own_come_in(tmp_path: Path) -> None:
    async with chat_front(tmp_path, origins=[SHOP, "https://*.shop.example"]) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        for origin in (SHOP, "https://www.shop.example", front.url):
            answer = await front.post("/webchat/web/session", {}, Origin=origin)
            assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, origin)
            assert "access-control-allow-credentials" not in answer.headers
            async with visitor.connect(origin=origin) as socket:
                assert (await socket.next())["type"] == "ready"
        preflight = await front.ask("OPTIONS", "/webchat/web/messages", headers={"Origin": SHOP})
        assert preflight.status == 204
        assert "Authorization" in preflight.headers["access-control-allow-headers"]
        refused = await front.ask("GET", "/webchat/web/events", headers={"Origin": SHOP})
        assert (refused.status, refused.headers["access-control-allow-origin"]) == (401, SHOP)


async def test_a_channel_that_does_not_exist(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        assert (await front.post("/webchat/nowhere/session", {})).code == "not_found"
        async with Visitor(front).connect(channel="nowhere") as socket:
            assert await socket.closed() == 4404


# --- too large, unreadable


async def test_a_megabyte_is_refused_and_the_connection_closed(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        for size in (1_000_000, 65_600):
            async with visitor.connect() as socket:
                await socket.send(type="send", client_id="m1", text="x" * size)
                assert (await socket.until("error"))["code"] == "too_large"
                assert await socket.closed() == 1009
            answer = await visitor.post(type="send", client_id="m1", text="x" * size)
            assert (answer.status, answer.code) == (413, "too_large")
        async with visitor.connect() as socket:
            await socket.send(type="send", client_id="m1", text="ñ" * 5000)
            refusal = await socket.until("error")
            assert (refusal["code"], refusal["client_id"]) == ("too_large", "m1")
            assert (await pinged(socket))["type"] == "pong"


async def test_limits_count_bytes_and_not_characters(tmp_path: Path) -> None:
    async with chat_front(tmp_path, max_bytes=2000, text_max=4000) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        async with visitor.connect() as socket:
            await socket.raw('{"type":"send","client_id":"m1","text":"' + "€" * 700 + '"}')
            assert await socket.closed() == 1009


async def test_unreadable_frames_are_answered_until_there_are_too_many(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        async with visitor.connect() as socket:
            for wrong in (
                "{",
                "[]",
                '{"type":"shout"}',
                '{"type":"send","client_id":"m9"}',
                "\x00",
                '{"type":"hello"}',
            ):
                await socket.raw(wrong)
                refusal = await socket.until("error")
                assert refusal["code"] == "malformed"
            assert refusal["client_id"] == ""
            await socket.send(type="send", client_id="m1", text="still here")
            assert (await socket.until("ack"))["seq"] == 1
            for _ in range(20):
                await socket.raw("{")
            assert await socket.closed() == 1008


async def test_a_connection_must_say_hello_first(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        for first in ({"type": "ping"}, {"type": "send", "client_id": "m1", "text": "hi"}):
            async with visitor.connect(hello=False) as socket:
                await socket.send(**first)
                assert await socket.closed() in (4401, 1008)
        assert not await front.house.runtime.store.conversations("shop")


async def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        async with visitor.connect() as socket:
            await socket.line.send_bytes(b"\xff\xfe\x00")
            assert (await socket.until("error"))["code"] == "malformed"
        raw = await front.ask("POST", "/webchat/web/messages", data=b"\xff{", headers=visitor.bearer)
        assert (raw.status, raw.code) == (400, "malformed")


@pytest.mark.parametrize("query", ["before=", "before=-1", "before=x", "before=9999999999999999999", "before=1.5", ""])
async def test_history_needs_a_number(tmp_path: Path, query: str) -> None:
    async with chat_front(tmp_path) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        assert (await visitor.get(f"history?{query}")).status == 400


# --- too many


async def test_ten_thousand_messages_in_a_burst_are_throttled_with_a_clear_answer(tmp_path: Path) -> None:
    async with chat_front(tmp_path, bot="silent", rate=30) as front:
        visitor = Visitor(front)
        await visitor.arrive(language="es")
        async with visitor.connect(language="es") as socket:
            began = time.monotonic()
            sending = asyncio.create_task(burst(socket, 10_000))
            answers: Counter[str] = Counter()
            first: dict[str, Any] = {}
            while answers["ack"] + answers["error"] < 10_000:
                frame = await socket.next()
                answers[frame["type"]] += 1
                if frame["type"] == "error" and not first:
                    first = frame
            await sending
            while (await pinged(socket))["type"] != "pong":
                pass
        took = time.monotonic() - began
        assert 30 <= answers["ack"] <= 31 + took / 2  # one more each two seconds
        assert first["code"] == "throttled"
        assert 0 < first["retry_after"] <= 60
        assert first["client_id"].startswith("m")
        assert "Espera" in first["text"]
        conversation = (await front.house.runtime.store.conversations("shop"))[0]
        assert conversation.aggregates.customer_messages <= answers["ack"]
        late = itertools.count()
        while (again := await visitor.post(type="send", client_id=f"late{next(late)}", text="more")).status == 200:
            pass  # on a slow machine the allowance has grown again meanwhile
        assert (again.status, again.code) == (429, "throttled")
        assert int(again.headers["retry-after"]) >= 1


async def burst(socket: Socket, count: int) -> None:
    for at in range(count):
        await socket.send(type="send", client_id=f"m{at}", text=f"line {at}")


async def test_other_frames_have_an_allowance_too(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        async with visitor.connect() as socket:
            kinds: Counter[str] = Counter()
            for _ in range(BURST + 100):
                await socket.send(type="ping")
            for _ in range(BURST + 101):
                kinds[(await socket.next())["type"]] += 1
        assert kinds["error"] >= 50


async def test_a_visitor_holds_so_many_connections_and_no_more(tmp_path: Path) -> None:
    async with chat_front(tmp_path, sockets_per_visitor=2) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        async with visitor.connect() as one, visitor.connect() as two:
            assert [(await one.next())["type"], (await two.next())["type"]] == ["ready", "ready"]
            async with visitor.connect() as three:
                assert (await three.next())["code"] == "throttled"
                assert await three.closed() == 4429
            assert (await visitor.get("events")).status == 429
        async with visitor.connect() as again:
            assert (await again.next())["type"] == "ready"


# --- files


@pytest.mark.parametrize(
    ("data", "mime", "status"),
    [
        (samples.SVG, "image/svg+xml", 400),
        (samples.HTML, "text/html", 400),
        (samples.HTML, "image/png", 400),
        (samples.HTML, "text/plain", 400),
        (samples.ZIP, "application/zip", 400),
        (b"", "image/png", 400),
        (b"MZ" + bytes(100), "application/pdf", 400),
        (samples.PNG + bytes(2000), "image/png", 413),
    ],
)
async def test_files_that_are_not_taken(tmp_path: Path, data: bytes, mime: str, status: int) -> None:
    async with chat_front(tmp_path, upload={"max_bytes": 1024}) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        assert (await visitor.upload(data, mime)).status == status


async def test_uploads_can_be_switched_off_and_are_throttled(tmp_path: Path) -> None:
    async with chat_front(tmp_path, upload={"enabled": False}) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        assert (await visitor.upload(samples.PNG, "image/png")).status == 403
    async with chat_front(tmp_path / "two", rate=2) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        assert [(await visitor.upload(samples.PNG, "image/png")).status for _ in range(3)] == [200, 200, 429]


# --- where tokens travel


async def test_a_token_in_an_address_opens_nothing(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        async with front.session.ws_connect(f"{front.url}/webchat/web/ws?token={visitor.token}") as line:
            socket = Socket(line)
            await socket.send(type="ping")
            assert await socket.closed() == 4401
        assert (await front.get("/webchat/web/events", token=visitor.token)).status == 401


# --- when something is not there


async def test_silence_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.http.webchat.socket.HELLO_SECONDS", 0.01)
    async with chat_front(tmp_path) as front, Visitor(front).connect(hello=False) as socket:
        assert await socket.closed() == 4408


async def test_a_server_that_stops_says_so(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        await visitor.post(type="send", client_id="m1", text="hello")
        async with visitor.connect() as socket:
            assert (await socket.next())["type"] == "ready"
            await front.house.runtime.bus.close()
            assert await socket.closed() == 1012


async def test_what_can_not_be_kept_is_refused_for_now(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        visitor = Visitor(front)
        await visitor.arrive(language="it")
        async with visitor.connect(language="it") as socket:
            await socket.next()
            await front.house.runtime.store.close()
            await socket.send(type="send", client_id="m1", text="hello")
            refusal = await socket.until("error")
            assert (refusal["code"], refusal["client_id"]) == ("unavailable", "m1")
            assert "salvato" in refusal["text"]
        await front.house.runtime.store.open()


def test_only_public_addresses_are_counted() -> None:
    channel = WebChannel(
        app_id="shop",
        id="web",
        connector=WebChat(Settings(sockets_per_visitor=9, sockets_per_address=2), ManualClock()),
    )
    crowd = Crowd()
    with crowd.joined(channel, "a", "8.8.8.8"), crowd.joined(channel, "b", "8.8.8.8"):
        with pytest.raises(Throttled), crowd.joined(channel, "c", "8.8.8.8"):
            pass
        for address in ("10.0.0.1", "127.0.0.1", "::1", "fd00::1", "not an address", ""):
            with contextlib.ExitStack() as held:
                for visitor in "defgh":
                    held.enter_context(crowd.joined(channel, visitor, address))
    assert not crowd.held
