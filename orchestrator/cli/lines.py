"""Lines of standard input, as they are typed or piped, without ever holding up the event loop."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress

BITE = 65_536


async def lines(handle: int, ask: Callable[[], None] = lambda: None) -> AsyncIterator[str]:
    """Without white space around them, up to the end of input; `ask` is called before each wait for one.

    No thread reads: one that waits for a terminal can't be ended, and would keep Ctrl-C from ending the process.
    """
    rest = b""
    ask()
    with never_blocking(handle) as source:
        async for data in bites(source):
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                yield line.decode("utf-8", "replace").strip()
                ask()
    if rest:
        yield rest.decode("utf-8", "replace").strip()


@contextmanager
def never_blocking(handle: int) -> Iterator[int]:
    """A terminal is opened once more, never blocking: Ctrl-C empties its queue, so what was readable may block by now.

    The flag set on the handle itself would be shared with all who inherited it, standard output among them.
    """
    own = -1
    if os.isatty(handle):
        with suppress(OSError):
            own = os.open(os.ttyname(handle), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        yield handle if own < 0 else own
    finally:
        if own >= 0:
            os.close(own)


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
        while True:
            await ready.wait()
            ready.clear()
            with suppress(BlockingIOError):
                return os.read(handle, BITE)
    finally:
        loop.remove_reader(handle)
