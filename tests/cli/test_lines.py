"""Lines from a terminal whose queue is emptied between becoming readable and being read, as Ctrl-C does."""

import asyncio
import os
import pty
import termios
from collections.abc import Iterator

import pytest

from orchestrator.cli.lines import lines
from tests.support.process import PATIENCE


@pytest.fixture
def ends() -> Iterator[tuple[int, int]]:
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


async def test_a_queue_emptied_too_late_does_not_block(ends: tuple[int, int]) -> None:
    keyboard, terminal = ends
    loop = asyncio.get_running_loop()
    emptied = asyncio.Event()
    other = os.dup(terminal)

    def empty() -> None:
        termios.tcflush(other, termios.TCIFLUSH)
        emptied.set()

    source = lines(terminal)
    async with asyncio.timeout(PATIENCE):
        first = asyncio.ensure_future(anext(source))
        await asyncio.sleep(0)
        loop.add_reader(other, empty)
        os.write(keyboard, b"gone\n")
        await emptied.wait()
        for _ in range(3):  # until whoever was told that it is readable has tried to read
            await asyncio.sleep(0)
        loop.remove_reader(other)
        os.close(other)
        os.write(keyboard, b"kept\n")
        assert await first == "kept"
        await source.aclose()
