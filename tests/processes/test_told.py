"""A worker that is killed between its commit and the live update: others see to it that it is seen."""

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from orchestrator.types import MessageAdded, Text
from tests.support import postgres, redis
from tests.support.cluster import SECRET, cluster
from tests.support.process import PATIENCE, Served, free_port, write_config
from tests.support.shop import QUIET

pytestmark = pytest.mark.processes

APP: dict[str, Any] = {
    "bot": "echo",
    "bots": {"echo": {"kind": "python", "bot": "tests.support.bots:echo"}},
    "nlp": QUIET,
    "channels": {"web": {"kind": "webchat"}},
}


RARELY = {"sweep_seconds": 600.0}


class Dying(Served):
    prefix = (sys.executable, "-m", "tests.support.dying")


async def seen(line: aiohttp.ClientWebSocketResponse, text: str) -> None:
    """By itself, or with what is shown to who looks again."""
    async with asyncio.timeout(PATIENCE):
        while True:
            frame = await line.receive_json()
            messages = [frame] if frame["type"] == "message" else frame.get("messages", ())
            if any(part.get("text") == text for message in messages for part in message["parts"]):
                return


async def test_what_was_done_already_is_told_again(tmp_path: Path) -> None:
    """Woken where there is nothing to do, a worker says what was said last: who did it may not have come to that."""
    async with cluster(tmp_path, engine=RARELY, bot="echo") as many:
        web = await many.web()
        await many.worker()
        house, bus = web.house, web.runtime.bus
        accepted = await house.receive((Text(text="hello"),))
        await house.until("echo: hello")
        async with asyncio.timeout(PATIENCE), bus.subscribe("shop", accepted.conversation.id) as news:
            await bus.wake(accepted.conversation.id, "shop")
            async for update in news:
                if isinstance(update, MessageAdded) and update.message.parts == (Text(text="echo: hello"),):
                    break


async def test_what_a_killed_worker_had_committed_is_seen_once_another_starts(tmp_path: Path) -> None:
    """Nothing is swept and nobody connects anew: the visitor sees the answer because who starts has all look."""
    async with AsyncExitStack() as stack:
        ports = [free_port() for _ in range(3)]
        config = write_config(
            tmp_path,
            ports[0],
            APP,
            server={"port": ports[0], "secret": SECRET},
            store={"url": await postgres.url_for(tmp_path), "media": "media"},
            bus={"url": (await redis.shared()).url, "lease_seconds": 2},
            engine={"sweep_seconds": 600},
        )
        web = Served(config, ports[0], "serve", "--role", "web", "-c", str(config))
        command = ("serve", "--role", "worker", "-c", str(config), "--port")
        dying, other = (
            Dying(config, ports[1], *command, str(ports[1])),
            Served(config, ports[2], *command, str(ports[2])),
        )
        for each in (web, dying, other):
            stack.push_async_callback(ended, each)
        await asyncio.gather(web.start(), dying.start())
        http = await stack.enter_async_context(aiohttp.ClientSession())
        async with http.post(f"{web.url}/webchat/web/session", json={}) as answer:
            token = (await answer.json())["token"]
        line = await stack.enter_async_context(http.ws_connect(f"{web.url}/webchat/web/ws"))
        await line.send_json({"type": "hello", "token": token, "after": 0})
        await line.send_json({"type": "send", "client_id": "1", "text": "hello"})
        assert dying.process is not None
        assert await asyncio.wait_for(dying.process.wait(), PATIENCE) == -9
        await other.start()
        await seen(line, "echo: hello")


async def ended(served: Served) -> None:
    if served.process is not None:
        await served.kill()
