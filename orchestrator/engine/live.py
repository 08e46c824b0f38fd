"""Telling desks and widgets what has just become true."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from orchestrator import desk
from orchestrator.decide import DeskPresence
from orchestrator.engine.app import App
from orchestrator.ports import Bus, Clock, Records
from orchestrator.types import (
    Conversation,
    ConversationChanged,
    Handoff,
    Message,
    MessageAdded,
    QueueView,
    TypingChanged,
)

INSTANT = 0.3
"""Seconds within which an answer needs no sign that it is coming."""
MOST_TOLD = 100
"""Waiting customers who hear of a change of the queue at once; those further back see it when they next look."""


class Herald:
    def __init__(self, bus: Bus, records: Records, clock: Clock) -> None:
        self.bus = bus
        self.records = records
        self.clock = clock

    async def messages(self, messages: Sequence[Message]) -> None:
        for message in messages:
            await self.bus.publish(
                MessageAdded(app_id=message.app_id, conversation_id=message.conversation_id, message=message)
            )

    @asynccontextmanager
    async def thinking(self, conversation: Conversation, bot: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
        """The bot shows as typing when it takes longer than an instant, or says so itself by the callable."""
        shown = False

        async def show() -> None:
            nonlocal shown
            shown = True
            await self.typing(conversation, bot, True)

        def late() -> None:
            shows.append(asyncio.ensure_future(show()))

        shows: list[asyncio.Future[None]] = []
        timer = asyncio.get_running_loop().call_later(INSTANT, late)
        try:
            yield show
        finally:
            timer.cancel()
            if shown:
                await self.typing(conversation, bot, False)

    async def typing(self, conversation: Conversation, bot: str, on: bool) -> None:
        await self.bus.publish(
            TypingChanged(app_id=conversation.app_id, conversation_id=conversation.id, role="bot", author=bot, on=on)
        )

    async def conversation(self, app: App, conversation: Conversation, handoff: Handoff | None) -> None:
        await self.bus.publish(
            ConversationChanged(
                app_id=app.id,
                conversation_id=conversation.id,
                conversation=conversation,
                handoff=handoff,
                queue=await self.queue_view(app, conversation),
            )
        )

    async def queue_view(self, app: App, conversation: Conversation) -> QueueView | None:
        """Where the customer stands, None when they do not wait."""
        reference = conversation.handoff
        if reference is None or reference.state != "offered":
            return None
        waiting = await self.records.waiting(app.id, team=reference.team)
        return await self.view(app, waiting, reference.id, reference.team)

    async def view(self, app: App, waiting: Sequence[Handoff], handoff_id: str, team: str) -> QueueView:
        now = self.clock.now()
        return desk.queue_view(
            waiting,
            handoff_id,
            now=now,
            is_open=app.policy.opens(now).open,
            agents=await self.agents(app, team),
        )

    async def presence(self, app: App) -> DeskPresence:
        """What rules may read of the desk; the queue is counted only for those that do."""
        waiting = await self.records.waiting(app.id) if app.policy.reads("desk", "waiting") else ()
        return DeskPresence(agents=await self.agents(app, app.settings.policy.team), waiting=len(waiting))

    async def agents(self, app: App, team: str) -> int:
        """Agents online who work for the team; one without teams works for all."""
        teams = await self.bus.presences(app.id)
        return sum(1 for mine in teams.values() if not mine or team in mine)

    async def queue(self, app: App, team: str, *, but: str) -> None:
        """The queue of a team changed: tell those who wait in it, except conversation `but`."""
        waiting = await self.records.waiting(app.id, team=team)
        for handoff in desk.order(waiting, self.clock.now())[:MOST_TOLD]:
            if handoff.conversation_id != but:
                conversation = await self.records.conversation(app.id, handoff.conversation_id)
                await self.bus.publish(
                    ConversationChanged(
                        app_id=app.id,
                        conversation_id=conversation.id,
                        conversation=conversation,
                        handoff=handoff,
                        queue=await self.view(app, waiting, handoff.id, team),
                    )
                )
