"""/hooks/{channel} over real HTTP, with the engine and a webhook channel behind it."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from starlette.routing import BaseRoute

from orchestrator import signing
from orchestrator.errors import Unavailable
from orchestrator.http import hooks
from orchestrator.site import hook_channels, web
from orchestrator.types import Accepted, Inbound
from tests.support import bots, probe
from tests.support.cloud import Cloud, Reply, running_cloud
from tests.support.house import House, house
from tests.support.serve import serving
from tests.support.web import SECRET, Front, front


def mounted(house: House) -> Sequence[BaseRoute]:
    runtime = house.runtime
    return hooks.routes(hook_channels(runtime), runtime.engine, runtime.bus)


def kiosk(cloud: Cloud, **more: Any) -> dict[str, Any]:
    return {"kind": "webhook", "url": f"{cloud.url}/parley", "secret": SECRET, "allow_private": True, **more}


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with running_cloud() as cloud:
        yield cloud


@pytest.fixture
async def parley(tmp_path: Path, cloud: Cloud) -> AsyncIterator[Front]:
    bots.reset()
    channels = {"kiosk": kiosk(cloud), "slow": kiosk(cloud, bot="slow"), "small": kiosk(cloud, max_bytes=1024)}
    async with front(tmp_path, mounted, channels=channels) as parley:
        parley.house.channel = "kiosk"
        yield parley


def said(text: str, *, conversation: str = "ana", id: str = "m-1") -> dict[str, str]:
    return {"conversation": conversation, "id": id, "text": text}


async def test_a_turn_there_and_back(parley: Front, cloud: Cloud) -> None:
    cloud.replies.clear()
    answer = await parley.hook(said("hello"))
    assert (answer.status, answer.json) == (200, {"ok": True})
    sent = await cloud.arrived.get()
    body = orjson.loads(sent.body)
    assert body["conversation"] == "ana"
    assert body["parts"][0]["text"] == "echo: hello"
    assert body["id"] == sent.headers["webhook-id"]
    signing.verify([signing.key(SECRET)], sent.headers, sent.body, parley.house.runtime.clock.now())


async def test_200_means_durable(parley: Front) -> None:
    await parley.hook(said("keep this"))
    assert (await parley.house.lines("ana"))[0] == "customer: keep this"


async def test_the_platform_does_not_wait_for_the_bot(parley: Front) -> None:
    answer = await parley.hook(said("gate-hook please"), channel="slow")
    assert answer.status == 200
    await bots.entered["gate-hook"].wait()
    bots.gates["gate-hook"].set()


async def test_ten_deliveries_make_one_turn(parley: Front, cloud: Cloud) -> None:
    answers = await asyncio.gather(*(parley.hook(said("once"), delivery=f"d-{n}") for n in range(10)))
    assert {answer.status for answer in answers} == {200}
    await cloud.arrived.get()
    await parley.house.settled("ana")
    assert [line for line in await parley.house.lines("ana") if line.startswith("customer")] == ["customer: once"]
    assert len(bots.seen) == 1


async def test_forged(parley: Front) -> None:
    raw = orjson.dumps(said("let me in"))
    other = signing.key("whsec_" + "b" * 43 + "=")
    headers = signing.sign([other], "d-1", parley.house.runtime.clock.now(), raw)
    answer = await parley.ask("POST", "/hooks/kiosk", data=raw, headers=headers)
    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert await parley.house.runtime.store.find_conversation("kiosk", "ana") is None


async def test_unknown_channel(parley: Front) -> None:
    answer = await parley.hook(said("x"), channel="nowhere")
    assert (answer.status, answer.code) == (404, "not_found")


async def test_malformed_takes_nothing(parley: Front) -> None:
    answer = await parley.hook([said("good"), {"conversation": "ana", "id": "m-2"}])
    assert (answer.status, answer.code) == (400, "malformed")
    assert "events.1" in answer.json["error"]["message"]
    assert await parley.house.runtime.store.find_conversation("kiosk", "ana") is None


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods(parley: Front, method: str) -> None:
    answer = await parley.ask(method, "/hooks/kiosk")
    assert (answer.status, answer.code) == (405, "method_not_allowed")


async def test_too_large(parley: Front) -> None:
    answer = await parley.hook(said("x" * 2000), channel="small")
    assert (answer.status, answer.code) == (413, "too_large")
    assert (await parley.hook(said("x" * 500), channel="small")).status == 200


async def test_fifty_megabytes_are_refused_before_they_come(parley: Front) -> None:
    """By their announced length: not one of them is read."""
    host, _, port = parley.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /hooks/kiosk HTTP/1.1\r\nHost: x\r\nContent-Length: 52428800\r\n\r\n")
    async with asyncio.timeout(10):
        assert (await reader.readline()).startswith(b"HTTP/1.1 413")
    writer.close()


@pytest.mark.parametrize("kind", ["[", '{"a":'])
async def test_what_is_nested_deep_is_malformed(parley: Front, kind: str) -> None:
    answer = await parley.hook((kind * 5000).encode())
    assert (answer.status, answer.code) == (400, "malformed")
    whole = kind * 900 + "1" + {"[": "]"}.get(kind, "}") * 900
    answer = await parley.hook(whole.encode())
    assert (answer.status, answer.code) == (400, "malformed")


async def test_a_look_whether_anybody_is_there(parley: Front) -> None:
    assert (await parley.ask("HEAD", "/hooks/kiosk")).status == 200
    answer = await parley.ask("HEAD", "/hooks/nowhere")
    assert (answer.status, answer.body) == (404, b"")


async def test_a_body_without_end_is_cut_off(parley: Front) -> None:
    """No Content-Length, and it never ends: the answer comes at the limit."""
    chunk = b"x" * 512

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield chunk

    async with asyncio.timeout(10):
        try:
            answer = await parley.ask("POST", "/hooks/small", data=endless())
        except aiohttp.ClientConnectionError:
            return  # Hung up on while it was still pouring: as good an answer.
    assert answer.status == 413


async def test_a_megabyte(parley: Front) -> None:
    answer = await parley.hook(said("x" * 1_048_576))
    assert (answer.status, answer.code) == (413, "too_large")


async def test_half_a_request_is_none(parley: Front, tmp_path: Path) -> None:
    host, port = parley.url.removeprefix("http://").split(":")
    raw = orjson.dumps(said("half"))
    signed = signing.sign([signing.key(SECRET)], "d-1", parley.house.runtime.clock.now(), raw)
    head = "".join(f"{name}: {text}\r\n" for name, text in signed.items())
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"POST /hooks/kiosk HTTP/1.1\r\nhost: x\r\ncontent-length: 9999\r\n{head}\r\n".encode() + raw)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await parley.hook(said("whole", conversation="bo"))).status == 200
    assert await parley.house.runtime.store.find_conversation("kiosk", "ana") is None


async def test_one_visitor_floods_and_others_do_not_notice(parley: Front) -> None:
    answers = [await parley.hook(said("spam", id=f"m-{n}")) for n in range(60)]
    statuses = [answer.status for answer in answers]
    assert statuses[:30] == [200] * 30
    assert statuses.count(429) >= 25
    refused = next(answer for answer in answers if answer.status == 429)
    assert refused.code == "throttled"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert "30 requests" in refused.json["error"]["message"]
    assert (await parley.hook(said("calm", conversation="bo"))).status == 200


async def test_in_a_batch_only_the_flooder_waits(parley: Front) -> None:
    count = itertools.count()
    while (await parley.hook(said("spam", id=f"m-{next(count)}"))).status != 429:
        pass
    answer = await parley.hook([said("late", id="m-99"), said("hello", conversation="bo", id="b-1")])
    assert answer.status == 429
    assert (await parley.house.lines("bo"))[0] == "customer: hello"
    assert "customer: late" not in await parley.house.lines("ana")


async def test_statuses_move_the_marks(parley: Front, cloud: Cloud) -> None:
    cloud.replies.append(reply_with_id("theirs-5"))
    await parley.hook(said("hello"))
    await cloud.arrived.get()
    await parley.house.settled("ana")
    answer = await parley.hook({"type": "status", "message": "theirs-5", "status": "read"})
    assert answer.status == 200
    marks = (await parley.house.conversation("ana")).marks
    assert (marks.customer_delivered, marks.customer_read) == (2, 2)


def reply_with_id(id: str) -> Reply:
    return Reply(body=orjson.dumps({"id": id}))


async def test_a_database_that_refuses_is_told_and_nothing_else_breaks(tmp_path: Path, cloud: Cloud) -> None:
    class Full:
        async def accept(self, app_id: str, channel_id: str, events: Sequence[Inbound]) -> list[Accepted]:
            raise Unavailable("the disk is full", retry_after=3)

    def mount(house: House) -> Sequence[BaseRoute]:
        return hooks.routes(hook_channels(house.runtime), Full(), house.runtime.bus)

    async with front(tmp_path, mount, channels={"kiosk": kiosk(cloud)}) as parley:
        answer = await parley.hook(said("x"))
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "unavailable", "3")


async def test_a_broken_connector_is_our_fault_and_says_nothing_of_it(tmp_path: Path, cloud: Cloud) -> None:
    class Broken:
        async def accept(self, app_id: str, channel_id: str, events: Sequence[Inbound]) -> list[Accepted]:
            raise RuntimeError("secret-in-the-error")

    def mount(house: House) -> Sequence[BaseRoute]:
        return hooks.routes(hook_channels(house.runtime), Broken(), house.runtime.bus)

    async with front(tmp_path, mount, channels={"kiosk": kiosk(cloud)}) as parley:
        answer = await parley.hook(said("x"))
    assert (answer.status, answer.code) == (500, "internal")
    assert b"secret" not in answer.body


async def test_a_channel_may_take_more_than_the_application(tmp_path: Path, cloud: Cloud) -> None:
    channels = {"kiosk": kiosk(cloud, max_bytes=4_000_000)}
    async with front(tmp_path, mounted, channels=channels) as parley:
        assert (await parley.hook(said("x" * 2_000_000))).status == 200
        assert (await parley.hook(said("x" * 4_000_000))).status == 413


def test_headers_and_query_as_connectors_see_them() -> None:
    raw = [(b"x-a", b"1"), (b"x-a", b"2"), (b"content-type", b"text/\xe9")]
    assert hooks.headers_of(raw) == {"x-a": "1, 2", "content-type": "text/é"}


async def test_the_url_is_what_the_platform_called() -> None:
    """Whatever the request says of itself."""
    channel = hooks.HookChannel(
        app_id="shop", id="sms", connector=probe.Probe(probe.Settings()), public_url="https://chat.example.com/parley"
    )
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/hooks/sms/ü",
        "raw_path": b"/hooks/sms/%C3%BC",
        "query_string": b"a=1&a=2",
        "headers": [(b"host", b"evil.example"), (b"x-forwarded-host", b"evil.example")],
    }

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    request = await hooks.read(scope, receive, channel)
    assert request.url == "https://chat.example.com/parley/hooks/sms/%C3%BC?a=1&a=2"
    assert request.query == {"a": "2"}


# In front of the application, as `parley serve` has it


@pytest.fixture
async def whole(tmp_path: Path, cloud: Cloud) -> AsyncIterator[Front]:
    bots.reset()
    async with (
        house(tmp_path, channels={"kiosk": kiosk(cloud)}) as opened,
        serving(web(opened.runtime)) as url,
        aiohttp.ClientSession() as session,
    ):
        yield Front(opened, url, session)


async def test_the_whole_application(whole: Front, cloud: Cloud) -> None:
    assert (await whole.hook(said("hello"))).status == 200
    assert orjson.loads((await cloud.arrived.get()).body)["parts"][0]["text"] == "echo: hello"
    assert (await whole.hook(b"{")).code == "malformed"
    assert (await whole.hook(said("x" * 70_000))).code == "too_large"
    assert (await whole.hook(said("x"), channel="nowhere")).code == "not_found"
    assert (await whole.hook(said("x"), channel="nowhere/kiosk")).code == "not_found"
    assert (await whole.hook(said("below"), channel="kiosk/a/clients/own/path", delivery="d-2")).status == 200
    assert (await whole.ask("PUT", "/hooks/kiosk")).code == "method_not_allowed"
    assert (await whole.get("/hooks/kiosk")).code == "unauthenticated"
    assert (await whole.get("/hooks")).status == 404
    await whole.make_key("read")
    assert (await whole.get("/v1/conversations")).json["data"][0]["address"] == "ana"
    assert (await whole.get("/openapi.json")).json["info"]["title"] == "Parley API"
    assert (await whole.get("/docs")).status == 200
    assert (await whole.post("/v1/keys", {"name": "x" * 400_000, "scopes": ["read"]})).code == "too_large"


async def test_what_breaks_in_front_is_a_plain_500(whole: Front) -> None:
    async def broken(*_: object) -> list[Accepted]:
        raise RuntimeError("secret-in-the-error")

    whole.house.runtime.engine.accept = broken  # type: ignore[method-assign]
    answer = await whole.hook(said("x"))
    assert (answer.status, answer.code) == (500, "internal")
    assert b"secret" not in answer.body
