"""Everything a bot's server may do instead of answering: the same for every backend that asks one over HTTP."""

import asyncio

import orjson

from tests.support.loop import next_tick
from tests.support.raw_http import Reply, http, saying

JSON = {"Content_Type": "application/json"}
WORDS = "my secret words"


async def silence(writer: asyncio.StreamWriter) -> None:
    """Takes the request and says nothing until the client hangs up."""
    await writer.wait_closed()


async def drip(writer: asyncio.StreamWriter) -> None:
    """A byte for each go of the loop: no time-out between bytes would ever ring."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await next_tick()


async def flood(writer: asyncio.StreamWriter) -> None:
    """JSON without end, chunked, as fast as it goes."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b'"x",' * 4096
    while not writer.is_closing():
        writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        await writer.drain()


async def broken(writer: asyncio.StreamWriter) -> None:
    """Half an answer, then nobody."""
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"')
    await writer.drain()
    writer.transport.abort()


def answer(value: object, status: str = "200 OK") -> bytes:
    return http(status, orjson.dumps(value), **JSON)


NO_ANSWERS: dict[str, bytes] = {
    "unauthorised": answer({"error": WORDS}, "401 Unauthorized"),
    "forbidden": answer({"error": WORDS}, "403 Forbidden"),
    "gone": http("404 Not Found", WORDS.encode()),
    "throttled": http("429 Too Many Requests", b"", Retry_After="3600"),
    "broken": answer({"error": WORDS}, "500 Internal Server Error"),
    "moved": http("302 Found", b"", Location="http://127.0.0.1:1/"),
    "HTML": http("200 OK", f"<html>{WORDS}</html>".encode(), Content_Type="text/html; charset=utf-8"),
    "not JSON": http("200 OK", WORDS.encode(), **JSON),
    "cut off": http("200 OK", b'{"text": "He', **JSON),
    "not UTF-8": http("200 OK", b'{"text": "\xff\xfe"}', **JSON),
    "deep": http("200 OK", b"[" * 200_000, **JSON),
    "a number": answer(42),
    "a string": answer(WORDS),
    "numbers": answer([1, 2, 3]),
    "nulls": answer([None]),
    "huge": http("200 OK", b'["' + b"x" * 9_000_000 + b'"]', **JSON),
    "not HTTP": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
}
"""Answers no backend can use."""

REPLIES: dict[str, Reply] = {name: saying(sent) for name, sent in NO_ANSWERS.items()} | {
    "endless": flood,
    "broken off": broken,
}
SLOW: dict[str, Reply] = {"silent": silence, "dripping": drip}
