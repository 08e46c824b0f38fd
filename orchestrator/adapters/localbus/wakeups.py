"""Which conversations want work: first woken, first claimed, and each by one worker at a time."""

import asyncio


class Wakeups:
    """A conversation is asleep, ready (in the queue) or running; `running[id]` says whether it was woken meanwhile."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[str] = asyncio.Queue()
        self.ready: set[str] = set()
        self.running: dict[str, bool] = {}

    def wake(self, conversation_id: str) -> None:
        if conversation_id in self.running:
            self.running[conversation_id] = True
        elif conversation_id not in self.ready:
            self.ready.add(conversation_id)
            self.queue.put_nowait(conversation_id)

    async def claim(self) -> str:
        """Cancelling a claim loses nothing: Queue.get takes an item only when it is about to return it."""
        conversation_id = await self.queue.get()
        self.ready.discard(conversation_id)
        self.running[conversation_id] = False
        return conversation_id

    def release(self, conversation_id: str) -> None:
        """Woken while it ran, it goes to the back of the queue. Releasing what nobody claimed changes nothing."""
        if self.running.pop(conversation_id, False):
            self.wake(conversation_id)
