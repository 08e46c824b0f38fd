"""The embedded database: SQLite's version, its settings, how long the disk takes, and the schema. Nothing is made."""

import os
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

from orchestrator.adapters.sqlite.schema import connect, revision
from orchestrator.doctor.finding import Finding, fail, graded, median_ms, ok, warn
from orchestrator.doctor.postgres import standing
from orchestrator.errors import ParleyError
from orchestrator.ports import Clock

OLDEST = (3, 35)
"""RETURNING."""


async def sqlite(path: Path, clock: Clock) -> AsyncIterator[Finding]:
    if sqlite3.sqlite_version_info < OLDEST:
        yield fail("SQLite", sqlite3.sqlite_version, "use a Python with SQLite 3.35 or newer")
    else:
        yield ok("SQLite", f"{sqlite3.sqlite_version}, {str(path)!r}")
    yield await disk(path.parent, clock)
    if absent(path):
        yield ok("schema", "no database yet; the first start makes it")
        return
    try:
        with closing(connect(path, reading=True)) as db:
            yield journal(db)
            yield standing(revision(db, path))
    except (sqlite3.Error, ParleyError) as error:
        yield fail("database", str(error), "restore a backup, or name another file in [store] url")


def absent(path: Path) -> bool:
    return not path.exists()


def journal(db: sqlite3.Connection) -> Finding:
    mode, synchronous = db.execute("PRAGMA journal_mode").fetchone()[0], db.execute("PRAGMA synchronous").fetchone()[0]
    if mode != "wal":
        return warn("journal", f"{mode}, not WAL", "start Parley: it sets WAL, where the file system can do that")
    return ok("journal", f"WAL, synchronous = {('OFF', 'NORMAL', 'FULL', 'EXTRA')[synchronous]}")


async def disk(folder: Path, clock: Clock) -> Finding:
    """What one durable write takes, which is what every group of messages waits for."""
    if not os.access(folder, os.W_OK):
        return ok("disk latency", "not measured: the folder is not there yet, or not ours to write")
    with tempfile.TemporaryFile(dir=folder) as file:

        async def write() -> None:
            file.write(b"parley" * 700)
            file.flush()
            os.fsync(file.fileno())

        ms = await median_ms(write, clock, 11)
    mend = "keep the database on a disk of its own, with a write cache that survives a power cut"
    return graded("disk latency", ms, f"{ms:.2f} ms for a durable write", mend, warn_at=30, fail_at=300)
