"""What goes wrong in PostgreSQL, in the words of errors.py. Never with values: a detail may quote a customer."""

import ssl

import asyncpg

from orchestrator.errors import Conflict, Malformed, ParleyError, TooLarge, Unavailable

PLAIN = {
    "25006": "it is read-only (a standby, or told so); Parley goes on by itself once it may be written",
    "53100": "its disk is full; free some space, Parley goes on by itself",
    "53200": "it is out of memory",
    "53300": "it takes no more connections: raise its max_connections, or lower [store] connections",
    "55P03": "somebody holds a lock for too long; see pg_locks",
    "57014": "it took too long; see pg_stat_activity",
    "57P01": "it is stopping",
    "57P02": "it crashed and is recovering",
    "57P03": "it is starting or stopping",
    "58030": "its disk reports an error; check it, and restore a backup if it is broken",
    "42501": "the user may not do this; make it the owner of the database",
    "42883": "its schema is half migrated: a function is missing; restore a backup, or start with an empty database",
    "42P01": "its schema is half migrated: a table is missing; restore a backup, or start with an empty database",
    "42703": "its schema is half migrated: a column is missing; restore a backup, or start with an empty database",
}
PASSING = {"40001", "40P01"}
"""Serialization failure and deadlock: the same again may succeed."""
UNREACHABLE = (
    OSError,
    TimeoutError,
    ssl.SSLError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.InternalClientError,
)
"""The last is what asyncpg says when the server has ended the session, and the socket is not closed yet."""


def explain(error: Exception) -> Exception:
    """The error a caller should see; one that is a bug stays as it is."""
    match error:
        case ParleyError():
            return error
        case asyncpg.UniqueViolationError():
            return Conflict(f"the database has this already ({error.constraint_name})")
        case asyncpg.ProgramLimitExceededError():
            return TooLarge("this is larger than the database can keep")
        case asyncpg.UntranslatableCharacterError() | asyncpg.CharacterNotInRepertoireError():
            return Malformed("this can't be kept: a text holds a character the database does not know")
        case asyncpg.NumericValueOutOfRangeError():
            return Malformed("this can't be kept: a number is beyond 64 bits")
        case asyncpg.exceptions.DataError():
            return Malformed("this can't be kept: half a character (a lone surrogate), or a number beyond 64 bits")
        case asyncpg.PostgresError() if error.sqlstate in PLAIN:
            return Unavailable(f"the database can't be used: {PLAIN[error.sqlstate]}")
        case asyncpg.PostgresError() if error.sqlstate in PASSING:
            return Unavailable("the database was asked for the same from too many sides at once")
        case _ if lost(error):
            return Unavailable("the database can't be reached; Parley goes on by itself once it can")
    return error


def lost(error: Exception) -> bool:
    """The connection is gone, or as good as: what it was asked may have happened or not."""
    return isinstance(error, UNREACHABLE) or (
        isinstance(error, asyncpg.PostgresError) and str(error.sqlstate).startswith(("08", "57P"))
    )


def passing(error: Exception) -> bool:
    """Somebody else was a moment faster: try again."""
    return isinstance(error, asyncpg.UniqueViolationError) or getattr(error, "sqlstate", "") in PASSING
