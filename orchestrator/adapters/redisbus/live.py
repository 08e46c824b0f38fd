"""Live updates over Redis: sharded pub/sub, one connection a process, and a None for every reader after each gap.

A message is a conversation and its update, line by line, for as many updates as were published at once. JSON has no
line breaks of its own, and ids have none. An update without a conversation and content is a gap.

Each app has a channel, heard by processes with a reader of it, and one more for each topic that is nobody's
conversation (named "~…"): who reads only that, as every process does, is not sent all that customers say.

A process that was killed may have committed what it never came to tell, or kept it back while Redis was away. So
whoever starts tells everybody of a gap: the one it replaces can't any more.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog
from redis.asyncio.client import PubSub

from orchestrator import codec
from orchestrator.adapters.localbus.feeds import Feed, Feeds
from orchestrator.adapters.redisbus.bundle import Bundle
from orchestrator.adapters.redisbus.line import Line
from orchestrator.adapters.redisbus.link import LOST, Down, Link, closed, ended
from orchestrator.errors import Malformed
from orchestrator.ports import Subscription
from orchestrator.types import Live

QUIET = 5.0
"""Seconds without a word after which the connection is asked whether it still is one."""
BLIND = 10.0
"""While Redis is away, readers are told about as often to look into the store themselves."""
SPREAD = 1.0
"""Seconds over which all readers of a process are told of a gap: they are not to ask the store all at once."""
LARGEST = 262_144
"""Bytes of one message: what is published at once beyond that goes with the next one."""
GAP = b""
ASIDE = "~"
"""Begins a topic that is nobody's conversation."""
EVERYBODY = ""
"""The channel every process hears."""

log = structlog.get_logger("parley.redis")


