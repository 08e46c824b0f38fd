"""Which conversations want work: apps take turns; within one, first woken, first claimed, by one worker at a time."""

import asyncio
from collections import OrderedDict, deque


class Wakeups:
    """A conversation is asleep, ready (in its app's line) or running; `running[id]`: its app, and if woken since.

    `places` holds one place for each that is ready: whoever gets one takes the first of the app whose turn it is.
    """

    def __init__(self) -> None:
        self.places: asyncio.Queue[None] = asyncio.Queue()
        self.lines: OrderedDict[str, deque[str]] = OrderedDict()
        self.ready: set[str] = set()
        self.running: dict[str, tuple[str, bool]] = {}

    def wake(self, conversation_id: str, app_id: str = "") -> None:
        if conversation_id in self.running:
            known, _ = self.running[conversation_id]
            self.running[conversation_id] = (app_id or known, True)
        elif conversation_id not in self.ready:
            self.ready.add(conversation_id)
            self.lines.setdefault(app_id, deque()).append(conversation_id)
            self.places.put_nowait(None)

    async def claim(self) -> str:
        """Cancelling a claim loses nothing: Queue.get takes an item only when it is about to return it."""
        await self.places.get()
        app_id, line = next(iter(self.lines.items()))
        conversation_id = line.popleft()
        if line:
            self.lines.move_to_end(app_id)
        else:
            del self.lines[app_id]
        self.ready.discard(conversation_id)
        self.running[conversation_id] = (app_id, False)
        return conversation_id

    def release(self, conversation_id: str) -> None:
        """Woken while it ran, it goes to the back of the line. Releasing what nobody claimed changes nothing."""
        app_id, again = self.running.pop(conversation_id, ("", False))
        if again:
            self.wake(conversation_id, app_id)

    def withdraw(self, conversation_id: str) -> bool:
        """Nobody is to claim it here after all; False when it is not ready."""
        if conversation_id not in self.ready:
            return False
        self.ready.discard(conversation_id)
        self.places.get_nowait()
        app_id = next(app_id for app_id, line in self.lines.items() if conversation_id in line)
        self.lines[app_id].remove(conversation_id)
        if not self.lines[app_id]:
            del self.lines[app_id]
        return True
