"""Addresses of people on PostgreSQL: orchestrator.ports.People. Seldom asked, so plain statements in a transaction."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from orchestrator import codec
from orchestrator.adapters.postgres.pool import Connection
from orchestrator.adapters.postgres.text import kept, plain
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

Ask = Callable[..., Awaitable[Any]]

ADD = f"INSERT INTO identities ({IDENTITY}) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (channel_id, address) DO NOTHING"
POINT = (
    "UPDATE identities SET customer_id = $1, conversation_id = $2 "
    "WHERE channel_id = $3 AND address = $4 AND customer_id = $5 AND conversation_id = $6"
)
OWN = "UPDATE conversations SET customer_id = $1, head = $2, version = version + 1 WHERE id = $3"
RECORD = "INSERT INTO identity_changes (id, app_id, customer_id, former_id, at, record) VALUES ($1, $2, $3, $4, $5, $6)"
DAY = 86_400_000_000
"""In microseconds: long gone codes are forgotten when a new one is made."""
CODE = "digest, app_id, conversation_id, author, expires_at"


class PostgresPeople:
    """`ask` runs a function on a connection of the store's pool."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask

    async def identity(self, channel_id: str, address: str) -> Identity | None:
        found: Identity | None = await self.ask(identity, channel_id, address)
        return found

    async def identities(self, app_id: str, customer_id: str) -> Sequence[Identity]:
        found: Sequence[Identity] = await self.ask(identities, app_id, customer_id)
        return found

    async def link(self, change: LinkChange, *, code: str = "") -> LinkChange:
        linked: LinkChange = await self.ask(link, change, code)
        return linked

    async def undo(self, app_id: str, change_id: str, at: datetime, by: str) -> LinkChange:
        undone: LinkChange = await self.ask(undo, app_id, change_id, at, by)
        return undone

    async def changes(self, app_id: str, customer_id: str) -> Sequence[LinkChange]:
        found: Sequence[LinkChange] = await self.ask(changes, app_id, customer_id)
        return found

    async def vouched(self, app_id: str, customer_id: str) -> Profile:
        found: Profile = await self.ask(vouched_for, app_id, customer_id)
        return found

    async def keep_code(self, code: LinkCode) -> None:
        await self.ask(keep_code, code)

    async def code(self, digest: str, now: datetime) -> LinkCode | None:
        found: LinkCode | None = await self.ask(code_of, digest, now)
        return found


async def identity(db: Connection, channel_id: str, address: str) -> Identity | None:
    sql = f"SELECT {IDENTITY} FROM identities WHERE channel_id = $1 AND address = $2"
    row = await db.fetchrow(sql, kept(channel_id), kept(address))
    return to_identity(plain(row)) if row else None


async def identities(db: Connection, app_id: str, customer_id: str) -> list[Identity]:
    sql = f"SELECT {IDENTITY} FROM identities WHERE customer_id = $1 AND app_id = $2 ORDER BY channel_id, address"
    return [to_identity(plain(row)) for row in await db.fetch(sql, kept(customer_id), kept(app_id))]


async def link(db: Connection, change: LinkChange, code: str) -> LinkChange:
    async with db.transaction():
        if code and await db.fetchval("DELETE FROM link_codes WHERE digest = $1 RETURNING 1", code) is None:
            raise no_code()
        await point(db, change.before, change.after)
        learned = {}
        if change.before is not None:
            theirs = await profile(db, change.after.customer_id)
            learned = gained(theirs, await profile(db, change.before.customer_id))
            await write_profile(db, change.after.customer_id, {**theirs, **learned}, change.at)
            await give(db, change.before, change.after.customer_id)
        linked = replace(change, learned=learned)
        former = change.before.customer_id if change.before else ""
        record = codec.link_change.dump(linked).decode()
        values = (linked.id, linked.app_id, linked.after.customer_id, former)
        await db.execute(RECORD, *map(kept, values), micros(linked.at), record)
    return linked


