"""The suite over the wire: our examples as they stand, and servers that are each broken in one way."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from orchestrator import conformance, signing
from orchestrator.adapters.clock import SystemClock
from orchestrator.conformance import CHECKS, Verdict
from orchestrator.conformance.target import Conditions, named, subject
from orchestrator.errors import Misconfigured, Unauthenticated
from tests.bots.test_examples import SECRET, running
from tests.support.site import listening

Handler = Callable[[web.Request], Awaitable[web.Response]]
OFFER = {"kind": "quick_replies", "text": "Anything else?", "choices": [{"title": "Hours", "payload": "hours"}]}
ANSWER = {"actions": [OFFER]}


def verified(request: web.Request, body: bytes) -> None:
    signing.verify([signing.key(SECRET)], {k.lower(): v for k, v in request.headers.items()}, body, SystemClock().now())


async def read(request: web.Request) -> dict[str, Any]:
    """Raises what makes the right answer to a bad request."""
    body = await request.read()
    try:
        verified(request, body)
        turn = orjson.loads(body)
    except Unauthenticated:
        raise web.HTTPUnauthorized from None
    except orjson.JSONDecodeError:
        raise web.HTTPBadRequest from None
    if not isinstance(turn, dict):
        raise web.HTTPBadRequest
    return turn


async def good(request: web.Request) -> web.Response:
    await read(request)
    return web.json_response(ANSWER)


async def unverified(request: web.Request) -> web.Response:
    return web.json_response(ANSWER)


async def timeless(request: web.Request) -> web.Response:
    """Checks the signature against the time the request itself names."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    from datetime import UTC, datetime

    stamp = headers.get("webhook-timestamp", "0")
    try:
        signing.verify(
            [signing.key(SECRET)], headers, await request.read(), datetime.fromtimestamp(int(stamp or 0), UTC)
        )
    except Unauthenticated:
        raise web.HTTPUnauthorized from None
    return web.json_response(ANSWER)


async def picky(request: web.Request) -> web.Response:
    if "a_field_of_tomorrow" in await read(request):
        raise web.HTTPUnprocessableEntity
    return web.json_response(ANSWER)


async def crashing(request: web.Request) -> web.Response:
    """500 to what it can't read."""
    body = await request.read()
    verified(request, body)
    orjson.loads(body)["turn_id"]
    return web.json_response(ANSWER)


async def rubbish(request: web.Request) -> web.Response:
    await read(request)
    return web.json_response({"actions": [{"kind": "teleport"}]})


def later(times: int = 1, seconds: float = 0.3, body: object = ANSWER, heeds: bool = True) -> Handler:
    """Promises an answer and calls back so many times."""
    kept: set[asyncio.Task[None]] = set()

    async def call(url: str) -> None:
        async with aiohttp.ClientSession() as client:
            for _ in range(times):
                async with client.post(url, json=body) as done:
                    if done.status == 409 and heeds:
                        return

    async def handler(request: web.Request) -> web.Response:
        turn = await read(request)
        task = asyncio.create_task(call(turn["callback_url"]))
        kept.add(task)
        task.add_done_callback(kept.discard)
        return web.json_response({"seconds": seconds}, status=202)

    return handler


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[str]:
    async with listening(web.post("/", handler)) as url:
        yield f"{url}/"


async def verdict(url: str, check: str, given: Conditions | None = None) -> Verdict:
    (wanted,) = (one for one in CHECKS if one.name == check)
    target = named(url, SECRET)
    assert target is not None
    async with subject(target, given) as found:
        return await conformance.examine(found, wanted)


@pytest.mark.processes
async def test_our_example_reaches_the_top() -> None:
    async with running(sys.executable, "webhook_server.py") as url:
        target = named(url, SECRET)
        assert target is not None
        async with subject(target) as found:
            report = await conformance.run(found)
    assert [one.detail for one in report.failed()] == []
    assert report.level == 3
    assert [(one.check, one.detail[:14]) for one in report.skipped] == [("restart", "nobody knows h")]


@pytest.mark.processes
async def test_our_example_in_node_reaches_level_1() -> None:
    async with running("node", "webhook_server.mjs") as url:
        target = named(url, SECRET)
        assert target is not None
        async with subject(target) as found:
            report = await conformance.run(found, 1)
    assert [one.detail for one in report.failed()] == []


BROKEN: list[tuple[str, Handler, str]] = [
    ("signature", unverified, "200 to a request whose signature is that of another body"),
    ("signature", timeless, "ten minutes old"),
    ("unknown-fields", picky, "answered 422"),
    ("hostile", crashing, "answered 500 where 400 is right"),
    ("hostile", unverified, "answered 200 where 400 is right"),
    ("plain", rubbish, "'teleport'"),
    ("late", later(times=0), "none arrived"),
    ("late", later(times=2, heeds=False), "called back 2 times"),
    ("late", later(body={"actions": 5}), "called back with rubbish"),
]


@pytest.mark.parametrize(("check", "handler", "complaint"), BROKEN)
async def test_a_server_broken_in_that_way_fails(check: str, handler: Handler, complaint: str) -> None:
    async with served(handler) as url:
        found = await verdict(url, check, Conditions(patience=2.0))
    assert found.outcome == "failed", found.detail
    assert complaint in found.detail
    assert SECRET not in found.detail


@pytest.mark.parametrize("check", ["signature", "hostile", "unknown-fields", "late", "duplicates"])
async def test_a_good_server_passes(check: str) -> None:
    async with served(good) as url:
        assert (await verdict(url, check)).outcome == "passed"


async def test_answering_later_once_is_fine() -> None:
    async with served(later(seconds=5)) as url:
        found = await verdict(url, "late")
    assert found.outcome == "passed", found.detail
    assert "once" in found.detail


async def test_a_bot_behind_an_address_restarts_by_a_command(tmp_path: Path) -> None:
    marker = tmp_path / "restarted"
    async with served(good) as url:
        found = await verdict(url, "restart", Conditions(restart=f"touch {marker}"))
        assert found.outcome == "passed", found.detail
        assert marker.exists()
        with pytest.raises(Misconfigured, match="code 3"):
            await verdict(url, "restart", Conditions(restart="exit 3"))


async def test_nobody_at_home() -> None:
    async with served(good) as url:
        pass
    found = await verdict(url, "greets")
    assert found.outcome == "failed"
    assert "can't be reached" in found.detail


def test_an_address_needs_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARLEY_BOT_SECRET", raising=False)
    with pytest.raises(Misconfigured, match="--secret"):
        named("https://bot.example/turns")
