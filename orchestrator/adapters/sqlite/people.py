"""Addresses of people on SQLite: orchestrator.ports.People."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from sqlite3 import Cursor
from typing import Any

from orchestrator import codec
from orchestrator.adapters.sql.people import (
    IDENTITY,
    gained,
    moved_on,
    no_change,
    no_code,
    owned_by,
    to_code,
    to_identity,
    undoable,
    without,
)
from orchestrator.adapters.sql.rows import micros
from orchestrator.copies import replace
from orchestrator.types import Identity, LinkChange, LinkCode

Run = Callable[..., Awaitable[Any]]

ADD = f"INSERT INTO identities ({IDENTITY}) VALUES (?, ?, ?, ?, ?) ON CONFLICT (channel_id, address) DO NOTHING"
POINT = (
    "UPDATE identities SET customer_id = ?, conversation_id = ? "
    "WHERE channel_id = ? AND address = ? AND customer_id = ? AND conversation_id = ?"
)
OWN = "UPDATE conversations SET customer_id = ?, head = ?, version = version + 1 WHERE id = ?"
CODE = "digest, app_id, conversation_id, author, expires_at"
DAY = 86_400_000_000
"""In microseconds: long gone codes are forgotten when a new one is made."""
RECORD = "INSERT INTO identity_changes (id, app_id, customer_id, former_id, at, record) VALUES (?, ?, ?, ?, ?, ?)"


class SqlitePeople:
    """`read` and `write` run a function on a cursor in the store's own threads."""

    def __init__(self, read: Run, write: Run) -> None:
        self.read = read
        self.write = write

    async def identity(self, channel_id: str, address: str) -> Identity | None:
        found: Identity | None = await self.read(identity, channel_id, address)
        return found

    async def identities(self, app_id: str, customer_id: str) -> Sequence[Identity]:
        found: Sequence[Identity] = await self.read(identities, app_id, customer_id)
        return found

    async def link(self, change: LinkChange, *, code: str = "") -> LinkChange:
        kept: LinkChange = await self.write(link, change, code)
        return kept

    async def undo(self, app_id: str, change_id: str, at: datetime, by: str) -> LinkChange:
        undone: LinkChange = await self.write(undo, app_id, change_id, at, by)
        return undone

    async def changes(self, app_id: str, customer_id: str) -> Sequence[LinkChange]:
        found: Sequence[LinkChange] = await self.read(changes, app_id, customer_id)
        return found

    async def keep_code(db: Cursor, code: LinkCode) -> None:
    db.execute("DELETE FROM link_codes WHERE expires_at < ?", (micros(code.expires_at) - DAY,))
    values = (code.digest, code.app_id, code.conversation_id, code.by, micros(code.expires_at))
    db.execute(f"INSERT INTO link_codes ({CODE}) VALUES (?, ?, ?, ?, ?)", values)


def code_of(db: Cursor, digest: str, now: datetime) -> LinkCode | None:
    sql = f"SELECT {CODE} FROM link_codes WHERE digest = ? AND expires_at > ?"
    row = db.execute(sql, (digest, micros(now))).fetchone()
    return to_code(row) if row else None
