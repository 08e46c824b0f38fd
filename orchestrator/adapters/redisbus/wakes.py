"""Wake-ups over Redis: what this process may work on is leased from the stream, and queued here for those who claim."""

import asyncio
import random
import secrets
from collections.abc import Sequence
from typing import Any

import structlog
from redis.exceptions import ResponseError

from orchestrator.adapters.localbus.wakeups import Wakeups
from orchestrator.adapters.redisbus import server
from orchestrator.adapters.redisbus.bundle import Bundle, Done, Wish
from orchestrator.adapters.redisbus.line import Line
from orchestrator.adapters.redisbus.link import Link, closed, ended
from orchestrator.adapters.redisbus.script import CLAIM, KEEP, OWNER, REAP
from orchestrator.errors import ParleyError

GROUP = "workers"
MOST = 64
"""Conversations fetched at once: more would pile up here while another process has nothing to do."""
BLOCK = 1.0
"""Seconds one fetch waits for news; closing waits for it, so that nothing is handed to a process that is going."""
GRACE = 1.0
"""Seconds something fetched waits for a claim before others may have it."""
BEATS = 3
"""Times a lease is renewed before it would end."""
VANISHED = ("NOGROUP", "UNBLOCKED")
"""How Redis answers a blocked reader when the stream is flushed away; the next script makes it again."""

log = structlog.get_logger("parley.redis")


