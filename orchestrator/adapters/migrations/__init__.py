"""The schema, as Alembic revisions shared by the SQL stores. Times are microseconds since 1970 in UTC."""

import io
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from orchestrator.errors import DatabaseTooNew, Unavailable


def config() -> Config:
    """Set up by hand: an installed wheel has no alembic.ini."""
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    found.set_main_option("path_separator", "os")
    return found


def newest() -> str:
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def refuse_newer(current: str, name: str) -> None:
    """Raises DatabaseTooNew when this code doesn't know `current`."""
    known = {script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()}
    if current and current not in known:
        raise DatabaseTooNew(
            f"database {name!r} is at revision {current!r} and this Parley knows {newest()!r} at most: "
            "run the newer Parley that wrote it, or restore a backup made before that upgrade"
        )


def upgrade(connection: Connection, current: str, name: str) -> None:
    """Bring a database from revision `current` ("" when empty) to the newest, in the transaction that is open.

    Raises DatabaseTooNew when this code doesn't know `current`, and Unavailable when a step fails.
    """
    refuse_newer(current, name)
    settings = config()
    settings.attributes["connection"] = connection
    try:
        command.upgrade(settings, "head")
    except (DBAPIError, CommandError) as error:
        raise Unavailable(
            f"database {name!r} can't be migrated from {current or 'nothing'!r}, it stays as it was: {error}"
        ) from error


def script(current: str, name: str, *, version_table: str) -> str:
    """What brings a PostgreSQL database from `current` ("" when empty) to the newest, as SQL for one transaction.

    Raises DatabaseTooNew when this code doesn't know `current`.
    """
    refuse_newer(current, name)
    settings = config()
    settings.attributes["version_table"] = version_table
    settings.output_buffer = written = io.StringIO()
    command.upgrade(settings, f"{current}:head" if current else "head", sql=True)
    return written.getvalue()
