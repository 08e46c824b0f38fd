"""Wake-ups, live updates, and what processes share for a while."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Protocol

from orchestrator.types import Live


class Subscription(Protocol):
    """Live updates from now on. When the reader is too slow, one `None` stands for everything that was dropped."""

    def __aiter__(self) -> AsyncIterator[Live | None]: ...


class Bus(Protocol):
    """Wake-ups and live updates. Losing either loses nothing: the store holds the truth and the sweep looks."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    async def wake(self, conversation_id: str, app_id: str = "") -> None:
        """Something waits there. Claims take turns between apps, so that one app's burst holds up nobody else's."""
        ...

    async def claim(self, room: int = 1) -> str:
        """The next conversation to work on; nobody else gets it until `release`. Waits.

        `room` is how many the caller could take one after the other: they may be fetched at once.
        """
        ...

    async def release(self, conversation_id: str) -> None:
        """Done; when it was woken meanwhile, it becomes claimable again."""
        ...

    async def publish(self, event: Live) -> None: ...

    def subscribe(self, app_id: str, conversation_id: str = "") -> AbstractAsyncContextManager[Subscription]:
        """Everything of an app, or of one conversation. Subscribed once the context is entered."""
        ...

    async def take(self, key: str, *, limit: int, per: timedelta, strict: bool = True) -> float:
        """Count one use against `limit` per window: 0.0 when allowed, else seconds to wait.

        Of a limit that is not strict, each process may allow one use before it hears of the others'; it counts, so that
        who comes next waits the longer. For what happens on every message and does no harm by one more.
        """
        ...

    async def pace(self, key: str, *, rate: float, burst: int) -> float:
        """As `take`, at `rate` uses a second after `burst` at once, and never while the key is on hold."""
        ...

    async def hold(self, key: str, seconds: float) -> None:
        """Nobody is to use it for so long: a platform's `retry_after`. Never shortens a hold."""
        ...

    async def once(self, key: str, ttl: timedelta) -> bool:
        """Whether this is the key's first use within `ttl`: for tokens that are good for one use."""
        ...

    def trouble(self) -> str:
        """Why it works without its server now, for people; "" when all is well."""
        ...

    async def present(self, app_id: str, agent_id: str, teams: Sequence[str], ttl: float) -> None:
        """The agent is online for `ttl` seconds more; 0 signs off."""
        ...

    async def presences(self, app_id: str) -> Mapping[str, Sequence[str]]:
        """Teams by online agent."""
        ...
