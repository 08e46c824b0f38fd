"""How much waits, and in which order."""

import asyncio
from collections.abc import Sequence
from typing import Any

from orchestrator import desk
from orchestrator.ports import Clock, Records
from orchestrator.types import Agent, Handoff

MOST_LISTED = 100
"""Waiting cases a desk lists; behind these there is work enough in front."""


class Counters:
    """The queue of each app, read once for all its tabs until one of them hears that something changed."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self.records = records
        self.clock = clock
        self.known: dict[str, asyncio.Task[Sequence[Handoff]]] = {}

    async def queue(self, agent: Agent) -> Sequence[Handoff]:
        """All that waits for the agent's teams as it is now, next first."""
        return ours(agent, await self._read(agent.app_id))

    async def frame(self, agent: Agent) -> dict[str, Any]:
        """`order` are conversation ids, next first."""
        queue = ours(agent, await self._shared(agent.app_id))
        mine = await self.records.conversations(agent.app_id, view="mine", agent_id=agent.id, limit=MOST_LISTED)
        order = [case.conversation_id for case in queue[:MOST_LISTED]]
        return {"type": "counters", "queue": len(queue), "mine": len(mine), "order": order}

    def changed(self, app_id: str) -> None:
        self.known.pop(app_id, None)

    async def _shared(self, app_id: str) -> Sequence[Handoff]:
        if app_id not in self.known or failed(self.known[app_id]):
            self.known[app_id] = asyncio.create_task(self._read(app_id))
        return await asyncio.shield(self.known[app_id])

    async def _read(self, app_id: str) -> Sequence[Handoff]:
        return desk.order(await self.records.waiting(app_id), self.clock.now())


def failed(task: asyncio.Task[Sequence[Handoff]]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


def ours(agent: Agent, queue: Sequence[Handoff]) -> Sequence[Handoff]:
    if agent.role == "admin" or not agent.teams:
        return queue
    return [case for case in queue if case.team in agent.teams]