async def point(db: Connection, before: Identity | None, after: Identity) -> None:
    """Raises Conflict when the address is not as it was thought to be."""
    if before is None:
        values = (after.app_id, after.channel_id, after.address, after.customer_id, after.conversation_id)
        done = await db.execute(ADD, *map(kept, values))
    else:
        values = (after.customer_id, after.conversation_id, after.channel_id, after.address, before.customer_id)
        done = await db.execute(POINT, *map(kept, (*values, before.conversation_id)))
    if done.endswith(" 0"):
        raise moved_on(after.address)


async def give(db: Connection, place: Identity, customer_id: str) -> None:
    """The conversation that the address had belongs to this person."""
    head = await db.fetchval("SELECT head FROM conversations WHERE id = $1 FOR UPDATE", kept(place.conversation_id))
    if head is not None:
        await db.execute(OWN, kept(customer_id), owned_by(head, customer_id), kept(place.conversation_id))


async def profile(db: Connection, customer_id: str) -> dict[str, Any]:
    text = await db.fetchval("SELECT profile FROM customers WHERE id = $1 FOR UPDATE", kept(customer_id))
    return dict(codec.anything.load(text)) if text else {}


async def write_profile(db: Connection, customer_id: str, facts: Mapping[str, Any], at: datetime) -> None:
    text = codec.anything.dump(facts).decode()
    sql = "UPDATE customers SET profile = $1, updated_at = $2 WHERE id = $3"
    await db.execute(sql, text, micros(at), kept(customer_id))


async def undo(db: Connection, app_id: str, change_id: str, at: datetime, by: str) -> LinkChange:
    async with db.transaction():
        sql = "SELECT record FROM identity_changes WHERE id = $1 AND app_id = $2 FOR UPDATE"
        record = await db.fetchval(sql, kept(change_id), kept(app_id))
        if record is None:
            raise no_change(change_id)
        change = codec.link_change.load(record)
        undoable(change, await identity(db, change.after.channel_id, change.after.address))
        if change.before is None:
            sql = "DELETE FROM identities WHERE channel_id = $1 AND address = $2"
            await db.execute(sql, kept(change.after.channel_id), kept(change.after.address))
        else:
            await point(db, change.after, change.before)
            await give(db, change.before, change.before.customer_id)
            owner = change.after.customer_id
            await write_profile(db, owner, without(await profile(db, owner), change.learned), at)
        undone = replace(change, undone_at=at, undone_by=by)
        sql = "UPDATE identity_changes SET record = $1 WHERE id = $2"
        await db.execute(sql, codec.link_change.dump(undone).decode(), kept(change_id))
    return undone


async def changes(db: Connection, app_id: str, customer_id: str) -> list[LinkChange]:
    sql = (
        "SELECT record FROM identity_changes WHERE app_id = $1 AND customer_id = $2 "
        "UNION SELECT record FROM identity_changes WHERE app_id = $1 AND former_id = $2"
    )
    found = [codec.link_change.load(row[0]) for row in await db.fetch(sql, kept(app_id), kept(customer_id))]
    return sorted(found, key=lambda one: (one.at, one.id), reverse=True)


async def vouched_for(db: Connection, app_id: str, customer_id: str) -> dict[str, Any]:
    sql = "SELECT profile, verified FROM customers WHERE id = $1 AND app_id = $2"
    row = await db.fetchrow(sql, kept(customer_id), kept(app_id))
    if row is None:
        raise nobody(customer_id)
    return vouched(*row)


async def keep_code(db: Connection, code: LinkCode) -> None:
    await db.execute("DELETE FROM link_codes WHERE expires_at < $1", micros(code.expires_at) - DAY)
    sql = f"INSERT INTO link_codes ({CODE}) VALUES ($1, $2, $3, $4, $5)"
    values = map(kept, (code.digest, code.app_id, code.conversation_id, code.by))
    await db.execute(sql, *values, micros(code.expires_at))


async def code_of(db: Connection, digest: str, now: datetime) -> LinkCode | None:
    sql = f"SELECT {CODE} FROM link_codes WHERE digest = $1 AND expires_at > $2"
    row = await db.fetchrow(sql, digest, micros(now))
    return to_code(plain(row)) if row else None