class Lives:
    def __init__(self, link: Link, line: Line, feeds: Feeds) -> None:
        self.link = link
        self.line = line
        self.feeds = feeds
        self.prefix = link.keys.live + ":"
        self.news: dict[str, list[bytes]] = {}
        self.kept: dict[str, list[Live]] = {}
        self.missed: set[str] = {EVERYBODY}
        self.heard: PubSub | None = None
        self.joined: dict[str, asyncio.Future[None]] = {}
        self.listening = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []
        line.sources.append(self.gathered)
        link.restored.append(line.ring)

    async def open(self) -> None:
        """Returns once it listens and everybody was told to look, or would have in time."""
        self.feeds.open()
        self.tasks = [
            asyncio.create_task(self.hearing(), name="parley-redis-live"),
            asyncio.create_task(self.looking(), name="parley-redis-blind"),
        ]
        try:
            async with asyncio.timeout(self.link.timeout):
                await self.listening.wait()
                self.line.ring()
                await self.line.settled()
        except LOST:
            log.debug("open before Redis sends live updates")

    async def close(self) -> None:
        """Readers get what was published until now, then their loops end."""
        await self.caught_up()
        await ended(*self.tasks)
        self.tasks = []
        self.feeds.close()

    # Publishing

    def publish(self, event: Live) -> None:
        if not self.link.up.is_set():
            self.unheard(event.app_id, [event])
            return
        lines = event.conversation_id.encode(), codec.live.dump(event)
        for name in {event.app_id, channel(event.app_id, event.conversation_id)}:
            self.news.setdefault(name, []).extend(lines)
        self.kept.setdefault(event.app_id, []).append(event)
        self.line.ring()

    def gathered(self, bundle: Bundle) -> None:
        news, self.news = self.news, {}
        kept, self.kept = self.kept, {}
        for name in self.missed:
            news.setdefault(name, [])[:0] = (GAP, GAP)
        self.missed = set()
        for name, lines in news.items():
            done = self.published(name, kept.get(name, []))
            for data in messages(lines):
                bundle.updates.append((self.prefix + name, data, done))

    def published(self, name: str, events: list[Live]) -> Callable[[Any], None]:
        def done(answer: Any) -> None:
            if isinstance(answer, BaseException):
                self.unheard(name, events)
                events.clear()

        return done

    def unheard(self, name: str, events: Sequence[Live]) -> None:
        """Redis is away: readers here hear it, those elsewhere are told of the gap once it is back."""
        self.missed |= {name, *(channel(event.app_id, event.conversation_id) for event in events)}
        for event in events:
            self.feeds.publish(event)

    # Hearing

    @asynccontextmanager
    async def subscribe(self, app_id: str, conversation_id: str) -> AsyncIterator[Subscription]:
        try:
            await self.line.settled()  # what was published before is not from now on
        except LOST:
            log.debug("subscribed without Redis")
        async with self.feeds.subscribe(app_id, conversation_id) as feed:
            await self.join(channel(app_id, conversation_id))
            yield feed

    async def join(self, name: str) -> None:
        """Returns once Redis sends the channel's updates here, or is known not to: then a None will follow."""
        if name not in self.joined:
            self.joined[name] = asyncio.get_running_loop().create_future()
            try:
                await self.ask_for(name)
            except LOST as error:
                self.link.lost(error)
        if self.link.up.is_set():
            await asyncio.wait([self.joined[name]], timeout=self.link.timeout)

    async def ask_for(self, name: str) -> None:
        """Not through a connection that was lost: redis-py would dial again, and whoever hears closes the first only.

        Until then the name is wanted, and asked for by the next connection. Raises LOST.
        """
        heard = self.heard
        if heard is not None and heard.connection is not None and heard.connection.is_connected:
            await heard.ssubscribe(self.prefix + name)

    async def hearing(self) -> None:
        while True:
            await self.link.up.wait()
            try:
                await self.hear()
            except Exception as error:
                self.link.lost(error)

    async def hear(self) -> None:
        """Through one connection, until it is lost. Raises LOST."""
        losses = self.link.losses
        client = await self.link.direct(self.link.keys.live, self.link.timeout)
        heard = client.pubsub()
        try:
            await heard.ssubscribe(self.prefix + EVERYBODY)
            self.heard = heard
            self.joined = self.wanted()
            if self.joined:
                await heard.ssubscribe(*(self.prefix + name for name in self.joined))
            while not all(future.done() for future in self.joined.values()):
                await self.hear_one(heard)
            # Only now: a reader that looks into the store any earlier may miss what comes before Redis listens to us.
            self.gap(self.readers())
            self.listening.set()
            while losses == self.link.losses:
                await self.hear_one(heard)
        finally:
            self.heard = None
            await heard.aclose()  # type: ignore[no-untyped-call]
            await closed(client)

    def wanted(self) -> dict[str, asyncio.Future[None]]:
        """Channels with readers here, and with some that are about to be and wait for it."""
        loop = asyncio.get_running_loop()
        waiting = {name: future for name, future in self.joined.items() if not future.done()}
        return {channel(*topic): loop.create_future() for topic in self.feeds.topics} | waiting

    async def hear_one(self, heard: PubSub) -> None:
        message = await heard.get_message(timeout=QUIET)
        if message is None:
            await heard.ping()
            message = await heard.get_message(timeout=self.link.timeout)
            if message is None:
                raise Down("no answer in time")
        match message["type"]:
            case "smessage":
                self.deliver(message["channel"].decode().removeprefix(self.prefix), message["data"])
            case "ssubscribe":
                self.confirmed(message["channel"].decode().removeprefix(self.prefix))
            case "sunsubscribe":
                raise Down("the cluster moved the channel to another node")

    def confirmed(self, name: str) -> None:
        future = self.joined.get(name)
        if future is not None and not future.done():
            future.set_result(None)

    def deliver(self, name: str, data: bytes) -> None:
        """An update is decoded when somebody here wants it."""
        lines = data.split(b"\n")
        for conversation, update in zip(lines[::2], lines[1::2], strict=False):
            if not update:
                self.gap(self.readers(name))
            elif readers := self.concerned(name, conversation.decode()):
                try:
                    event = codec.live.load(update)
                except Malformed as error:
                    # From a newer version, say: its readers look into the store instead.
                    log.warning("live update not understood", channel=name, error=str(error))
                    self.gap(self.readers(name))
                else:
                    for feed in readers:
                        feed.push(event)

    def concerned(self, name: str, conversation_id: str) -> list[Feed]:
        """Who reads what came by this channel: what is aside comes by the app's as well, for who reads all of it."""
        app_id, aside, _ = name.partition(ASIDE)
        found = self.feeds.topics
        readers = [] if aside else [*found.get((app_id, ""), ())]
        if conversation_id and channel(app_id, conversation_id) == name:
            readers += found.get((app_id, conversation_id), ())
        return readers

    # Gaps

    def readers(self, name: str = EVERYBODY) -> list[Feed]:
        """Of a channel, or of all."""
        found = self.feeds.topics.items()
        return [feed for topic, feeds in found if name in (EVERYBODY, channel(*topic)) for feed in feeds]

    def gap(self, feeds: Sequence[Feed]) -> None:
        """What waits gives way to a None at once; readers hear of it one after the other."""
        loop = asyncio.get_running_loop()
        for number, feed in enumerate(feeds):
            feed.lose()
            loop.call_later(SPREAD * number / max(len(feeds), 100), feed.ring)

    async def looking(self) -> None:
        while True:
            await asyncio.sleep(BLIND * random.uniform(0.8, 1.2))
            if not self.link.up.is_set():
                self.gap(self.readers())

    async def caught_up(self) -> None:
        """What was published here has come back, if Redis can be had."""
        if self.heard is None or not self.link.up.is_set():
            return
        try:
            async with asyncio.timeout(self.link.timeout):
                await self.line.settled()
                back: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self.joined[EVERYBODY] = back
                await self.ask_for(EVERYBODY)
                await back
        except LOST:
            log.debug("closed without the last live updates")


def channel(app_id: str, conversation_id: str) -> str:
    """By which its updates come."""
    return app_id + conversation_id if conversation_id.startswith(ASIDE) else app_id


def messages(lines: list[bytes]) -> Iterable[bytes]:
    """Pairs of lines, joined up to LARGEST."""
    batch: list[bytes] = []
    size = 0
    for at in range(0, len(lines), 2):
        pair = lines[at : at + 2]
        if batch and size + len(pair[1]) > LARGEST:
            yield b"\n".join(batch)
            batch, size = [], 0
        batch += pair
        size += len(pair[0]) + len(pair[1]) + 2
    if batch:
        yield b"\n".join(batch)
