"""Answers read as they come: piece by piece, bounded in size and time, given up at once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import SendFailed, TooLarge, Unanswered
from tests.support.cloud import nobody
from tests.support.loop import next_tick
from tests.support.raw_http import http, raw_server, saying

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    opened = HttpClient()
    await opened.open()
    yield opened
    await opened.close()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def test_pieces_are_there_before_the_answer_ends(client: HttpClient) -> None:
    rest = asyncio.Event()

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(b"first"))
        await writer.drain()
        await rest.wait()
        writer.write(chunk(b"second") + b"0\r\n\r\n")
        await writer.drain()

    async with raw_server(reply) as server, client.stream("POST", server.url, body=b"x", trusted=True) as answer:
        pieces = aiter(answer)
        assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
        assert await anext(pieces) == b"first"
        rest.set()
        assert b"".join([piece async for piece in pieces]) == b"second"
    assert server.asked[0].body == b"x"


async def test_leaving_early_hangs_up(client: HttpClient) -> None:
    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        while not writer.is_closing():
            writer.write(chunk(b"more"))
            await writer.drain()
            await next_tick()

    async with raw_server(reply) as server, asyncio.timeout(10):
        async with client.stream("GET", server.url, trusted=True) as answer:
            assert await anext(aiter(answer))
        await server.gone.wait()


async def test_too_much_is_refused(client: HttpClient) -> None:
    async with raw_server(saying(http("200 OK", b"x" * 2000))) as server:
        with pytest.raises(TooLarge):
            async with client.stream("GET", server.url, trusted=True, max_bytes=1000) as answer:
                assert [piece async for piece in answer]


async def silent(writer: asyncio.StreamWriter) -> None:
    await writer.wait_closed()


async def half(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + chunk(b"half"))
    await writer.wait_closed()


@pytest.mark.parametrize("reply", [silent, half])
async def test_time_runs_out(client: HttpClient, reply: object) -> None:
    async with raw_server(reply) as server:  # type: ignore[arg-type]
        with pytest.raises(Unanswered, match="in"):
            async with client.stream("GET", server.url, trusted=True, timeout=0.05) as answer:
                assert [piece async for piece in answer] == [b"half"]


async def test_an_answer_that_breaks_off(client: HttpClient) -> None:
    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(b"half"))
        await writer.drain()
        writer.transport.abort()

    async with raw_server(reply) as server:
        with pytest.raises(SendFailed):
            async with client.stream("GET", server.url, trusted=True) as answer:
                assert [piece async for piece in answer]


async def test_nobody_there_and_private_addresses(client: HttpClient) -> None:
    url = nobody()
    with pytest.raises(SendFailed, match="can't be reached"):
        async with client.stream("GET", url, trusted=True):
            pass
    with pytest.raises(SendFailed, match="private"):
        async with client.stream("GET", url):
            pass
