"""One server for one embedded database: two would each deliver what the other is delivering, and neither hear of it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from orchestrator.errors import Unavailable


@contextmanager
def alone(database: Path) -> Iterator[None]:
    """Hold `<database>.lock` while this lasts; the system lets go of it however the process ends.

    Not of the database itself: closing any handle of a file drops the locks SQLite has on it, see
    sqlite.org/howtocorrupt.html, 2.2. Where nobody can write nobody delivers twice, and nothing is held.
    Raises Unavailable when it is taken.
    """
    handle = opened(database.with_name(f"{database.name}.lock"))
    if handle is None:
        yield
        return
    try:
        take(handle, database)
        yield
    finally:
        os.close(handle)


def opened(path: Path) -> int | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return None


def take(handle: int, database: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        owner = ""
        with suppress(OSError, ValueError):
            owner = f" (process {int(os.pread(handle, 20, 0))})"
        raise Unavailable(
            f"another Parley{owner} is serving the database {str(database)!r}; stop it, or name another"
            " database for this one in [store] url"
        ) from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
