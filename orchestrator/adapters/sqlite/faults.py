"""What goes wrong in SQLite, in the words of errors.py."""

import sqlite3

from pydantic_core import PydanticSerializationError

from orchestrator.errors import Conflict, Malformed, ParleyError, TooLarge, Unavailable

PLAIN = {
    "SQLITE_FULL": "the disk is full; free some space, Parley goes on by itself",
    "SQLITE_READONLY_DBMOVED": "the file was moved or replaced while in use; put it back, or start Parley again",
    "SQLITE_READONLY": "the file is read-only; make it writable, Parley goes on by itself",
    "SQLITE_IOERR": "the disk reports an error; check it, and restore a backup if it is broken",
    "SQLITE_BUSY": "another process holds it locked; stop that process",
    "SQLITE_LOCKED": "another process holds it locked; stop that process",
    "SQLITE_CANTOPEN": "it can't be opened; check that the folder exists and is writable",
    "SQLITE_CORRUPT": "the file is damaged; restore a backup",
    "SQLITE_NOTADB": "the file is not an SQLite database; name another one in [store] url",
}


def explain(error: Exception) -> Exception:
    """The error a caller should see; one that is a bug stays as it is."""
    match error:
        case ParleyError():
            return error
        case sqlite3.IntegrityError():
            return Conflict(f"the database has this already: {error}")
        case sqlite3.DataError():
            return TooLarge("this is larger than the database can keep")
        case sqlite3.ProgrammingError() | sqlite3.InterfaceError() | sqlite3.NotSupportedError():
            return error
        case sqlite3.DatabaseError():
            return Unavailable(f"the database can't be used: {plain(error)}")
        case UnicodeEncodeError():
            return Malformed("this can't be kept: a text holds half a character (a lone surrogate)")
        case PydanticSerializationError():
            return Malformed(f"this can't be kept: {error}")
        case OverflowError():
            return Malformed("this can't be kept: a number is beyond 64 bits")
    return error


def plain(error: sqlite3.DatabaseError) -> str:
    name = getattr(error, "sqlite_errorname", "") or ""
    return next((words for code, words in PLAIN.items() if name.startswith(code)), str(error))
