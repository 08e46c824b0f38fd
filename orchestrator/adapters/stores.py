"""The store that [store] url names."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.sqlite import SqliteStore, path_of
from orchestrator.config import StoreSettings
from orchestrator.ports import (
    Accounts,
    BotRecords,
    ChannelRecords,
    Channels,
    Clock,
    Letters,
    People,
    Records,
    Retention,
    Store,
    Translations,
)

POSTGRES = ("postgresql://", "postgres://")


class Database(Store, Records, Letters, Accounts, Translations, Retention, Protocol):
    """Everything an adapter of the store implements."""

    @property
    def bots(self) -> BotRecords: ...

    @property
    def people(self) -> People: ...

    @property
    def channels(self) -> Channels: ...

    @property
    def stored(self) -> ChannelRecords: ...

    @property
    def place(self) -> str:
        """Where it is, for people: without a password."""
        ...


def shared(url: str) -> bool:
    """Whether several processes may work on that database."""
    return url.startswith(POSTGRES)


def store_of(settings: StoreSettings, base: Path, clock: Clock) -> Database:
    """Not opened yet. Raises Misconfigured."""
    if not shared(settings.url):
        return SqliteStore(path_of(settings.url, base), clock)
    # Its driver takes 8 MB, which a process on SQLite has better uses for.
    from orchestrator.adapters.postgres.store import PostgresStore

    return PostgresStore(settings.url, clock, connections=settings.connections, patience=settings.patience_seconds)


@asynccontextmanager
async def store_alone(settings: StoreSettings, base: Path) -> AsyncIterator[tuple[Database, Clock]]:
    """The store alone, opened, for commands that manage what it keeps; a server may be running on it."""
    clock = SystemClock()
    store = store_of(settings, base, clock)
    await store.open()
    try:
        yield store, clock
    finally:
        await store.close()
