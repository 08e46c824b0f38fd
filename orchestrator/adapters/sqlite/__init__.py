"""The embedded database: SQLite behind one writer thread and two readers. See docs/adr/0001-sqlite-store.md."""

from orchestrator.adapters.sqlite.store import SqliteStore
from orchestrator.adapters.sqlite.url import path_of

__all__ = ["SqliteStore", "path_of"]
