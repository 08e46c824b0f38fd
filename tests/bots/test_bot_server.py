"""How every backend asks: what is tried again and what never, in the time a turn has."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from orchestrator.adapters.http_client import HttpClient
from orchestrator.bot_server import BotServer
from orchestrator.errors import BotFailed
from tests.support.clock import ManualClock
from tests.support.raw_http import http, raw_server, saying
from tests.support.rubbish import broken
from tests.support.turns import NOON

UNTIL = NOON + timedelta(seconds=10)
OK = http("200 OK", b'{"ok": true}', Content_Type="application/json")


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    opened = HttpClient()
    await opened.open()
    yield opened
    await opened.close()


def at(client: HttpClient, **more: int) -> BotServer:
    return BotServer(who="a bot", http=client, clock=ManualClock(NOON), **more)


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
async def test_what_was_not_done_is_asked_again(client: HttpClient, status: str) -> None:
    async with raw_server(saying(http(status, b"", Retry_After="0"), OK)) as server:
        assert await at(client).post(server.url, {"x": 1}, UNTIL) == {"ok": True}
    assert [each.body for each in server.asked] == [b'{"x":1}'] * 2


@pytest.mark.parametrize("status", ["500 Oops", "502 Bad Gateway", "504 Gateway Timeout"])
async def test_what_may_have_been_done_is_not(client: HttpClient, status: str) -> None:
    async with raw_server(saying(http(status), OK)) as server:
        with pytest.raises(BotFailed, match=status[:3]):
            await at(client, retries=5).post(server.url, {}, UNTIL)
    assert len(server.asked) == 1


async def test_a_message_whose_answer_broke_off_is_not_sent_twice(client: HttpClient) -> None:
    async with raw_server(broken) as server:
        with pytest.raises(BotFailed, match="can't be reached"):
            await at(client, retries=5).post(server.url, {}, UNTIL)
        assert len(server.asked) == 1
        with pytest.raises(BotFailed):
            await at(client, retries=1).get(server.url, UNTIL)
        assert len(server.asked) == 3, "looking twice does no harm"


async def test_a_wait_that_outlasts_the_turn_is_not_begun(client: HttpClient) -> None:
    async with raw_server(saying(http("429 Too Many", b"", Retry_After="3600"), OK)) as server:
        with pytest.raises(BotFailed, match="throttling") as caught:
            await at(client).post(server.url, {}, UNTIL)
    assert caught.value.retry_after == 3600
    assert len(server.asked) == 1


async def test_an_empty_answer_and_the_headers(client: HttpClient) -> None:
    async with raw_server(saying(http("204 No Content"))) as server:
        ours = BotServer(who="a bot", http=client, clock=ManualClock(NOON), headers={"x-key": "secret"})
        assert await ours.post(server.url, [], UNTIL, authorization="Bearer t") is None
        assert "secret" not in repr(ours)
    assert (server.asked[0].headers["x-key"], server.asked[0].headers["authorization"]) == ("secret", "Bearer t")
