"""A whole Parley in the test's own process: real store, bus and engine, configured as a user would."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.app import Runtime, build
from orchestrator.config import Settings
from orchestrator.types import (
    Accepted,
    Agent,
    Conversation,
    ConversationChanged,
    Message,
    MessageAdded,
    Part,
    Received,
    Started,
    Text,
    Trace,
)
from tests.support.postgres import url_for
from tests.support.sqlite import lay

PATIENCE = 10.0
kept_in = "sqlite"
"""Or "postgres": what houses are built on from now on; see tests/turns/conftest.py."""
QUIET_NLP = {"enabled": False, "translators": "none"}


def settings(folder: Path, **app: Any) -> Settings:
    """One app "shop" with the bots of tests.support.bots by their names, and a web chat channel "web"."""
    names = (
        "echo",
        "slow",
        "person",
        "lost",
        "broken",
        "endless",
        "passes",
        "circle",
        "choices",
        "counter",
        "later",
        "drafts",
    )
    bots = {name: {"kind": "python", "bot": f"tests.support.bots:{name}"} for name in (*names, "silent")}
    bots |= app.pop("bots", {})
    shop = {
        "bot": "echo",
        "nlp": QUIET_NLP,
        "channels": {"web": {"kind": "webchat"}},
        "teams": {"support": {}, "orders": {}},
        **app,
        "bots": bots,
    }
    return Settings(
        store={"url": f"sqlite:///{folder / 'parley.db'}", "media": folder / "media"},
        engine={"sweep_seconds": 0.2},
        apps={"shop": shop},
    )


@dataclass
class House:
    runtime: Runtime
    app: str = "shop"
    channel: str = "web"
    count: int = 0

    async def hear(self, text: str, *, address: str = "visitor", external_id: str = "", **more: Any) -> Accepted:
        """The customer says something; returns once it is durable."""
        return await self.receive((Text(text=text),), address=address, external_id=external_id, **more)

    async def receive(
        self, parts: tuple[Part, ...], *, address: str = "visitor", external_id: str = "", **more: Any
    ) -> Accepted:
        self.count += 1
        event = Received(
            address=address,
            external_id=external_id or f"{address}-{self.count}",
            parts=parts,
            at=self.runtime.clock.now(),
            **more,
        )
        return (await self.runtime.engine.accept(self.app, self.channel, [event]))[0]

    async def open_chat(self, address: str = "visitor", **more: Any) -> Accepted:
        event = Started(address=address, external_id="open", at=self.runtime.clock.now(), **more)
        return (await self.runtime.engine.accept(self.app, self.channel, [event]))[0]

    async def conversation(self, address: str = "visitor") -> Conversation:
        found = await self.runtime.store.find_conversation(self.channel, address)
        assert found is not None
        return found

    async def log(self, address: str = "visitor", *, public: bool = True) -> list[Message]:
        conversation = await self.conversation(address)
        return list(await self.runtime.store.messages(conversation.id, limit=500, public=public))

    async def lines(self, address: str = "visitor") -> list[str]:
        """What stands in the thread, as "role: words"."""
        return [f"{message.role}: {words(message)}" for message in await self.log(address)]

    async def traces(self, address: str = "visitor") -> list[Trace]:
        conversation = await self.conversation(address)
        return list(await self.runtime.store.traces(conversation.id, limit=50))

    async def settled(self, address: str = "visitor") -> Conversation:
        """Wait until every accepted message has been through a turn."""
        async with asyncio.timeout(PATIENCE), self.runtime.bus.subscribe(self.app) as news:
            while (await self.conversation(address)).id in await self.unfinished():
                async for update in news:
                    if update is None or isinstance(update, ConversationChanged):
                        break
            return await self.conversation(address)

    async def unfinished(self) -> set[str]:
        return set(await self.runtime.store.unfinished(self.runtime.clock.now(), 1000))

    async def until(self, text: str, address: str = "visitor") -> Message:
        """Wait for a message that holds this text."""
        async with asyncio.timeout(PATIENCE), self.runtime.bus.subscribe(self.app) as news:
            for message in await self.log(address, public=False):
                if text in words(message):
                    return message
            async for update in news:
                if isinstance(update, MessageAdded) and text in words(update.message):
                    return update.message
        raise AssertionError("the bus closed")

    def agent(self, name: str = "Ada", **more: Any) -> Agent:
        return Agent(
            app_id=self.app,
            id=f"agent-{name.lower()}",
            email=f"{name.lower()}@example.org",
            name=name,
            password_hash="",
            created_at=self.runtime.clock.now(),
            **more,
        )


def words(message: Message) -> str:
    return " | ".join(getattr(part, "text", "") or getattr(part, "title", "") for part in message.parts)


@asynccontextmanager
async def house(folder: Path, *, runtime: Mapping[str, Any] | None = None, **app: Any) -> AsyncIterator[House]:
    """`runtime` replaces parts of Settings, `app` parts of the app; everything runs until the context ends."""
    given = settings(folder, **app)
    if kept_in == "postgres":
        given = given.model_copy(update={"store": given.store.model_copy(update={"url": await url_for(folder)})})
    else:
        lay(folder / "parley.db")
    built = build(given.model_copy(update=dict(runtime or {})), folder)
    async with built.open():
        yield House(built)
