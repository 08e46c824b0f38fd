"""Opening the file: is it ours, how old is it, and bringing it up to date."""

import sqlite3
from contextlib import closing
from pathlib import Path

from orchestrator.adapters.revision import HEAD
from orchestrator.adapters.sqlite.faults import explain, plain
from orchestrator.errors import Unavailable

APPLICATION_ID = 0x5061726C
"""Marks the file as Parley's ("Parl"), see sqlite.org/pragma.html#pragma_application_id."""

BUSY_MS = 5000


def connect(path: Path, *, reading: bool = False) -> sqlite3.Connection:
    """Transactions are begun by hand. Raises sqlite3.Error."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000)
    db.execute("PRAGMA synchronous = FULL")
    # Kilobytes. A reader's cache is void after every commit of the writer; the system's file cache serves all three.
    db.execute(f"PRAGMA cache_size = {-1024 if reading else -4096}")
    db.execute("PRAGMA wal_autocheckpoint = 4000")
    db.execute("PRAGMA journal_size_limit = 67108864")
    db.execute(f"PRAGMA query_only = {int(reading)}")
    return db


def prepare(path: Path) -> None:
    """Create or migrate the file, under an exclusive lock. Raises DatabaseTooNew or Unavailable; blocks."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            # What customers say is nobody else's business on this machine; SQLite's side files take the same mode.
            path.touch(mode=0o600)
        with closing(connect(path)) as db:
            if revision(db, path) != HEAD:
                migrate(path)
            db.execute("PRAGMA journal_mode = WAL")
    except OSError as error:
        raise Unavailable(f"database {str(path)!r}: {error.strerror}; name another place in [store] url") from error
    except sqlite3.Error as error:
        raise named(path, error) from error


def named(path: Path, error: sqlite3.Error) -> Exception:
    if isinstance(error, sqlite3.DatabaseError):
        return Unavailable(f"database {str(path)!r}: {plain(error)}")
    return explain(error)


def revision(db: sqlite3.Connection, path: Path) -> str:
    """The file's revision, "" when it is empty. Raises Unavailable when it is somebody else's or half made."""
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    (owner,) = db.execute("PRAGMA application_id").fetchone()
    if not tables and owner in (0, APPLICATION_ID):
        return ""
    if owner != APPLICATION_ID:
        raise Unavailable(f"database {str(path)!r} belongs to another program; name another file in [store] url")
    found = db.execute("SELECT version_num FROM alembic_version").fetchall() if "alembic_version" in tables else []
    if len(found) != 1:
        raise Unavailable(f"database {str(path)!r} is half made: it names no revision; restore a backup")
    return str(found[0][0])


def migrate(path: Path) -> None:
    """All revisions in one transaction: a crash leaves the file as it was."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    from orchestrator.adapters.migrations import upgrade

    engine = create_engine("sqlite://", creator=lambda: connect(path), poolclass=NullPool)
    # SQLAlchemy believes it has begun; sqlite3 leaves BEGIN to us, and commits what `connection` commits.
    with engine.connect() as connection, connection.begin():
        db = connection.connection.dbapi_connection
        if not isinstance(db, sqlite3.Connection):
            raise TypeError(f"SQLAlchemy gave a {type(db).__name__}")
        db.execute("BEGIN EXCLUSIVE")
        # Another process may have migrated while this one waited for the lock.
        current = revision(db, path)
        if current != HEAD:
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            upgrade(connection, current, str(path))
