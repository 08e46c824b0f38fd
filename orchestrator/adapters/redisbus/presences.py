"""Who is at the desk, as Redis says; and as it last said, while it is away or was asked a moment ago."""

import asyncio
from collections.abc import Mapping, Sequence

from orchestrator import codec
from orchestrator.adapters.localbus.presence import Presence
from orchestrator.adapters.redisbus.call import Argument
from orchestrator.adapters.redisbus.keys import Keys
from orchestrator.adapters.redisbus.line import Line
from orchestrator.adapters.redisbus.link import LOST, Link
from orchestrator.adapters.redisbus.script import PRESENCES, PRESENT
from orchestrator.errors import Malformed
from orchestrator.ports import Clock

FRESH = 1.0
"""Seconds an answer is good for: every turn asks."""


class Presences:
    def __init__(self, link: Link, line: Line, clock: Clock) -> None:
        self.link = link
        self.line = line
        self.keys: Keys = link.keys
        self.clock = clock
        self.known = Presence()
        self.own = Presence()
        self.until: dict[str, float] = {}
        self.asking: dict[str, asyncio.Task[None]] = {}
        link.restored.append(self.repeat)

    async def keep(self, app_id: str, agent_id: str, teams: Sequence[str], ttl: float) -> None:
        for presence in (self.known, self.own):
            presence.keep(app_id, agent_id, teams, ttl, self.clock.monotonic())
        try:
            await self.line.run_script(PRESENT, *self.told(app_id, agent_id, teams, ttl))
        except LOST:
            return

    def told(
        self, app_id: str, agent_id: str, teams: Sequence[str], ttl: float
    ) -> tuple[tuple[str, ...], *tuple[Argument, ...]]:
        return (self.keys.agents(app_id),), agent_id, codec.names.dump(tuple(teams)), max(round(ttl * 1000), 0)

    def repeat(self) -> None:
        """Redis is back, perhaps empty: who is at a desk of this process is said again."""
        now = self.clock.monotonic()
        for app_id in list(self.own.apps):
            for agent_id in self.own.read(app_id, now):
                teams, until = self.own.apps[app_id][agent_id]
                keys, *arguments = self.told(app_id, agent_id, teams, until - now)
                self.line.post(PRESENT, keys, *arguments)

    async def read(self, app_id: str) -> Mapping[str, Sequence[str]]:
        if self.link.up.is_set() and self.until.get(app_id, 0.0) <= self.clock.monotonic():
            task = self.asking.get(app_id)
            if task is None:
                task = self.asking[app_id] = asyncio.create_task(self.ask(app_id))
                task.add_done_callback(lambda _: self.asking.pop(app_id, None))
            await asyncio.shield(task)
        return self.known.read(app_id, self.clock.monotonic())

    async def ask(self, app_id: str) -> None:
        """Everybody who asks at the same time waits for one answer."""
        try:
            found = await self.line.run_script(PRESENCES, (self.keys.agents(app_id),))
        except LOST:
            return
        now = self.clock.monotonic()
        self.known.apps.pop(app_id, None)
        for agent, teams, left in zip(found[::3], found[1::3], found[2::3], strict=True):
            try:
                self.known.keep(app_id, agent.decode(), codec.names.load(teams), left / 1000, now)
            except Malformed:
                continue
        self.until[app_id] = now + FRESH
