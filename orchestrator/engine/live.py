"""Telling desks and widgets what has just become true."""

import asyncio
from collections.abc import Sequence

from orchestrator import desk
from orchestrator.decide import DeskPresence
from orchestrator.engine.app import App
from orchestrator.engine.bots import Show
from orchestrator.engine.signs import Signs
from orchestrator.handles import shown
from orchestrator.ports import Bus, Clock, Records
from orchestrator.types import (
    Conversation,
    ConversationChanged,
    DeliveryChanged,
    DeliveryState,
    Drafting,
    Handoff,
    Message,
    MessageAdded,
    Outgoing,
    QueueView,
    SendReason,
    TypingChanged,
)

INSTANT = 0.3
"""Seconds within which an answer needs no sign that it is coming."""
SHOWN_SECONDS = 0.1
"""Between two looks at an answer that is being made."""
LONGEST_SHOWN = 8000
"""Characters; what is longer is seen when it is done."""
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
        self.drafted = ""
        self.drafted_at = float("-inf")
        self.late: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Show:
        self.timer = asyncio.get_running_loop().call_later(INSTANT, self.overdue)
        return self.show

    async def __aexit__(self, *_: object) -> None:
        self.timer.cancel()
        if self.shown:
            await self.herald.typing(self.conversation, self.bot, False)

    def overdue(self) -> None:
        self.late = asyncio.ensure_future(self.show())

    async def show(self, so_far: str | None = None) -> None:
        if so_far is not None:
            await self.draft(so_far)
        elif not self.drafted:
            self.shown = True
            await self.herald.typing(self.conversation, self.bot, True)

    async def draft(self, so_far: str) -> None:
        now = self.herald.clock.monotonic()
        if so_far == self.drafted or len(so_far) > LONGEST_SHOWN or (so_far and now - self.drafted_at < SHOWN_SECONDS):
            return
        self.drafted, self.drafted_at = so_far, now
        await self.herald.drafting(self.conversation, self.bot, so_far)


class Herald:
    def __init__(self, bus: Bus, records: Records, clock: Clock, signs: Signs) -> None:
        self.bus = bus
        self.records = records
        self.clock = clock
        self.signs = signs

    async def messages(self, messages: Sequence[Message]) -> None:
        for message in messages:
            await self.bus.publish(
                MessageAdded(app_id=message.app_id, conversation_id=message.conversation_id, message=shown(message))
            )

    async def refused(self, rows: Sequence[Outgoing]) -> None:
        """Of those that were just committed, what will not even be tried."""
        for row in rows:
            if row.state == "failed":
                await self.undelivered(row)

    async def undelivered(self, row: Outgoing) -> None:
        """What came of a message, where it is not that it went out."""
        await self.delivery(row.app_id, row.conversation_id, row.message_id, row.state, row.error, row.reason)

    async def delivery(
        self,
        app_id: str,
        conversation_id: str,
        message_id: str,
        state: DeliveryState,
        error: str,
        reason: SendReason = "",
    ) -> None:
        await self.bus.publish(
            DeliveryChanged(
                app_id=app_id,
                conversation_id=conversation_id,
                message_id=message_id,
                state=state,
                error=error,
                reason=reason,
            )
        )

    def thinking(self, conversation: Conversation, bot: str) -> "Thinking":
        """The bot shows as typing when it takes longer than an instant, or says so itself by the callable."""
        return Thinking(self, conversation, bot)

    async def typing(self, conversation: Conversation, bot: str, on: bool) -> None:
        self.signs.show(conversation, on)
        await self.bus.publish(
            TypingChanged(app_id=conversation.app_id, conversation_id=conversation.id, role="bot", author=bot, on=on)
        )

    async def drafting(self, conversation: Conversation, bot: str, text: str) -> None:
        await self.bus.publish(
            Drafting(
                app_id=conversation.app_id,
                conversation_id=conversation.id,
                author=bot,
                version=conversation.version,
                text=text,
            )
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
        return await self.view(app, conversation, waiting, reference.id)

    async def view(
        self, app: App, conversation: Conversation, waiting: Sequence[Handoff], handoff_id: str
    ) -> QueueView:
        team = conversation.handoff.team if conversation.handoff else ""
        now = self.clock.now()
        return desk.queue_view(
            waiting,
            handoff_id,
            now=now,
            is_open=app.opens(conversation.channel_id, now).open,
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
                        queue=await self.view(app, conversation, waiting, handoff.id),
                    )
                )
