"""Processes that come to grief: whatever they acknowledged is there, and exactly once."""

import asyncio
import random
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.acceptor import VISITORS

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 8


async def run_and_kill(path: Path, starts: list[int], acknowledgements: int) -> list[int]:
    """Let it work until it has acknowledged so many, kill it in the middle of whatever it does; all it has said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.acceptor",
        str(path),
        *map(str, starts),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    lines = [await process.stdout.readline() for _ in range(acknowledgements)]
    process.kill()
    rest = await process.stdout.read()
    assert await process.wait() == -9
    return [int(line) for line in (b"".join(lines) + rest).splitlines()]


def log(path: Path) -> list[tuple[str, int, str, str, str]]:
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return db.execute(
            "SELECT conversation_id, seq, role, external_id, parts FROM messages ORDER BY conversation_id, seq"
        ).fetchall()


@pytest.mark.processes
async def test_what_was_acknowledged_is_there_exactly_once(tmp_path: Path) -> None:
    path, chance = tmp_path / "parley.db", random.Random(11)
    starts = list(range(VISITORS))
    done: list[int] = []
    for _ in range(ROUNDS):
        said = await run_and_kill(path, starts, chance.randrange(1, 200))
        done.extend(said)
        starts = [
            max([n for n in said if n % VISITORS == v], default=starts[v] - VISITORS) + VISITORS
            for v in range(VISITORS)
        ]
    assert len(done) == len(set(done)) > ROUNDS
    rows = log(path)
    heard = [row for row in rows if row[2] == "customer"]
    numbers = [int(row[3]) for row in heard]
    assert len(numbers) == len(set(numbers))
    assert set(done) <= set(numbers)
    assert len({row[0] for row in rows}) == VISITORS
    for visitor in {row[0] for row in rows}:
        own = [row for row in rows if row[0] == visitor]
        assert [row[1] for row in own] == list(range(1, len(own) + 1))
        said_by_customer = [int(row[3]) for row in own if row[2] == "customer"]
        assert said_by_customer == sorted(said_by_customer)
    answered = [row[4] for row in rows if row[2] == "bot"]
    assert len(answered) == len(set(answered))
    assert {row[4] for row in heard if int(row[3]) in done} <= set(answered)


@pytest.mark.processes
async def test_a_disk_that_is_full_for_a_while_costs_no_message(tmp_path: Path) -> None:
    path = tmp_path / "parley.db"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.cramped",
        str(path),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()
    kept, in_the_end = map(int, said.split())
    assert 10 < kept < 200
    assert b"the database can't be used: the disk" in complaint
    assert in_the_end == kept + 10 == len(log(path))
