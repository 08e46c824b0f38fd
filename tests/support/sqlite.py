"""SQLite stores on a path, and what somebody with the sqlite3 shell could do to the file."""

import secrets
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from functools import cache
from pathlib import Path

from orchestrator.adapters.sqlite import SqliteStore
from orchestrator.adapters.sqlite.schema import prepare
from tests.support.clock import ManualClock

CLOCK = ManualClock()


@cache
def migrated() -> bytes:
    """What an empty database is after all revisions."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "parley.db"
        prepare(path)
        return path.read_bytes()


def lay(path: Path) -> Path:
    """An empty database for those who don't come to see it migrated: that takes twenty times as long as a copy."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(migrated())
        with editing(path) as db:
            db.execute("UPDATE deployment SET id = ?", (secrets.token_hex(16),))
    return path


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(path, CLOCK)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


@contextmanager
def editing(path: Path) -> Iterator[sqlite3.Connection]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        yield db


def pragma(store: SqliteStore, setting: str) -> None:
    """Change the writer's connection, while it has nothing to do."""
    store.connections[0].execute(f"PRAGMA {setting}")


def leave_room(store: SqliteStore, more: int) -> None:
    """Let the file grow by so many pages of 4 KB."""
    (pages,) = store.connections[0].execute("PRAGMA page_count").fetchone()
    pragma(store, f"max_page_count = {pages + more}")


def content(path: Path) -> bytes:
    return path.read_bytes()


def size(path: Path) -> int:
    return path.stat().st_size


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
