"""Greeting again: a customer who comes back to a conversation, and has said nothing yet."""

from dataclasses import dataclass
from datetime import timedelta

from orchestrator.copies import replace
from orchestrator.engine.app import App, Channel
from orchestrator.engine.compose import Speech
from orchestrator.engine.desk import Desk
from orchestrator.errors import Conflict, Unavailable
from orchestrator.ports import Clock
from orchestrator.types import Conversation, Loaded, Started

QUIET = timedelta(minutes=30)
"""After which a conversation that was left open begins anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    clock: Clock
    desk: Desk

    async def again(self, app: App, channel: Channel, head: Conversation, event: Started) -> bool:
        """Whether the bot has a turn to greet in. Kept before it is told: a process that dies leaves it to the sweep.

        Raises Unavailable.
        """
        if not self.due(head, event):
            return False
        now = self.clock.now()

        async def change(app: App, loaded: Loaded, speech: Speech) -> tuple[Conversation, None]:
            before = loaded.conversation
            if not self.due(before, event):
                return before, None
            here = replace(before, channel_id=channel.id, address=event.address, opted_out=None, opt_out_learnt=False)
            return replace(here, started_by=event.external_id, opening=now, wake_at=now, status="open"), None

        try:
            committed = await self.desk.change(app.id, head.id, change)
        except Conflict as error:
            raise Unavailable(str(error)) from None
        return committed.conversation.opening is not None

    def due(self, head: Conversation, event: Started) -> bool:
        """A redelivery says nothing new: it has the id of the last opening, or is older than what came of it."""
        forbidden = head.opted_out is not None and not (head.opt_out_learnt and event.at > head.opted_out)
        if head.version == 0 or forbidden or (event.external_id and event.external_id == head.started_by):
            return False
        if head.controller.kind != "bot" or head.awaiting is not None or head.processed_seq < head.last_seq:
            return False
        quiet = min(event.at, self.clock.now()) - head.updated_at
        return quiet >= QUIET or (head.status == "closed" and quiet > timedelta())
