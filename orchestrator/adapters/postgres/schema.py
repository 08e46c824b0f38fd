"""Opening the database: can it be reached, is it ours, how old is it, and bringing it up to date."""

import asyncio
from contextlib import suppress

import asyncpg
import structlog

from orchestrator.adapters.postgres.faults import explain, lost
from orchestrator.adapters.postgres.pool import CONNECT_SECONDS, Connection, connect
from orchestrator.adapters.postgres.shape import lacking
from orchestrator.adapters.postgres.url import shown
from orchestrator.adapters.revision import HEAD
from orchestrator.errors import Unavailable

VERSIONS = "parley_revision"
OLDEST_SERVER = 15
LOCK = 0x5061726C
"""The advisory lock of migrations ("Parl"): who comes second finds the work done."""
PATIENCE = 30.0
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
MIGRATION_SECONDS = 900.0

OURS = (
    "SELECT count(*) FILTER (WHERE relname IN ('conversations', 'messages', 'outbox')), "
    f"count(*) FILTER (WHERE relname = '{VERSIONS}') FROM pg_class "
    "WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')"
)
WRONG = {
    asyncpg.InvalidPasswordError: "wrong user or password; set PGPASSWORD, a passfile, or [store] url",
    asyncpg.InvalidAuthorizationSpecificationError: "this user may not sign in there; see pg_hba.conf and [store] url",
    asyncpg.InvalidCatalogNameError: "there is no such database; make it with 'createdb'",
    asyncpg.InsufficientPrivilegeError: "the user may not connect; make it the owner of the database",
}

log = structlog.get_logger("parley.postgres")


async def reach(url: str, patience: float = PATIENCE) -> Connection:
    """A first connection. Raises Unavailable: at once when something is wrong, else after so many seconds of trying."""
    loop, pause = asyncio.get_running_loop(), FIRST_PAUSE
    began = loop.time()
    until = began + patience
    while True:
        try:
            return await connect(url)
        except (asyncpg.ClientConfigurationError, ValueError) as error:
            raise Unavailable(f"database {shown(url)!r}: [store] url can't be read: {type(error).__name__}") from None
        except Exception as error:
            why = wrong(error)
            if why is not None:
                raise refused(url, why) from None
            if not passing(error):
                raise
            rest = until - loop.time()
            if rest <= 0:
                took = loop.time() - began
                tried = patience if took < patience + 1 else round(took)
                raise refused(url, f"not reached in {tried:g} seconds: {said(error)}") from None
            log.warning(
                "database not reached, trying again", database=shown(url), seconds=round(pause, 1), error=said(error)
            )
        await asyncio.sleep(min(pause, rest))
        pause = min(pause * 2, LONGEST_PAUSE)


def refused(url: str, why: str) -> Unavailable:
    return Unavailable(f"database {shown(url)!r}: {why}")


def passing(error: Exception) -> bool:
    """Whether it may come right by itself."""
    return lost(error) or isinstance(error, asyncpg.TooManyConnectionsError)


def wrong(error: Exception) -> str | None:
    """What trying again won't mend."""
    known = next((words for kind, words in WRONG.items() if isinstance(error, kind)), None)
    if known is None and isinstance(error, asyncpg.PostgresError) and not passing(error):
        return f"the server refuses what [store] url asks for: {error}"
    return known


def release(version: asyncpg.ServerVersion) -> str:
    """As PostgreSQL says it itself, such as 15.8."""
    return f"{version.major}.{version.micro if version.major >= 10 else version.minor}"


def said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {CONNECT_SECONDS:g} seconds"
    return str(error) or type(error).__name__


async def prepare(url: str, patience: float = PATIENCE) -> None:
    """Check the server, and migrate the database if need be. Raises DatabaseTooNew or Unavailable."""
    db = await reach(url, patience)
    try:
        await checked(db, url)
    except asyncpg.PostgresError as error:
        raise named(url, error) from error
    finally:
        with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await db.close(timeout=CONNECT_SECONDS)


def named(url: str, error: Exception) -> Exception:
    found = explain(error)
    return Unavailable(f"database {shown(url)!r}: {found}") if found is not error else error


async def checked(db: Connection, url: str) -> None:
    version = db.get_server_version()
    if version.major < OLDEST_SERVER:
        raise refused(url, f"PostgreSQL {release(version)} is too old; Parley needs {OLDEST_SERVER} or newer")
    if await revision(db, url) != HEAD:
        await migrate(db, url)
    if flaw := await lacking(db):
        raise refused(url, f"it is half migrated: {flaw}; restore a backup, or start with an empty one")


async def revision(db: Connection, url: str) -> str:
    """The database's revision, "" when it is empty. Raises Unavailable when it is somebody else's or half made."""
    tables, versions = await db.fetchrow(OURS) or (0, 0)
    if not versions:
        if tables:
            raise refused(url, "it has such tables, but not of Parley's making; name another database in [store] url")
        return ""
    found = await db.fetch(f"SELECT version_num FROM {VERSIONS}")
    if len(found) != 1 or not tables:
        raise refused(url, "it is half migrated: it names no revision; restore a backup, or start with an empty one")
    return str(found[0][0])


async def migrate(db: Connection, url: str) -> None:
    """All revisions in one transaction: whatever fails, the database stays as it was."""
    from orchestrator.adapters import migrations

    async with db.transaction():
        await db.execute(f"SELECT pg_advisory_xact_lock({LOCK})", timeout=MIGRATION_SECONDS)
        # Somebody else may have migrated while we waited for the lock.
        current = await revision(db, url)
        if current == HEAD:
            return
        script = await asyncio.to_thread(migrations.script, current, shown(url), version_table=VERSIONS)
        log.info("migrating the database", database=shown(url), revision=current or "empty", to=HEAD)
        # Old workers go on meanwhile: rather than hold them up behind a lock we wait for, give up and try again.
        await db.execute("SET LOCAL lock_timeout = '10s'")
        try:
            await db.execute(script, timeout=MIGRATION_SECONDS)
        except asyncpg.PostgresError as error:
            why = f"can't be migrated from {current or 'nothing'!r}, it stays as it was: {error}"
            raise refused(url, why) from error
