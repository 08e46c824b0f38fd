"""What is kept of channels that were added while the server runs."""

from collections.abc import Sequence
from typing import Protocol

from orchestrator.types import ChannelEntry


class ChannelRecords(Protocol):
    """Stored channels. Raises Unavailable when the database can't be asked."""

    async def entries(self, app_id: str = "") -> Sequence[ChannelEntry]:
        """By id; of every app without `app_id`."""
        ...

    async def entry(self, app_id: str, channel_id: str) -> ChannelEntry:
        """Raises NotFound, also for a channel of another app."""
        ...

    async def keep(self, entry: ChannelEntry) -> ChannelEntry:
        """It comes back with its new revision.

        `entry.revision` is the one it was computed from, 0 for a new channel. Raises Conflict when that has moved on,
        or when any app has a channel of that id already.
        """
        ...

    async def drop(self, app_id: str, channel_id: str) -> None:
        """Raises NotFound."""
        ...
