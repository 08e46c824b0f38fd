"""How much waits, and in which order."""

from collections.abc import Sequence
from typing import Any

from orchestrator import desk
from orchestrator.ports import Clock, Records
from orchestrator.types import Agent, Handoff

MOST_LISTED = 100
"""Waiting cases a desk lists; behind these there is work enough in front."""


class Counters:
    def __init__(self, records: Records, clock: Clock) -> None:
        self.records = records
        self.clock = clock

    async def queue(self, agent: Agent) -> Sequence[Handoff]:
        """All that waits for the agent's teams, next first."""
        waiting = await self.records.waiting(agent.app_id)
        mine = [case for case in waiting if works_for(agent, case.team)]
        return desk.order(mine, self.clock.now())

    async def frame(self, agent: Agent) -> dict[str, Any]:
        """`order` are conversation ids, next first."""
        queue = await self.queue(agent)
        mine = await self.records.conversations(agent.app_id, view="mine", agent_id=agent.id, limit=MOST_LISTED)
        order = [case.conversation_id for case in queue[:MOST_LISTED]]
        return {"type": "counters", "queue": len(queue), "mine": len(mine), "order": order}


def works_for(agent: Agent, team: str) -> bool:
    return agent.role == "admin" or not agent.teams or team in agent.teams
