"""The schema, as Alembic revisions shared by the SQL stores. Times are microseconds since 1970 in UTC."""

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


def upgrade(connection: Connection, current: str, name: str) -> None:
    """Bring a database from revision `current` ("" when empty) to the newest, in the transaction that is open.

    Raises DatabaseTooNew when this code doesn't know `current`, and Unavailable when a step fails.
    """
    settings = config()
    known = {script.revision for script in ScriptDirectory.from_config(settings).walk_revisions()}
    if current and current not in known:
        raise DatabaseTooNew(
            f"database {name!r} is at revision {current!r} and this Parley knows {newest()!r} at most: "
            "run the newer Parley that wrote it, or restore a backup made before that upgrade"
        )
    settings.attributes["connection"] = connection
    try:
        command.upgrade(settings, "head")
    except (DBAPIError, CommandError) as error:
        raise Unavailable(
            f"database {name!r} can't be migrated from {current or 'nothing'!r}, it stays as it was: {error}"
        ) from error
