"""Processes killed in the middle of anything, several on one database: each message once, in order, answered once."""

import asyncio
import random
import sys
from pathlib import Path

import pytest

from tests.support.acceptor import VISITORS
from tests.support.postgres import asked, url_for
from tests.support.process import ROOT

ROUNDS = 3
LOG = "SELECT conversation_id, seq, role, external_id, parts FROM messages ORDER BY conversation_id, seq"


async def run_and_kill(url: str, starts: list[int], acknowledgements: int) -> list[int]:
    """What one process says that it has done until it is killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.acceptor",
        url,
        *map(str, starts),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    lines = [await process.stdout.readline() for _ in range(acknowledgements)]
    process.kill()
    rest = await process.stdout.read()
    assert await process.wait() == -9
    return [int(line) for line in (b"".join(lines) + rest).splitlines()]


def following(done: list[int], start: int, visitor: int) -> int:
    """Where that visitor goes on."""
    return max([number for number in done if number % VISITORS == visitor], default=start - VISITORS) + VISITORS


@pytest.mark.processes
async def test_two_processes_that_take_the_same_messages_and_are_killed(tmp_path: Path) -> None:
    """Both are sent everything, as a platform does that hears no answer in time."""
    url, chance = await url_for(tmp_path), random.Random(3)
    starts = list(range(VISITORS))
    done: set[int] = set()
    for _ in range(ROUNDS):
        said = await asyncio.gather(*(run_and_kill(url, starts, chance.randrange(20, 200)) for _ in range(2)))
        done.update(number for one in said for number in one)
        # Whatever one of them has not done is sent again to both.
        starts = [min(following(one, starts[visitor], visitor) for one in said) for visitor in range(VISITORS)]
    rows = await asked(url, LOG)
    heard = [row for row in rows if row[2] == "customer"]
    numbers = [int(row[3]) for row in heard]
    assert len(numbers) == len(set(numbers))
    assert done <= set(numbers)
    assert len({row[0] for row in rows}) == VISITORS
    for talk in {row[0] for row in rows}:
        assert [row[1] for row in rows if row[0] == talk] == list(range(1, 1 + sum(row[0] == talk for row in rows)))
    answered = [row[4] for row in rows if row[2] == "bot"]
    assert len(answered) == len(set(answered))
    assert {row[4] for row in heard if int(row[3]) in done} <= set(answered)
