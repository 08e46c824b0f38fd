"""What the two kinds of lane do with a batch: write it as one transaction, or read it from one snapshot."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Lock

from orchestrator.adapters.sqlite.faults import explain
from orchestrator.adapters.sqlite.lane import Job, Outcome
from orchestrator.adapters.sqlite.schema import connect


class Snapshot:
    """Everything queued from one read transaction, begun after it was queued: so it sees what was committed by then."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.busy = Lock()
        self.open()

    def open(self) -> None:
        self.db = connect(self.path, reading=True)
        self.cursor = self.db.cursor()

    def __call__(self, batch: Sequence[Job]) -> list[Outcome]:
        with self.busy:
            return self.together(batch)

    def together(self, batch: Sequence[Job]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        self.cursor.execute("BEGIN")
        try:
            for job in batch:
                try:
                    outcomes.append((job, job.call(self.cursor, *job.args), None))
                except Exception as error:
                    outcomes.append((job, None, explain(error)))
        finally:
            if self.db.in_transaction:
                self.db.rollback()
        return outcomes


class GroupCommit:
    """Everything queued as one transaction, so that one fsync serves all.

    An operation that fails before it wrote anything is left out. Should one fail later (or the commit itself),
    everything is undone and each runs again in a transaction of its own: nobody was told anything yet.
    """

    def __init__(self, path: Path, readers: Sequence[Snapshot]) -> None:
        self.path = path
        self.readers = readers
        self.open()

    def open(self) -> None:
        self.db = connect(self.path)
        self.cursor = self.db.cursor()

    def __call__(self, batch: Sequence[Job]) -> list[Outcome]:
        try:
            return self.together(batch)
        except Exception as error:
            self.undo()
            if not self.renewed(error) and len(batch) == 1:
                return [(batch[0], None, explain(error))]
        return [outcome for job in batch for outcome in self([job])]

    def together(self, batch: Sequence[Job]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        db, cursor = self.db, self.cursor
        cursor.execute("BEGIN IMMEDIATE")
        for job in batch:
            before = db.total_changes
            try:
                outcomes.append((job, job.call(cursor, *job.args), None))
            except Exception as error:
                # SQLite itself rolls back on some errors (sqlite.org/lang_transaction.html): then all is undone.
                if db.total_changes != before or not db.in_transaction or sealed(error):
                    raise
                outcomes.append((job, None, explain(error)))
        cursor.execute("COMMIT")
        return outcomes

    def renewed(self, error: Exception) -> bool:
        """A file that was read-only when it was opened stays so, also when it may be written since: open it again then.

        Not one that was replaced meanwhile (SQLITE_READONLY_DBMOVED), and not where we were told to only read.
        """
        if not sealed(error) or self.told("query_only") or not os.access(self.path, os.W_OK):
            return False
        with ExitStack() as held:
            for reader in self.readers:
                held.enter_context(reader.busy)
            self.reopen()
        return self.writable()

    def reopen(self) -> None:
        """All at once: SQLite shares the memory beside the log among a process's connections, read-only too."""
        works: tuple[GroupCommit | Snapshot, ...] = (self, *self.readers)
        for each in works:
            each.cursor.close()  # its statement would keep the connection half open
            each.db.close()
        for beside in ("-wal", "-shm"):
            with suppress(OSError):
                # They were made with the rights the file had then.
                os.chmod(f"{self.path}{beside}", self.path.stat().st_mode & 0o777)
        for each in works:
            each.open()

    def writable(self) -> bool:
        try:
            self.cursor.execute("BEGIN IMMEDIATE")
            self.cursor.execute("ROLLBACK")
        except sqlite3.Error:
            return False
        return True

    def told(self, setting: str) -> bool:
        return bool(self.db.execute(f"PRAGMA {setting}").fetchone()[0])

    def undo(self) -> None:
        if self.db.in_transaction:
            self.db.rollback()


def sealed(error: Exception) -> bool:
    return getattr(error, "sqlite_errorname", "") == "SQLITE_READONLY"
