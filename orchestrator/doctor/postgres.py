"""PostgreSQL: version, latency, clock, room for our pools, settings that lose what was accepted, and the schema."""

from collections.abc import AsyncIterator
from contextlib import suppress

import asyncpg

from orchestrator.adapters.postgres.pool import Connection
from orchestrator.adapters.postgres.schema import OLDEST_SERVER, reach, release, revision
from orchestrator.adapters.postgres.shape import lacking
from orchestrator.adapters.postgres.url import checked, shown
from orchestrator.adapters.revision import HEAD
from orchestrator.doctor.finding import Finding, fail, latency, median_ms, ok, skew, warn
from orchestrator.errors import DatabaseTooNew, ParleyError
from orchestrator.ports import Clock

PATIENCE = 3.0
SETTINGS = "SELECT name, setting FROM pg_settings WHERE name = ANY($1::text[])"
LOSING = {
    "fsync": ("on", "a crash of its machine may destroy the database"),
    "full_page_writes": ("on", "a crash of its machine may destroy the database"),
    "synchronous_commit": ("", "a crash of its machine loses what was accepted in the last moments"),
}
ROOMY = 4


async def postgres(url: str, clock: Clock, pool: int = 10) -> AsyncIterator[Finding]:
    """`pool` is how many connections each process holds at most."""
    part = "PostgreSQL"
    try:
        db = await reach(checked(url), PATIENCE)
    except ParleyError as error:
        yield fail(part, str(error), "mend that, or [store] url")
        return
    try:
        async for finding in examined(db, url, clock, pool):
            yield finding
    except (asyncpg.PostgresError, OSError, TimeoutError) as error:
        yield fail(part, f"{type(error).__name__} while it was looked at", "see the log of the server")
    finally:
        with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await db.close(timeout=PATIENCE)


async def deployment(url: str) -> str:
    """The id of the deployment whose database it is; "" when there is none yet, or none to be had."""
    with suppress(ParleyError, asyncpg.PostgresError, OSError, TimeoutError):
        db = await reach(checked(url), 0.0)
        try:
            return str(await db.fetchval("SELECT id FROM deployment") or "")
        finally:
            await db.close(timeout=PATIENCE)
    return ""


async def examined(db: Connection, url: str, clock: Clock, pool: int) -> AsyncIterator[Finding]:
    version = db.get_server_version()
    said = f"{release(version)}, {shown(url)}"
    if version.major < OLDEST_SERVER:
        yield fail("PostgreSQL", said, f"upgrade to PostgreSQL {OLDEST_SERVER} or newer")
    else:
        yield ok("PostgreSQL", said)
    yield latency("PostgreSQL latency", await median_ms(lambda: db.fetchval("SELECT 1"), clock))

    async def theirs() -> float:
        return float(await db.fetchval("SELECT extract(epoch FROM clock_timestamp())"))

    yield await skew("PostgreSQL clock", theirs, clock)
    yield await connections(db, pool)
    async for finding in safety(db):
        yield finding
    yield await schema(db, url)


async def connections(db: Connection, pool: int) -> Finding:
    """Room for processes besides those that are connected now."""
    names = ["max_connections", "superuser_reserved_connections", "reserved_connections"]
    known = {row["name"]: int(row["setting"]) for row in await db.fetch(SETTINGS, names)}
    used = int(await db.fetchval("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"))
    free = known.pop("max_connections") - sum(known.values()) - used
    room = free // pool
    said = f"{free} free: room for {room} more processes of {pool} each"
    if room < 1:
        return fail("PostgreSQL connections", said, "raise max_connections, or run fewer processes")
    if room < ROOMY:
        return warn("PostgreSQL connections", said, "raise max_connections before more processes are started")
    return ok("PostgreSQL connections", said)


async def safety(db: Connection) -> AsyncIterator[Finding]:
    known = {row["name"]: row["setting"] for row in await db.fetch(SETTINGS, [*LOSING, "server_encoding"])}
    bad = [name for name in LOSING if known.get(name) == "off"]
    for name in bad:
        level = warn if name == "synchronous_commit" else fail
        yield level(f"PostgreSQL {name}", f"off: {LOSING[name][1]}", f"set {name} = on")
    if not bad:
        yield ok("PostgreSQL durability", "fsync, full_page_writes and synchronous_commit are on")
    if known.get("server_encoding") != "UTF8":
        mend = "make the database again with ENCODING 'UTF8'"
        yield fail("PostgreSQL encoding", str(known.get("server_encoding")), mend)
    if await db.fetchval("SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on'"):
        yield fail("PostgreSQL writes", "this server only reads", "name the primary in [store] url")


async def schema(db: Connection, url: str) -> Finding:
    part = "schema"
    try:
        current = await revision(db, url)
    except DatabaseTooNew as error:
        return fail(part, str(error), "upgrade this Parley")
    except ParleyError as error:
        return fail(part, str(error), "mend that, or name another database in [store] url")
    found = standing(current)
    if current == HEAD and (flaw := await lacking(db)):
        return fail(part, f"half migrated: {flaw}", "restore a backup, or start with an empty database")
    return found


def standing(current: str, part: str = "schema") -> Finding:
    if not current:
        return ok(part, f"empty; the first start brings it to {HEAD}")
    if current > HEAD:
        return fail(part, f"at {current}, this Parley knows {HEAD}", "run the newer Parley that wrote it")
    if current < HEAD:
        return warn(part, f"at {current}", f"start this Parley: it migrates to {HEAD} while older ones go on")
    return ok(part, f"at {current}, the newest")
