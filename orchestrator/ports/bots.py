"""What the registry keeps of bots, and how their secrets are kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from orchestrator.types import BotCount, BotEntry, BotNote, BotNoteKind, BotVersion, Grade


class BotRecords(Protocol):
    """Registered bots, their versions, how they do. Raises Unavailable when the database can't be asked."""

    async def entries(self, app_id: str = "") -> Sequence[BotEntry]:
        """By name; of every app without `app_id`."""
        ...

    async def entry(self, app_id: str, name: str) -> BotEntry:
        """Raises NotFound."""
        ...

    async def keep(self, entry: BotEntry, version: BotVersion | None = None) -> BotEntry:
        """Both together; the entry comes back with its new revision.

        `entry.revision` is the one it was computed from, 0 for a new bot. Raises Conflict when that has moved on, or
        when there is such a version already: versions never change.
        """
        ...

    async def drop(self, app_id: str, name: str) -> None:
        """With its versions, counts and notes. Raises NotFound."""
        ...

    async def versions(self, app_id: str, name: str) -> Sequence[BotVersion]:
        """The newest first."""
        ...

    async def version(self, app_id: str, name: str, number: int) -> BotVersion:
        """Raises NotFound."""
        ...

    async def grade(self, app_id: str, name: str, number: int, grade: Grade) -> None:
        """What a check found; the entry's revision grows. Raises NotFound."""
        ...

    async def count(self, counts: Sequence[BotCount]) -> None:
        """Add these to what was counted before."""
        ...

    async def counts(self, app_id: str, since: datetime, bot: str = "") -> Sequence[BotCount]:
        """The oldest hour first."""
        ...

    async def forget(self, before: datetime) -> None:
        """Drop the counts of hours that began earlier."""
        ...

    async def note(self, notes: Sequence[BotNote]) -> None:
        """One that is there already stays as it is. Of each kind the newest few hundred of a bot are kept."""
        ...

    async def notes(
        self, app_id: str, *, bot: str = "", kind: BotNoteKind | None = None, turn_id: str = "", limit: int = 50
    ) -> Sequence[BotNote]:
        """The newest first."""
        ...


class Vault(Protocol):
    """Texts as nobody reads them without the key. `place` names what is sealed: it opens nowhere else."""

    def seal(self, text: str, place: str) -> str: ...

    def open(self, sealed: str, place: str) -> str:
        """Raises Misconfigured when the key is not the one it was sealed with, or somebody changed it."""
        ...
