"""Live updates for readers in this process. A slow reader never holds up a publisher, and never grows."""

import asyncio
from types import TracebackType
from typing import Self

from orchestrator.types import Live

Topic = tuple[str, str]


class Feeds:
    """Subscriptions by (app, conversation); (app, "") reads everything of the app."""

    def __init__(self, backlog: int) -> None:
        if backlog < 1:
            raise ValueError(f"backlog {backlog!r}: a reader needs room for at least one update")
        self.backlog = backlog
        self.topics: dict[Topic, dict[Feed, None]] = {}
        self.closed = False

    def open(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True
        for readers in list(self.topics.values()):
            for feed in list(readers):
                feed.end()

    def subscribe(self, app_id: str, conversation_id: str) -> "Feed":
        return Feed(self, (app_id, conversation_id))

    def publish(self, event: Live) -> None:
        for topic in {(event.app_id, ""), (event.app_id, event.conversation_id)}:
            for feed in self.topics.get(topic, ()):
                feed.push(event)

    def join(self, feed: "Feed") -> None:
        self.topics.setdefault(feed.topic, {})[feed] = None
        if self.closed:
            feed.end()

    def leave(self, feed: "Feed") -> None:
        readers = self.topics.get(feed.topic, {})
        readers.pop(feed, None)
        if not readers:
            self.topics.pop(feed.topic, None)


class Feed:
    """One subscription, for one reader. Over the backlog, all that waits gives way to a single None.

    The newest updates are kept rather than the oldest: a reader that sees None reads the store, which already
    has what was dropped, and goes on from there.
    """

    __slots__ = ("ended", "feeds", "queue", "topic", "waiter")

    def __init__(self, feeds: Feeds, topic: Topic) -> None:
        self.feeds = feeds
        self.topic = topic
        self.queue: list[Live | None] = []  # a deque has room for 64 from the start: most readers wait for one
        self.waiter: asyncio.Future[None] | None = None
        self.ended = False

    async def __aenter__(self) -> Self:
        self.feeds.join(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.feeds.leave(self)
        self.end()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Live | None:
        while not self.queue:
            if self.ended:
                raise StopAsyncIteration
            await self.news()
        return self.queue.pop(0)

    async def news(self) -> None:
        if self.waiter is not None:
            raise RuntimeError("a subscription has one reader: subscribe again for a second one")
        self.waiter = asyncio.get_running_loop().create_future()
        try:
            await self.waiter
        finally:
            self.waiter = None

    def push(self, event: Live) -> None:
        if len(self.queue) >= self.feeds.backlog:
            self.queue.clear()
            self.queue.append(None)
        self.queue.append(event)
        self.ring()

    def lose(self) -> None:
        """All that waits gives way to a None, of which the reader hears with the next `ring` or update."""
        self.queue.clear()
        self.queue.append(None)

    def end(self) -> None:
        """The reader gets what is left, then its loop ends."""
        self.ended = True
        self.ring()

    def ring(self) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)