class Wakes:
    """`local` is the queue of this process: fed from Redis, or, while Redis is away, by whoever wakes here.

    `entries` are the stream's entries, by conversation, of all that is leased to this process: queued here or running.
    `owed` are those that were to be released when Redis could not be told.
    Nothing here raises for Redis. The fence is the store's version: a lease only saves work from being done twice.
    """

    def __init__(self, link: Link, line: Line, *, lease: float, block: float = BLOCK) -> None:
        self.link = link
        self.line = line
        self.lease = lease
        self.block = block
        self.keys = link.keys.scheduling
        self.consumer = secrets.token_hex(8)
        self.local = Wakeups()
        self.entries: dict[str, str] = {}
        self.wishes: list[Wish] = []
        self.owed: dict[str, tuple[str, str]] = {}
        self.stray: list[tuple[str, str]] = []
        self.claims = 0
        self.room = 0
        self.works = False
        self.behind = True
        self.closing = False
        self.hungry = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []
        line.sources.append(self.gathered)
        link.restored.append(self.repay)

    def open(self) -> None:
        self.closing = False
        self.tasks = [
            asyncio.create_task(self.fetching(), name="parley-redis-fetch"),
            asyncio.create_task(self.keeping(), name="parley-redis-leases"),
        ]

    async def close(self) -> None:
        """What was fetched and nobody claimed is given back."""
        self.closing = True
        self.hungry.set()
        if self.tasks and self.link.up.is_set():
            await asyncio.wait(self.tasks[:1], timeout=self.block + self.link.timeout)
        await ended(*self.tasks)
        self.tasks = []
        self.give_back()

    # What the engine asks

    def wake(self, conversation_id: str, app_id: str) -> None:
        if self.link.up.is_set():
            self.wishes.append(("w", conversation_id, app_id))
            self.line.ring()
        else:
            self.wake_here(conversation_id, app_id)

    async def claim(self, room: int) -> str:
        self.works = True
        self.claims += 1
        self.room = max(room, self.claims)
        self.hungry.set()
        try:
            return await self.local.claim()
        except asyncio.CancelledError:
            self.wane()  # something may have been fetched for it
            raise
        finally:
            self.claims -= 1

    def release(self, conversation_id: str) -> None:
        self.local.release(conversation_id)
        if conversation_id not in self.local.ready and (entry := self.entries.pop(conversation_id, "")):
            self.wish("r", conversation_id, entry)

    # Wishes, many in one call

    def wish(self, kind: str, conversation_id: str, entry: str) -> None:
        self.wishes.append((kind, conversation_id, entry))
        self.line.ring()

    def gathered(self, bundle: Bundle) -> None:
        bundle.consumer, bundle.scheduled = self.consumer, self.wished(self.wishes)
        bundle.wishes, self.wishes = self.wishes, []

    def wished(self, wishes: Sequence[Wish]) -> Done:
        def done(answer: Any) -> None:
            if isinstance(answer, BaseException):
                for kind, conversation_id, other in wishes:
                    if kind == "w":
                        self.wake_here(conversation_id, other)
                    else:
                        self.owed[conversation_id] = (kind, other)

        return done

    def repay(self) -> None:
        """Redis is back, and may still hold for this process what was released meanwhile: until the lease ends."""
        owed, self.owed = self.owed, {}
        for conversation_id, (kind, entry) in owed.items():
            again = conversation_id in self.local.running or conversation_id in self.local.ready
            if again and conversation_id not in self.entries:
                self.entries[conversation_id] = entry
            else:
                self.wish(kind, conversation_id, entry)

    def wake_here(self, conversation_id: str, app_id: str) -> None:
        """Redis is away. A process that claims nothing leaves it to the sweep of one that does."""
        if self.works and not self.closing:
            if not self.stray:
                asyncio.get_running_loop().call_soon(self.scatter)
            self.stray.append((conversation_id, app_id))

    def scatter(self) -> None:
        """Every process's sweep finds the same: each works through it in an order of its own, and finds most done."""
        stray, self.stray = self.stray, []
        random.shuffle(stray)
        for conversation_id, app_id in stray:
            self.local.wake(conversation_id, app_id)

    # From the stream

    async def fetching(self) -> None:
        while not self.closing:
            await self.link.up.wait()
            try:
                await self.fetch()
            except Exception as error:
                self.link.lost(error)
                self.behind = True

    async def fetch(self) -> None:
        """Through one connection, until it is lost. Raises LOST."""
        losses = self.link.losses
        reader = await self.link.direct(self.keys[0], self.block + self.link.timeout)
        try:
            while losses == self.link.losses and not self.closing:
                room = min(max(self.room, self.claims) - len(self.local.ready), MOST)
                if not self.claims:
                    await self.rest()
                elif self.behind:
                    await self.ask(max(room, 0))
                elif room > 0:
                    await self.listen(reader, room)
                await asyncio.sleep(0)  # claims that are served now say how much room is left
        finally:
            await closed(reader)

    async def rest(self) -> None:
        """Until somebody claims. Others may be waiting for what is still in the lanes."""
        if self.behind:
            await self.ask(0)
        self.hungry.clear()
        if not self.claims and not self.closing:
            await self.hungry.wait()

    async def ask(self, room: int) -> None:
        """At once, together with the releases that are due; fills the window besides."""
        found = await self.line.run_script(CLAIM, self.keys, self.consumer, room)
        self.behind = len(found) >= 3 * room
        self.lay_out(found)

    async def listen(self, reader: Any, room: int) -> None:
        """Wait for what is woken from now on."""
        milliseconds = max(int(self.block * 1000), 1)
        command = ("XREADGROUP", "GROUP", GROUP, self.consumer, "COUNT", room, "BLOCK", milliseconds)
        try:
            answer = await reader.execute_command(*command, "STREAMS", self.keys[0], ">")
        except ResponseError as error:
            if not str(error).startswith(VANISHED):
                raise
            self.behind = True
            return
        for _, entries in answer or ():
            for entry, fields in entries:
                self.behind = self.behind or b"f" in fields
                self.lay_out((entry, fields[b"c"], fields[b"a"]))

    def lay_out(self, found: Sequence[bytes]) -> None:
        """Entry, conversation and app, one after the other."""
        for entry, conversation, app in zip(found[::3], found[1::3], found[2::3], strict=True):
            conversation_id = conversation.decode()
            if self.entries.get(conversation_id) != entry.decode():
                self.entries[conversation_id] = entry.decode()
                self.local.wake(conversation_id, app.decode())
        if found and not self.claims:
            self.wane()

    def wane(self) -> None:
        asyncio.get_running_loop().call_later(GRACE, self.unclaimed)

    def unclaimed(self) -> None:
        if not self.claims and not self.closing:
            self.give_back()

    def give_back(self) -> None:
        for conversation_id in list(self.local.ready):
            entry = self.entries.get(conversation_id)
            if entry and self.local.withdraw(conversation_id):
                del self.entries[conversation_id]
                self.wish("b", conversation_id, entry)

    # Leases

    async def keeping(self) -> None:
        """Renew what is leased here, and take over from the dead. Leases are measured by Redis alone."""
        while True:
            await asyncio.sleep(self.lease / BEATS * random.uniform(0.8, 1.0))
            try:
                if self.link.up.is_set():
                    await self.keep()
                    await self.reap()
                    await self.sign()
            except Exception as error:
                self.link.lost(error)

    async def sign(self) -> None:
        """Say again whose this Redis is: it may have been emptied. Raises LOST, also when it is another's by now."""
        owner, key = self.link.owner, self.link.keys.deployment
        try:
            server.belongs(await self.line.run_script(OWNER, (key,), owner), key, owner)
        except ParleyError as error:
            raise server.Unfit(str(error)) from None

    async def keep(self) -> None:
        held = list(self.entries.items())
        if held:
            entries = [entry for _, entry in held]
            lost = await self.line.run_script(KEEP, self.keys, self.consumer, *entries)
            self.forget({entry.decode() for entry in lost})

    def forget(self, lost: set[str]) -> None:
        for conversation_id, entry in list(self.entries.items()):
            if entry in lost:
                del self.entries[conversation_id]
                self.local.withdraw(conversation_id)
                log.info("lease lost; another worker may have the conversation", conversation_id=conversation_id)

    async def reap(self) -> None:
        if not self.claims:
            return
        room = min(max(self.room, self.claims), MOST)
        found = await self.line.run_script(REAP, self.keys, self.consumer, int(self.lease * 1000), room)
        if found:
            log.info("took over from a worker that is gone", conversations=len(found) // 3)
        self.lay_out(found)
