"""A cable between a browser and a server, that a test can pull. Not a fake: real bytes over real sockets, or none."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from tests.support.loop import last_arrivals


class Cable:
    """`sockets=False` lets plain HTTP through and no WebSocket, as some companies' proxies do."""

    def __init__(self, target: str, *, sockets: bool = True) -> None:
        parts = urlsplit(target)
        self.target = (parts.hostname or "", parts.port or 80)
        self.sockets = sockets
        self.pulled = False
        self.ends: set[asyncio.StreamWriter] = set()
        self.refused = 0
        self.url = ""

    def pull(self) -> None:
        """Every connection breaks, and no new one is made."""
        self.pulled = True
        for end in list(self.ends):
            end.transport.abort()

    def plug(self) -> None:
        self.pulled = False

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        other: asyncio.StreamWriter | None = None
        self.ends.add(writer)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if self.pulled or (not self.sockets and b"upgrade: websocket" in head.lower()):
                self.refused += 1
                return
            answers, other = await asyncio.open_connection(*self.target)
            self.ends.add(other)
            # One request a connection: the next one's head is looked at again.
            other.write(head if b"upgrade: websocket" in head.lower() else closing(head))
            await asyncio.gather(pour(reader, other), pour(answers, writer))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            for end in filter(None, (writer, other)):
                self.ends.discard(end)
                end.transport.abort() if self.pulled else end.close()


def closing(head: bytes) -> bytes:
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([lines[0], b"Connection: close", *lines[1:]])


async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()


@asynccontextmanager
async def cable(target: str, *, sockets: bool = True) -> AsyncIterator[Cable]:
    laid = Cable(target, sockets=sockets)
    server = await asyncio.start_server(laid.carry, "127.0.0.1", 0)
    laid.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield laid
    finally:
        await last_arrivals()
        server.close()
        laid.pull()
