"""The open desks of this process, one per browser tab, and who is online by them. Other processes have others."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.ports import Bus
from orchestrator.types import Agent, Session, SignedOut

ONLINE_SECONDS = 45.0
"""How long an agent counts as online after a sign of life; a tab gives one every LIFE_SECONDS."""

LIFE_SECONDS = 15.0

RELOAD_SECONDS = 20.0
"""Whoever closes the last tab here stays online this long: a reload is no absence, and a tab in another process gives
its next sign of life before that."""


class Tabs:
    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.open: dict[asyncio.Event, Session] = {}

    @contextmanager
    def joined(self, session: Session) -> Iterator[asyncio.Event]:
        """Counts a tab as open. The event is set when it must close: its session was ended in this process."""
        ended = asyncio.Event()
        self.open[ended] = session
        try:
            yield ended
        finally:
            self.open.pop(ended, None)

    async def alive(self, agent: Agent) -> None:
        await self.bus.present(agent.app_id, agent.id, agent.teams, ONLINE_SECONDS)

    async def left(self, agent: Agent) -> None:
        """A tab of the agent closed."""
        if not any(self._of(agent.app_id, agent.id)):
            await self.bus.present(agent.app_id, agent.id, agent.teams, RELOAD_SECONDS)

    async def sign_out(self, session: Session) -> None:
        """Close the session's tabs, in every process. The agent is offline at once, unless another session says no."""
        for ended, known in list(self.open.items()):
            if known.digest == session.digest:
                del self.open[ended]
                ended.set()
        if not any(self._of(session.app_id, session.agent_id)):
            await self.bus.present(session.app_id, session.agent_id, (), 0)
        await self.bus.publish(SignedOut(app_id=session.app_id, agent_id=session.agent_id, digest=session.digest))

    def _of(self, app_id: str, agent_id: str) -> Iterator[Session]:
        return (known for known in self.open.values() if (known.app_id, known.agent_id) == (app_id, agent_id))
