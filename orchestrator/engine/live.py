"""Telling desks and widgets what has just become true."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

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


NOBODY = DeskPresence()


class Thinking:
    """Around asking a bot. A class, not a generator: it is entered in every turn and mostly does nothing."""

    def __init__(self, herald: "Herald", conversation: Conversation, bot: str) -> None:
        self.herald = herald
        self.conversation = conversation
        self.bot = bot
        self.shown = False
        self.late: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Callable[[], Awaitable[None]]:
        self.timer = asyncio.get_running_loop().call_later(INSTANT, self.overdue)
        return self.show

    async def __aexit__(self, *_: object) -> None:
        self.timer.cancel()
        if self.shown:
            await self.herald.typing(self.conversation, self.bot, False)

    def overdue(self) -> None:
        self.late = asyncio.ensure_future(self.show())

    async def show(self) -> None:
        self.shown = True
        await self.herald.typing(self.conversation, self.bot, True)


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

    def thinking(self, conversation: Conversation, bot: str) -> "Thinking":
        """The bot shows as typing when it takes longer than an instant, or says so itself by the callable."""
        return Thinking(self, conversation, bot)

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
        if "desk" not in app.policy.roots:
            return NOBODY
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
