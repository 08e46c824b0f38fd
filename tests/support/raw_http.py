"""A real HTTP server on loopback that does exactly what a test says, down to the byte."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.support.loop import last_arrivals

Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Asked:
    """A request as it came in; header names are lower case."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class RawServer:
    """`gone` is set when a client hung up before its answer was through."""

    host: str
    port: int
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


def http(status: str = "200 OK", body: bytes = b"", **headers: str) -> bytes:
    """A whole answer; `content_encoding="gzip"` is the header Content-Encoding."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def saying(*answers: bytes) -> Reply:
    """One answer after the other, then the last one for ever."""
    left = list(answers)

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(left.pop(0) if len(left) > 1 else left[0])
        await writer.drain()

    return reply


async def ask_of(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    line, *rest = head.strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (item.partition(": ") for item in rest)}
    return Asked(line, headers, await reader.readexactly(int(headers.get("content-length", 0))))


@asynccontextmanager
async def raw_server(
    reply: Reply, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[RawServer]:
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        server.connections += 1
        try:
            while True:
                server.asked.append(await ask_of(reader))
                await reply(writer)
        except asyncio.IncompleteReadError:
            pass
        except (ConnectionError, asyncio.CancelledError):
            server.gone.set()
        finally:
            writer.transport.abort()
            tasks.discard(task)

    listener = await asyncio.start_server(serve, host, port, ssl=tls)
    server = RawServer(host, listener.sockets[0].getsockname()[1])
    try:
        yield server
    finally:
        await last_arrivals()
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
