"""Which addresses are one person's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from orchestrator.types import Identity, LinkChange, LinkCode, Profile


class People(Protocol):
    """Addresses, the links between them and the codes that make one. Raises Unavailable when it can't be asked."""

    async def identity(self, channel_id: str, address: str) -> Identity | None: ...

    async def identities(self, app_id: str, customer_id: str) -> Sequence[Identity]:
        """Every address of a person, by channel."""
        ...

    async def link(self, change: LinkChange, *, code: str = "") -> LinkChange:
        """Make the address the other person's, with the conversation it had, and facts the profile lacks.

        All of it or nothing; with the digest of a `code`, that is used up by it. The change comes back as it is kept.
        Raises Conflict when the address is no longer as in `before`, NotFound when the code is gone.
        """
        ...

    async def undo(self, app_id: str, change_id: str, at: datetime, by: str) -> LinkChange:
        """The address is whose it was before, and so is the conversation it had; what was learned by it is forgotten.

        Raises NotFound, and Conflict when it was taken back already, or linked once more since.
        """
        ...

    async def changes(self, app_id: str, customer_id: str) -> Sequence[LinkChange]:
        """Those that gave this person an address or took one away, the newest first."""
        ...

    async def vouched(self, app_id: str, customer_id: str) -> Profile:
        """The facts of the profile that a platform or a signed token stands for. Raises NotFound."""
        ...

    async def keep_code(self, code: LinkCode) -> None: ...

    async def code(self, digest: str, now: datetime) -> LinkCode | None:
        """None when there is no such code, or its time is over."""
        ...
