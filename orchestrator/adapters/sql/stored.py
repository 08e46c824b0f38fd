"""Stored channels as rows, and back."""

from orchestrator import codec
from orchestrator.adapters.sql.rows import Row
from orchestrator.copies import replace
from orchestrator.errors import Conflict, NotFound
from orchestrator.types import ChannelEntry


def channel_row(entry: ChannelEntry) -> tuple[str, str, int, str, str]:
    """What is sealed stands in a column of its own: nothing that prints a record prints it."""
    record = codec.channel_entry.dump(replace(entry, sealed="")).decode()
    return entry.id, entry.app_id, entry.revision, record, entry.sealed


def to_channel(row: Row) -> ChannelEntry:
    """From revision, record, sealed: the revision of the row counts."""
    return replace(codec.channel_entry.load(row[1]), revision=row[0], sealed=row[2])


def no_channel(app_id: str, channel_id: str) -> NotFound:
    return NotFound(f"app {app_id!r} has no stored channel {channel_id!r}")


def taken(entry: ChannelEntry) -> Conflict:
    if entry.revision == 1:
        return Conflict(f"there is a channel {entry.id!r} already; choose another id")
    return Conflict(
        f"channel {entry.id!r} was changed by somebody else meanwhile; look again, and repeat it if need be"
    )
