"""Customers on the webhook channel, whose platform delivers twice, late and out of order until it is told yes."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp

from tests.chaos.scene import Scene

WAYS = {"plain": 62, "twice": 14, "late": 10, "swapped": 14}
SHORTEST = 0.7
"""Seconds between two lines of a customer, in the mean."""


@dataclass
class Event:
    token: str
    sent: float = -1.0
    """When it was first delivered; `acked` when that was first answered with 200."""
    acked: float = -1.0


@dataclass
class Customer:
    """Address "c<number>"; each line is unique."""

    scene: Scene
    number: int
    chance: random.Random
    events: list[Event] = field(default_factory=list)
    late: set["asyncio.Task[None]"] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"c{self.number}"

    async def talk(self, stopped: asyncio.Event) -> None:
        plan = self.scene.plan
        pause = max(SHORTEST, plan.conversations / plan.rate)
        await rested(self.chance.uniform(0, pause), stopped)
        while not stopped.is_set():
            way = self.chance.choices(list(WAYS), list(WAYS.values()))[0]
            self.scene.record.counts[f"platform: event delivered {way}"] += 1
            await self.deliver(way)
            await rested(self.chance.expovariate(1 / pause), stopped)
        await asyncio.gather(*self.late)

    async def deliver(self, way: str) -> None:
        event = self.next()
        match way:
            case "twice":
                await asyncio.gather(self.send(event), self.send(event))
            case "late":
                self.late.add(asyncio.create_task(self.later(event)))
            case "swapped":
                after = self.next()
                await self.send(after)
                await self.send(event)
            case _:
                await self.send(event)

    def next(self) -> Event:
        event = Event(f"~{self.number}.{len(self.events)}~")
        self.events.append(event)
        return event

    async def later(self, event: Event) -> None:
        await asyncio.sleep(self.chance.uniform(0.5, 3))
        await self.send(event)
        await self.send(event)

    async def send(self, event: Event) -> None:
        """Again and again, at any web process, until one says that it has it."""
        body = {"conversation": self.address, "id": event.token, "text": event.token}
        record = self.scene.record
        if event.sent < 0:
            event.sent = record.now
        while True:
            try:
                async with self.scene.http.post(f"{self.scene.web()}/hooks/hook", json=body) as answer:
                    if answer.status == 200:
                        event.acked = record.now if event.acked < 0 else event.acked
                        return
                    record.counts[f"platform: event answered {answer.status}"] += 1
            except (aiohttp.ClientError, TimeoutError):
                record.counts["platform: event not taken"] += 1
            await asyncio.sleep(0.1)


async def rested(seconds: float, stopped: asyncio.Event) -> None:
    """Or no longer than until all is over: among a thousand some would rest for minutes."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stopped.wait()
