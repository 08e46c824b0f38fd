"""Every backend that asks a server, and everything such a server may do instead of answering.

Whatever it is: a BotFailed that names the bot, in the time the turn has, without a secret or a word of the customer's.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import cast

import pytest

from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import BotFailed, BotTimeout
from orchestrator.ports import Bot, Files
from orchestrator.registry import plugin, validated
from tests.support.backends import BACKENDS, HI, SECRET, Backend
from tests.support.clock import ManualClock
from tests.support.cloud import nobody
from tests.support.raw_http import Reply, raw_server
from tests.support.rubbish import REPLIES, SLOW, WORDS
from tests.support.turns import NOON, asked, turn


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    opened = HttpClient()
    await opened.open()
    yield opened
    await opened.close()


def make(client: HttpClient, backend: Backend, url: str, clock: ManualClock | None = None) -> Bot:
    module = plugin("bots", backend.kind)
    settings = validated(module, backend.settings(url))
    bot = module.create(settings, clock=clock or ManualClock(NOON), http=client, files=cast(Files, None))
    return cast(Bot, bot)


by_backend = pytest.mark.parametrize("backend", BACKENDS, ids=[each.kind for each in BACKENDS])


@by_backend
@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
async def test_rubbish_fails_the_turn(client: HttpClient, backend: Backend, reply: Reply) -> None:
    async with raw_server(reply) as server:
        with pytest.raises(BotFailed) as caught:
            await asked(make(client, backend, server.url), turn(WORDS, understanding=HI))
    assert server.asked, "it was asked"
    said = str(caught.value)
    assert SECRET not in said
    assert WORDS not in said
    assert len(said) < 400


@by_backend
@pytest.mark.parametrize("reply", SLOW.values(), ids=SLOW)
async def test_a_slow_server_costs_no_more_than_the_deadline(
    client: HttpClient, backend: Backend, reply: Reply
) -> None:
    async with raw_server(reply) as server:
        with pytest.raises(BotTimeout):
            await asked(make(client, backend, server.url), turn(WORDS, understanding=HI, seconds=0.1))


@by_backend
async def test_a_turn_that_is_late_already_is_not_sent(client: HttpClient, backend: Backend) -> None:
    clock = ManualClock(NOON + timedelta(seconds=11))
    async with raw_server(REPLIES["a number"]) as server:
        with pytest.raises(BotTimeout):
            await asked(make(client, backend, server.url, clock), turn(WORDS, understanding=HI))
    assert server.connections == 0


@by_backend
async def test_nobody_there(client: HttpClient, backend: Backend) -> None:
    with pytest.raises(BotFailed, match="can't be reached"):
        await asked(make(client, backend, nobody()), turn(WORDS, understanding=HI))


@by_backend
async def test_half_a_character_breaks_nothing(client: HttpClient, backend: Backend) -> None:
    async with raw_server(REPLIES["a number"]) as server:
        with pytest.raises(BotFailed):
            await asked(make(client, backend, server.url), turn("half \ud800", understanding=HI))
    assert all(each.body.decode() is not None for each in server.asked)


@by_backend
def test_settings_hide_their_secrets(backend: Backend) -> None:
    settings = validated(plugin("bots", backend.kind), backend.settings("http://bot.example"))
    assert SECRET not in repr(settings)
