"""uvicorn's WebSockets made lean: what they must do all the same, over a real connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.utils import ClientDisconnected

from orchestrator.http.sockets import Gate, Inbox, Seconds
from tests.support.serve import serving


class House:
    """An ASGI application that accepts, hands its connection over, and leaves when it is told to."""

    def __init__(self) -> None:
        self.lines: asyncio.Queue[tuple[Scope, Receive, Send]] = asyncio.Queue()
        self.done = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept", "subprotocol": "chat", "headers": [(b"x-house", b"shop")]})
        await self.lines.put((scope, receive, send))
        await self.done.wait()


@asynccontextmanager
async def opened(
    **options: Any,
) -> AsyncIterator[tuple[aiohttp.ClientWebSocketResponse, Scope, Receive, Send]]:
    house = House()
    autoping = options.pop("autoping", True)
    async with (
        serving(house, **options) as url,
        aiohttp.ClientSession() as http,
        http.ws_connect(url, protocols=["chat"], autoping=autoping, max_msg_size=0) as line,
    ):
        yield line, *await house.lines.get()
        house.done.set()


async def test_what_is_said_arrives_in_order_both_ways() -> None:
    async with opened() as (line, scope, receive, send):
        assert (line.protocol, scope["path"], scope["type"]) == ("chat", "/", "websocket")
        assert dict(scope["headers"])[b"host"].startswith(b"127.0.0.1")
        for number in range(100):
            await line.send_str(f"{number}")
            await send({"type": "websocket.send", "text": f"{number}"})
        await line.send_bytes(b"\0" * 100_000)
        assert [(await receive())["text"] for _ in range(100)] == [f"{number}" for number in range(100)]
        assert [await line.receive_str() for _ in range(100)] == [f"{number}" for number in range(100)]
        assert (await receive())["bytes"] == b"\0" * 100_000


async def test_who_leaves_is_told_of_and_nothing_more_can_be_sent() -> None:
    async with opened() as (line, _, receive, send):
        await line.close(code=4000, message=b"bye")
        assert await receive() == {"type": "websocket.disconnect", "code": 4000, "reason": "bye"}
        with pytest.raises(ClientDisconnected):
            await send({"type": "websocket.send", "text": "hello?"})


async def test_a_reader_that_waits_can_be_called_off() -> None:
    async with opened() as (line, _, receive, _send):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await receive()
        await line.send_str("now")
        assert (await receive())["text"] == "now"


async def test_nobody_writes_to_a_reader_that_is_behind() -> None:
    async with opened() as (line, _, _receive, send):
        flood = asyncio.create_task(flooding(send))
        while not flood.done() and await line.receive_bytes():
            pass
        assert await flood == "waited"


async def flooding(send: Send) -> str:
    """Sends until sending has to wait for the other side, which it says."""
    for _ in range(1_000):
        sending = asyncio.ensure_future(send({"type": "websocket.send", "bytes": b"\0" * 1_000_000}))
        await asyncio.sleep(0)
        if not sending.done():
            await sending
            await send({"type": "websocket.send", "bytes": b"the end"})
            return "waited"
    return "never waited"


async def test_who_answers_no_ping_is_let_go() -> None:
    options = {"ws_ping_interval": 0.01, "ws_ping_timeout": 0.01}
    async with opened(**options, autoping=False) as (line, _, receive, _send):
        assert (await line.receive()).type is aiohttp.WSMsgType.PING
        assert (await receive())["type"] == "websocket.disconnect"


async def test_who_answers_pings_stays() -> None:
    async with opened(ws_ping_interval=0.01, ws_ping_timeout=5, autoping=False) as (line, _, receive, _send):
        for _ in range(2):
            ping = await line.receive()
            assert ping.type is aiohttp.WSMsgType.PING
            await line.pong(ping.data)
        await line.send_str("still here")
        assert (await receive())["text"] == "still here"


async def test_the_parts_keep_what_they_stand_in_for() -> None:
    inbox, gate = Inbox(), Gate()
    assert inbox.empty()
    reading = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    for kind in ("one", "two"):
        inbox.put_nowait({"type": kind})
    assert ((await reading)["type"], inbox.empty(), (await inbox.get())["type"]) == ("one", False, "two")
    assert await gate.wait()
    gate.clear()
    gate.clear()
    waiting = [asyncio.create_task(gate.wait()) for _ in range(2)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    gate.set()
    assert await asyncio.gather(*waiting) == [True, True]


async def test_timers_of_one_second_share_one_of_the_loop() -> None:
    loop = asyncio.get_running_loop()
    seconds, rung = Seconds(loop), asyncio.Event()
    called: list[str] = []
    first, second = seconds.call_later(0, lambda: called.append("first")), seconds.call_later(0, rung.set)
    assert [len(dues) for dues in seconds.due.values()] in ([2], [1, 1])
    first.cancel()
    await rung.wait()
    assert (called, seconds.due) == ([], {})
    second.cancel()
