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
    nobody,
    owned_by,
    to_code,
    to_identity,
    undoable,
    vouched,
    without,
)
from orchestrator.adapters.sql.rows import micros
from orchestrator.copies import replace
from orchestrator.types import Identity, LinkChange, LinkCode, Profile

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

    async def vouched(self, app_id: str, customer_id: str) -> Profile:
        found: Profile = await self.read(vouched_for, app_id, customer_id)
        return found

    async def keep_code(self, code: LinkCode) -> None:
        await self.write(keep_code, code)

    async def code(self, digest: str, now: datetime) -> LinkCode | None:
        found: LinkCode | None = await self.read(code_of, digest, now)
        return found


def identity(db: Cursor, channel_id: str, address: str) -> Identity | None:
    sql = f"SELECT {IDENTITY} FROM identities WHERE channel_id = ? AND address = ?"
    row = db.execute(sql, (channel_id, address)).fetchone()
    return to_identity(row) if row else None


def identities(db: Cursor, app_id: str, customer_id: str) -> list[Identity]:
    sql = f"SELECT {IDENTITY} FROM identities WHERE customer_id = ? AND app_id = ? ORDER BY channel_id, address"
    return [to_identity(row) for row in db.execute(sql, (customer_id, app_id))]


def link(db: Cursor, change: LinkChange, code: str) -> LinkChange:
    if code and not db.execute("DELETE FROM link_codes WHERE digest = ?", (code,)).rowcount:
        raise no_code()
    point(db, change.before, change.after)
    learned: dict[str, Any] = {}
    if change.before is not None:
        theirs = profile(db, change.after.customer_id)
        learned = gained(theirs, profile(db, change.before.customer_id))
        write_profile(db, change.after.customer_id, {**theirs, **learned}, change.at)
        give(db, change.before, change.after.customer_id)
    linked = replace(change, learned=learned)
    former = change.before.customer_id if change.before else ""
    record = codec.link_change.dump(linked).decode()
    db.execute(RECORD, (linked.id, linked.app_id, linked.after.customer_id, former, micros(linked.at), record))
    return linked


def point(db: Cursor, before: Identity | None, after: Identity) -> None:
    """Raises Conflict when the address is not as it was thought to be."""
    if before is None:
        values = (after.app_id, after.channel_id, after.address, after.customer_id, after.conversation_id)
        done = db.execute(ADD, values).rowcount
    else:
        place = (after.customer_id, after.conversation_id, after.channel_id, after.address)
        done = db.execute(POINT, (*place, before.customer_id, before.conversation_id)).rowcount
    if not done:
        raise moved_on(after.address)


def give(db: Cursor, place: Identity, customer_id: str) -> None:
    """The conversation that the address had belongs to this person."""
    row = db.execute("SELECT head FROM conversations WHERE id = ?", (place.conversation_id,)).fetchone()
    if row:
        db.execute(OWN, (customer_id, owned_by(row[0], customer_id), place.conversation_id))


def profile(db: Cursor, customer_id: str) -> dict[str, Any]:
    row = db.execute("SELECT profile FROM customers WHERE id = ?", (customer_id,)).fetchone()
    return dict(codec.anything.load(row[0])) if row else {}


def write_profile(db: Cursor, customer_id: str, facts: Mapping[str, Any], at: datetime) -> None:
    text = codec.anything.dump(facts).decode()
    db.execute("UPDATE customers SET profile = ?, updated_at = ? WHERE id = ?", (text, micros(at), customer_id))


def undo(db: Cursor, app_id: str, change_id: str, at: datetime, by: str) -> LinkChange:
    sql = "SELECT record FROM identity_changes WHERE id = ? AND app_id = ?"
    row = db.execute(sql, (change_id, app_id)).fetchone()
    if row is None:
        raise no_change(change_id)
    change = codec.link_change.load(row[0])
    undoable(change, identity(db, change.after.channel_id, change.after.address))
    if change.before is None:
        sql = "DELETE FROM identities WHERE channel_id = ? AND address = ?"
        db.execute(sql, (change.after.channel_id, change.after.address))
    else:
        point(db, change.after, change.before)
        give(db, change.before, change.before.customer_id)
        owner = change.after.customer_id
        write_profile(db, owner, without(profile(db, owner), change.learned), at)
    undone = replace(change, undone_at=at, undone_by=by)
    sql = "UPDATE identity_changes SET record = ? WHERE id = ?"
    db.execute(sql, (codec.link_change.dump(undone).decode(), change_id))
    return undone


def changes(db: Cursor, app_id: str, customer_id: str) -> list[LinkChange]:
    sql = (
        "SELECT record FROM identity_changes WHERE app_id = ?1 AND customer_id = ?2 "
        "UNION SELECT record FROM identity_changes WHERE app_id = ?1 AND former_id = ?2"
    )
    found = [codec.link_change.load(row[0]) for row in db.execute(sql, (app_id, customer_id))]
    return sorted(found, key=lambda one: (one.at, one.id), reverse=True)


def vouched_for(db: Cursor, app_id: str, customer_id: str) -> dict[str, Any]:
    sql = "SELECT profile, verified FROM customers WHERE id = ? AND app_id = ?"
    row = db.execute(sql, (customer_id, app_id)).fetchone()
    if row is None:
        raise nobody(customer_id)
    return vouched(*row)


def keep_code(db: Cursor, code: LinkCode) -> None:
    db.execute("DELETE FROM link_codes WHERE expires_at < ?", (micros(code.expires_at) - DAY,))
    values = (code.digest, code.app_id, code.conversation_id, code.by, micros(code.expires_at))
    db.execute(f"INSERT INTO link_codes ({CODE}) VALUES (?, ?, ?, ?, ?)", values)


def code_of(db: Cursor, digest: str, now: datetime) -> LinkCode | None:
    sql = f"SELECT {CODE} FROM link_codes WHERE digest = ? AND expires_at > ?"
    row = db.execute(sql, (digest, micros(now))).fetchone()
    return to_code(row) if row else None
