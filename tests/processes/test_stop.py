"""Stopping: running turns are finished, nothing waits for ever, and what was not finished is done at the next start."""

import asyncio
import signal
import time
from pathlib import Path

import pytest

from tests.support.process import until
from tests.support.shop import shop

pytestmark = pytest.mark.processes

STUBBORN = '''
import asyncio
from pathlib import Path

asked = Path(__file__).with_name("asked")

async def reply(turn):
    """The first time it hangs, and will not be cancelled."""
    if asked.exists():
        return f"re: {turn.text}"
    asked.touch()
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass
'''


async def test_a_running_turn_is_finished_and_delivered_before_the_end(tmp_path: Path) -> None:
    async with shop(tmp_path, stop_seconds=30) as here:
        here.bot.hold.clear()
        assert (await here.hear("hello")).status == 200
        await here.bot.asked(1)
        stopping = asyncio.create_task(here.served.stop())
        await refusing(here.served.url)
        here.bot.hold.set()
        assert await stopping == 0
        assert here.platform.texts == ["re: hello"]


async def test_a_hanging_bot_holds_a_stop_no_longer_than_allowed_and_is_asked_again(tmp_path: Path) -> None:
    async with shop(tmp_path, stop_seconds=1) as here:
        here.bot.hold.clear()
        await here.hear("hello")
        await here.bot.asked(1)
        began = time.monotonic()
        assert await here.served.stop() == 0
        assert time.monotonic() - began < 1 + 5
        here.bot.hold.set()
        await here.served.start()
        await here.platform.until(taken=1)
        assert await here.served.stop() == 0
        assert here.platform.texts == ["re: hello"]
        assert len({turn["turn_id"] for turn in here.bot.turns}) == 1
        assert len(here.bot.turns) == 2


async def test_a_bot_that_will_not_be_cancelled_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "stubborn_bot.py").write_text(STUBBORN)
    stubborn = {"kind": "python", "bot": "stubborn_bot:reply", "path": ".", "deadline": 600}
    async with shop(tmp_path, bots={"thinker": stubborn}, stop_seconds=0.5) as here:
        await here.hear("hello")
        await until((tmp_path / "asked").exists)
        began = time.monotonic()
        assert await here.served.stop() == 1
        assert time.monotonic() - began < 0.5 + 10
        assert "does not let go" in here.served.tail()
        await here.served.start()
        await here.platform.until(taken=1)
        assert here.platform.texts == ["re: hello"]
        assert await here.served.stop() == 0


async def test_asked_twice_it_waits_for_nothing(tmp_path: Path) -> None:
    async with shop(tmp_path, stop_seconds=600) as here:
        here.bot.hold.clear()
        await here.hear("hello")
        await here.bot.asked(1)
        stopping = asyncio.create_task(here.served.signal(signal.SIGINT))
        await refusing(here.served.url)
        assert await here.served.signal(signal.SIGINT) == 0
        assert await stopping == 0


async def test_open_chats_do_not_hold_a_stop(tmp_path: Path) -> None:
    """A WebSocket and a long poll, each of which would last."""
    async with shop(tmp_path, stop_seconds=20) as here:
        chat = f"{here.served.url}/webchat/web"
        async with here.http.post(f"{chat}/session", json={}) as answer:
            token = (await answer.json())["token"]
        async with here.http.ws_connect(f"{chat}/ws") as socket:
            await socket.send_json({"type": "hello", "token": token})
            assert (await socket.receive_json())["type"] == "ready"
            poll = asyncio.create_task(here.get("/webchat/web/events", Authorization=f"Bearer {token}"))
            began = time.monotonic()
            assert await here.served.stop() == 0
            assert time.monotonic() - began < 10
            poll.cancel()


async def refusing(url: str) -> None:
    """Until new connections are refused."""
    host, port = url.removeprefix("http://").split(":")
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, int(port))
            except ConnectionRefusedError:
                return
            writer.close()
            await asyncio.sleep(0.02)
