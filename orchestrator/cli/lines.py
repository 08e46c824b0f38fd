"""Lines of standard input, as they are typed or piped, without ever holding up the event loop."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable

BITE = 65_536


async def lines(handle: int, ask: Callable[[], None] = lambda: None) -> AsyncIterator[str]:
    """Without white space around them, up to the end of input; `ask` is called before each wait for one.

    No thread reads: one that waits for a terminal can't be ended, and would keep Ctrl-C from ending the process.
    """
    rest = b""
    ask()
    async for data in bites(handle):
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace").strip()
            ask()
    if rest:
        yield rest.decode("utf-8", "replace").strip()


async def bites(handle: int) -> AsyncIterator[bytes]:
    while data := await readable(handle):
        yield data


async def readable(handle: int) -> bytes:
    """What there is to read, as soon as there is anything; b"" at the end."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_reader(handle, ready.set)
    except PermissionError:
        return os.read(handle, BITE)  # A file on disk: epoll won't watch it, and it never makes anybody wait.
    try:
        await ready.wait()
        return os.read(handle, BITE)
    finally:
        loop.remove_reader(handle)
