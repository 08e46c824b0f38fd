"""The example bots run as they stand, each as its own process, and refuse what Parley did not sign."""

import asyncio
import os
import re
import runpy
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from bots import python, webhook
from orchestrator import answers, config
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import BotFailed, BotLater
from orchestrator.ports import Bot, Files, Http
from orchestrator.types import HandOff, QuickReplies, Say, Tap, Turn
from tests.support.clock import ManualClock
from tests.support.raw_http import http, raw_server
from tests.support.serve import serving
from tests.support.turns import asked, turn, words

EXAMPLES = Path(__file__).parents[2] / "examples" / "bots"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
SERVERS = {"python": (sys.executable, "webhook_server.py"), "node": ("node", "webhook_server.mjs")}


@asynccontextmanager
async def running(program: str, script: str) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        program,
        str(EXAMPLES / script),
        "0",
        env={**os.environ, "PARLEY_BOT_SECRET": SECRET},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        line = (await asyncio.wait_for(process.stderr.readline(), 30)).decode()
        found = re.search(r"http://\S+", line)
        assert found, line
        yield found[0]
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def bot_at(url: str, secret: str = SECRET) -> AsyncIterator[Bot]:
    client = HttpClient()
    await client.open()
    settings = webhook.Settings.model_validate({"url": url, "secret": secret})
    try:
        yield webhook.create(settings, clock=SystemClock(), http=client, files=cast(Files, None))
    finally:
        await client.close()


def now(*said: str | Tap) -> Turn:
    moment = SystemClock().now()
    return turn(*said, context={"cart": {"total": 12.5}}, now=moment, deadline=moment.replace(year=moment.year + 1))


@pytest.mark.processes
@pytest.mark.parametrize("name", SERVERS)
async def test_the_webhook_servers_answer(name: str) -> None:
    async with running(*SERVERS[name]) as url, bot_at(url) as bot, bot_at(url, OTHER) as forger:
        (said,) = words(await asked(bot, now("Hi")))
        assert said.startswith("You said: Hi")
        assert await asked(bot, now(Tap(payload="person"))) == [HandOff(reason="asked for a person")]
        with pytest.raises(BotFailed, match="401"):
            await asked(forger, now("Hi"))


async def test_the_python_bot_answers() -> None:
    settings = python.Settings.model_validate({"bot": "hello:reply", "path": EXAMPLES / "python"})
    bot = python.create(settings, clock=ManualClock(), http=cast(Http, None), files=cast(Files, None))
    (said,) = await asked(bot, turn("Hi", profile={"name": "Ann"}))
    assert isinstance(said, Say)
    assert isinstance(said.parts[0], QuickReplies)
    assert said.parts[0].text == "Hello Ann! You said: Hi"
    assert HandOff(reason="asked for a person") in await asked(bot, turn(Tap(payload="person")))


async def test_the_slow_bot_answers_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_BOT_SECRET", SECRET)
    later = runpy.run_path(str(EXAMPLES / "webhook_later.py"))
    arrived = asyncio.Event()

    async def take(writer: asyncio.StreamWriter) -> None:
        writer.write(http(body=b"{}"))
        arrived.set()

    async with raw_server(take) as parley, serving(later["app"]) as url, bot_at(url) as bot:
        with pytest.raises(BotLater) as caught:
            await asked(bot, replace(now("Hi"), callback_url=f"{parley.url}/bots/callback/token"))
        await asyncio.wait_for(arrived.wait(), 30)
    assert caught.value.until == 60
    assert parley.asked[0].line == "POST /bots/callback/token HTTP/1.1"
    assert words(list(answers.from_json(parley.asked[0].body))) == ["I have looked into it: Hi"]


@pytest.mark.parametrize("name", ["parley.toml", "python/parley.toml"])
def test_the_configurations_are_fine(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_BOT_SECRET", SECRET)
    assert config.load(EXAMPLES / name).settings.apps
