"""Places for running turns: nobody's burst, and nobody's slow bot, takes them all."""

import asyncio
from collections import Counter, deque

ROOM = 1
"""Turns that may wait for their app's share to have room, for each that may run."""

Key = tuple[str, str]
"""An app and one of its channels."""


class Crowded(Exception):
    """So many wait for their share already that this one has to come again."""


class Places:
    """`total` turns may run at once, of them `per_app` of one app and `per_channel` of one channel.

    A place that becomes free goes to the app that has fewest, there to the channel that has fewest, and there to whom
    waited longest. No more is claimed than can begin at once: what waits here could run in another process. Only those
    over their share are left waiting, so that others pass; and of them only so many that others can.
    """

    def __init__(self, total: int, per_app: int, per_channel: int) -> None:
        self.total = total
        self.per_app = per_app
        self.per_channel = per_channel
        self.arriving = 0
        self.taken = 0
        self.waiting = 0
        self.apps: Counter[str] = Counter()
        self.channels: Counter[Key] = Counter()
        self.lines: dict[Key, deque[asyncio.Future[None]]] = {}
        self.open = asyncio.Event()
        self.open.set()

    @property
    def room(self) -> int:
        """How many more may be claimed."""
        return max(self.total - self.taken - self.arriving, 0)

    async def admit(self) -> "Admission":
        """One more, as soon as there is room."""
        while not self.room:
            self.open.clear()
            await self.open.wait()
        self.arriving += 1
        return Admission(self)

    def gone(self) -> None:
        """One that was admitted is placed, or will never be."""
        self.arriving -= 1
        self.open.set()

    def enter(self, key: Key) -> bool:
        """Whether there is a place at once; it is then taken."""
        if self.lines.get(key) or not self.fits(key):
            return False
        self.count(key, 1)
        return True

    async def wait(self, key: Key) -> None:
        """Until there is a place, which is then taken. Raises Crowded."""
        if self.waiting >= self.total * ROOM:
            raise Crowded
        ready = asyncio.get_running_loop().create_future()
        self.lines.setdefault(key, deque()).append(ready)
        self.waiting += 1
        try:
            await ready
        except asyncio.CancelledError:
            self.forget(key, ready)
            raise
        finally:
            self.waiting -= 1

    def leave(self, key: Key) -> None:
        self.count(key, -1)
        self.fill()
        self.open.set()

    def fits(self, key: Key) -> bool:
        return self.taken < self.total and self.apps[key[0]] < self.per_app and self.channels[key] < self.per_channel

    def count(self, key: Key, change: int) -> None:
        self.taken += change
        self.apps[key[0]] += change
        self.channels[key] += change

    def fill(self) -> None:
        """Give what is free to those who wait."""
        while fitting := [key for key in self.lines if self.fits(key)]:
            key = min(fitting, key=lambda one: (self.apps[one[0]], self.channels[one]))
            ready = self.lines[key].popleft()
            if not self.lines[key]:
                del self.lines[key]
            if not ready.done():
                self.count(key, 1)
                ready.set_result(None)

    def forget(self, key: Key, ready: "asyncio.Future[None]") -> None:
        """It was cancelled while it waited, or at the very moment it was given its place."""
        line = self.lines.get(key, deque())
        if ready in line:
            line.remove(ready)
            if not line:
                del self.lines[key]
        elif not ready.cancelled():
            self.leave(key)


class Admission:
    """One turn's way to its place; `leave` is called at its end, whatever happened."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.app_id = ""
        self.key: Key | None = None
        self.arriving = True
        self.waits = False

    async def enter(self, app_id: str, channel_id: str) -> bool:
        """Returns with a place taken; False when it had to be waited for. Raises Crowded."""
        if self.key is not None:
            return True
        self.app_id, key = app_id, (app_id, channel_id)
        at_once = self.places.enter(key)
        self.arrived()
        if not at_once:
            self.waits = True
            try:
                await self.places.wait(key)
            finally:
                self.waits = False
        self.key = key
        return at_once

    def arrived(self) -> None:
        if self.arriving:
            self.arriving = False
            self.places.gone()

    def leave(self) -> None:
        self.arrived()
        if self.key is not None:
            self.places.leave(self.key)
            self.key = None


def shared(total: int, share: float, several: bool) -> int:
    """How many of `total` one of several may have; the only one has them all."""
    return max(1, int(total * share)) if several else total
