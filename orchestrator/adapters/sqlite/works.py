"""What the two kinds of lane do with a batch: write it as one transaction, or read it from one snapshot."""

import sqlite3
from collections.abc import Sequence

from orchestrator.adapters.sqlite.faults import explain
from orchestrator.adapters.sqlite.lane import Job, Outcome


class GroupCommit:
    """Everything queued as one transaction, so that one fsync serves all.

    An operation that fails before it wrote anything is left out. Should one fail later (or the commit itself),
    everything is undone and each runs again in a transaction of its own: nobody was told anything yet.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.cursor = db.cursor()

    def __call__(self, batch: Sequence[Job]) -> list[Outcome]:
        try:
            return self.together(batch)
        except Exception as error:
            self.undo()
            if len(batch) == 1:
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
                if db.total_changes != before or not db.in_transaction:
                    raise
                outcomes.append((job, None, explain(error)))
        cursor.execute("COMMIT")
        return outcomes

    def undo(self) -> None:
        if self.db.in_transaction:
            self.db.rollback()


class Snapshot:
    """Everything queued from one read transaction, begun after it was queued: so it sees what was committed by then."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.cursor = db.cursor()

    def __call__(self, batch: Sequence[Job]) -> list[Outcome]:
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
