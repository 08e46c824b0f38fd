"""The adapters that the store suites run over: add yours to ADAPTERS."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from orchestrator.adapters.sqlite import SqliteStore
from orchestrator.adapters.stores import Database as Database
from orchestrator.types import Accepted
from tests.support.builders import conversation, received, unique
from tests.support.clock import ManualClock
from tests.support.postgres import opened, url_for
from tests.support.sqlite import lay


@asynccontextmanager
async def sqlite(folder: Path, clock: ManualClock) -> AsyncIterator[Database]:
    store = SqliteStore(lay(folder / "parley.db"), clock)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def postgres(folder: Path, clock: ManualClock) -> AsyncIterator[Database]:
    async with opened(await url_for(folder), clock) as store:
        yield store


Opened = Callable[[Path, ManualClock], AbstractAsyncContextManager[Database]]

ADAPTERS: dict[str, Opened] = {"sqlite": sqlite, "postgres": postgres}
"""Each opens the same database again when it is given the same folder."""


async def hear(store: Database, text: str = "hello", *, address: str = "visitor", **more: Any) -> Accepted:
    """A customer of the shop (or of `app_id`) says something on the channel "web" (or `channel_id`)."""
    place = {key: more.pop(key) for key in ("app_id", "channel_id") if key in more}
    event = received(text, address=address, **more)
    return await store.accept(conversation(address=address, **place), event, unique("message"))
