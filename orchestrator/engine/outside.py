"""What happened on the platform without us: the customer forbade or allowed messages, a person of ours wrote there."""

from dataclasses import dataclass

from orchestrator.copies import replace
from orchestrator.decide.aggregates import after_agent
from orchestrator.engine import handoffs
from orchestrator.engine.app import App, Channel
from orchestrator.engine.compose import FORBIDDEN, Speech
from orchestrator.engine.desk import Desk
from orchestrator.engine.hear import debt, words
from orchestrator.errors import Conflict, NotFound, Unavailable
from orchestrator.ports import Clock, Records, Store
from orchestrator.types import (
    Consent,
    Controller,
    Conversation,
    Echoed,
    Handoff,
    HandoffOrder,
    Loaded,
    Outgoing,
    Started,
)

ELSEWHERE = "elsewhere"
"""Who leads a conversation that a person of ours answers in the platform's own app: no agent's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    store: Store
    records: Records
    clock: Clock
    desk: Desk

    async def consent(self, app: App, channel: Channel, event: Consent, fresh: Conversation) -> None:
        """An earlier word than the last one says nothing."""
        known = await self.records.find_conversation(channel.id, event.address)
        if known is None and event.allowed:
            return
        head = known or await self.begun(event.address, fresh)

        async def change(app: App, loaded: Loaded, speech: Speech) -> tuple[Conversation, None]:
            return consented(loaded.conversation, event), None

        if consented(head, event) != head:
            await self.desk.change(app.id, head.id, change, withdraw=not event.allowed)
        if not event.allowed:
            await self.refuse(head.id)

    async def refuse(self, conversation_id: str, but: str = "") -> None:
        """What still waits to be sent is dead, and the desk hears of it; of the row `but` it hears otherwise."""
        if await self.store.refuse(conversation_id, "opted_out", FORBIDDEN):
            rows = await self.records.deliveries(conversation_id)
            await self.desk.herald.refused([row for row in rows if row.reason == "opted_out" and row.id != but])

    async def refused(self, row: Outgoing) -> None:
        """The platform says, in place of the customer, that they take no messages. Raises Unavailable."""
        now = self.clock.now()

        async def change(app: App, loaded: Loaded, speech: Speech) -> tuple[Conversation, None]:
            head = loaded.conversation
            return (head if head.opted_out else replace(head, opted_out=now, opt_out_learnt=True)), None

        try:
            await self.desk.change(row.app_id, row.conversation_id, change)
        except NotFound:
            return
        except Conflict as error:
            raise Unavailable(str(error)) from None
        await self.store.settle(row)  # before the others: what the platform said of it is why
        await self.refuse(row.conversation_id, but=row.id)

    async def begun(self, address: str, fresh: Conversation) -> Conversation:
        """A conversation in which nobody has said anything yet. Nobody wakes it: no bot greets."""
        started = Started(address=address, external_id="", at=fresh.created_at)
        return (await self.store.accept(fresh, started, self.clock.new_id())).conversation

    async def echo(self, app: App, channel: Channel, event: Echoed, fresh: Conversation) -> None:
        """Into the log, never sent; unless the policy says otherwise, the bot is silent until it gets it back."""
        if await self.records.message_by_external(channel.id, event.external_id) is not None:
            return
        if await self.records.message_sent_as(channel.id, event.external_id) is not None:
            return
        head = await self.records.find_conversation(channel.id, event.address)
        head = head or await self.begun(event.address, fresh)
        if await self.reconciled(channel, event, head):
            return

        async def change(app: App, loaded: Loaded, speech: Speech) -> tuple[Conversation, Handoff | None]:
            self.write(app, loaded.conversation, event, speech)
            conversation = replace(
                loaded.conversation, aggregates=after_agent(loaded.conversation.aggregates), status="open"
            )
            return self.taken_over(app, replace(loaded, conversation=conversation))

        withdraw = app.settings.policy.outside_takes_over
        await self.desk.change(app.id, head.id, change, withdraw=withdraw and head.controller.kind == "bot")

    async def reconciled(self, channel: Channel, event: Echoed, head: Conversation) -> bool:
        """Whether it is a message of ours of which nobody knew whether it went out."""
        said = words(event.parts)
        for row in await self.records.deliveries(head.id):
            if said and row.state == "unknown" and said in (words(one.parts) for one in row.renderings):
                await self.store.status(channel.id, event.external_id, "sent", "", tracker(row))
                return True
        return False

    def write(self, app: App, conversation: Conversation, event: Echoed, speech: Speech) -> None:
        language = conversation.language.code
        message = self.desk.composer.message(
            conversation,
            event.parts,
            role="agent",
            author=event.author or ELSEWHERE,
            language=language,
            translations={},
            external_id=event.external_id,
        )
        speech.messages.append(replace(message, at=min(event.at, message.at)))
        if language != app.settings.pivot and words(event.parts):
            speech.owed.append(debt(message, language, app.settings.pivot))

    def taken_over(self, app: App, loaded: Loaded) -> tuple[Conversation, Handoff | None]:
        """An agent who has the case keeps it. Else it waits at the desk, for whoever goes on with it there."""
        before, now = loaded.conversation, self.clock.now()
        if not app.settings.policy.outside_takes_over or before.controller.kind == "desk" and before.controller.name:
            return before, None
        elsewhere = Controller(kind="desk", name=ELSEWHERE)
        if before.handoff is not None:
            return handoffs.controlled(before, elsewhere), None
        order = HandoffOrder(
            team=app.settings.policy.team, priority="normal", reason="A colleague answered in the platform's own app."
        )
        lines = (*loaded.history, *loaded.pending)
        packet = self.desk.briefing.packet(app, before, order, lines, loaded.profile)
        offered, handoff = handoffs.offered(app, before, order, packet, handoff_id=self.clock.new_id(), now=now)
        if offered.epoch == before.epoch:
            return handoffs.controlled(offered, elsewhere), handoff
        return replace(offered, controller=elsewhere), handoff


def consented(head: Conversation, event: Consent) -> Conversation:
    last = max(filter(None, (head.opted_out, head.opted_in)), default=None)
    if last is not None and event.at < last:
        return head
    if event.allowed:
        return replace(head, opted_out=None, opted_in=event.at, opt_out_learnt=False)
    said = head.opted_out and not head.opt_out_learnt
    return head if said else replace(head, opted_out=event.at, opt_out_learnt=False)


def tracker(row: Outgoing) -> str:
    return f"{row.id}.{len(row.renderings) - 1}"
