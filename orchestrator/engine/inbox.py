"""Taking in what platforms tell: each event durable, and told to desks, when this returns."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import assert_never

import structlog

from orchestrator.decide.language_words import offered
from orchestrator.engine.app import App, Channel
from orchestrator.engine.backlog import Backlog
from orchestrator.engine.continuing import Continuing
from orchestrator.engine.live import Herald
from orchestrator.engine.opening import Opening
from orchestrator.engine.outside import Outside
from orchestrator.engine.window import templated
from orchestrator.errors import NotFound
from orchestrator.ports import Bus, Clock, Letters, Recorder, Records, Store
from orchestrator.types import (
    Accepted,
    Amendment,
    Consent,
    Controller,
    Conversation,
    Deleted,
    Echoed,
    Edited,
    Inbound,
    Marked,
    Message,
    Moved,
    Outgoing,
    Reacted,
    Received,
    SeenUpTo,
    Spoken,
    Started,
    StatusChanged,
)

log = structlog.get_logger("parley.inbox")

Later = Edited | Deleted | Reacted | Echoed
"""About messages that may have come in the same delivery: taken after those."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """`look` makes this process look for what is to be sent."""

    store: Store
    records: Records
    bus: Bus
    herald: Herald
    clock: Clock
    recorder: Recorder
    backlog: Backlog
    outside: Outside
    continuing: Continuing
    opening: Opening
    letters: Letters
    look: Callable[[], None]

    async def take(self, app: App, channel: Channel, events: Sequence[Inbound]) -> list[Accepted]:
        """What was said, in order. Consent counts for all that comes with it: a STOP is not answered."""
        if len(events) == 1 and isinstance(events[0], Received | Started):
            return [await self.heard(app, channel, events[0])]
        for event in events:
            if isinstance(event, Consent):
                await self.outside.consent(app, channel, event, self.fresh(app, channel, event))
        found = await asyncio.gather(*(self.first(app, channel, event) for event in events))
        for event in events:
            if isinstance(event, Later):
                await self.then(app, channel, event)
        return [one for one in found if one is not None]

    async def first(self, app: App, channel: Channel, event: Inbound) -> Accepted | None:
        match event:
            case Received() | Started():
                return await self.heard(app, channel, event)
            case StatusChanged():
                await self.status(channel, event)
            case SeenUpTo():
                await self.moved(await self.store.seen_up_to(channel.id, event.address, event.state, event.at))
            case _:
                pass
        return None

    async def then(self, app: App, channel: Channel, event: Later) -> None:
        match event:
            case Edited():
                await self.edited(app, channel, event)
            case Deleted():
                message = await self.records.message_by_external(channel.id, event.external_id)
                if message is not None:
                    await self.amend(about(message, deleted_at=event.at))
            case Reacted():
                message = await self.known(channel, event.external_id)
                if message is not None:
                    await self.amend(about(message, reaction=(event.address, event.emoji[:64])))
            case Echoed():
                await self.outside.echo(app, channel, event, self.fresh(app, channel, event))
            case _:
                assert_never(event)

    async def heard(self, app: App, channel: Channel, event: Received | Started) -> Accepted:
        opened = event if isinstance(event, Started) else None
        if isinstance(event, Received) and await self.continuing.redeemed(app, channel, event):
            event = without_words(event)
        accepted = await self.store.accept(self.fresh(app, channel, event), event, self.clock.new_id())
        self.recorder.accepted(channel.id, "customer", accepted.duplicate)
        if isinstance(event, Received) and event.quotes and accepted.message is not None:
            await self.quoted(channel, accepted.message, event.quotes)
        if accepted.message is not None and not accepted.duplicate:
            self.backlog.took(app.id)
            head = accepted.conversation
            if (head.channel_id, head.address) != (channel.id, event.address):
                await self.continuing.follow(app.id, head.id, channel.id, event.address)
            await self.herald.messages([accepted.message])
        again = opened is not None and await self.opening.again(app, channel, accepted.conversation, opened)
        if again or not accepted.duplicate or accepted.conversation.version == 0:
            await self.bus.wake(accepted.conversation.id, app.id)
        return accepted

    async def quoted(self, channel: Channel, message: Message, external_id: str) -> None:
        """Redelivered when the process dies before this: then it is kept the second time."""
        known = await self.known(channel, external_id)
        await self.store.amend(about(message, quotes=known.id if known else external_id))

    async def edited(self, app: App, channel: Channel, event: Edited) -> None:
        """Of a message that never came, or has yet to, the new words are all there is to hear."""
        message = await self.records.message_by_external(channel.id, event.external_id)
        if message is None:
            said = Received(address=event.address, external_id=event.external_id, parts=event.parts, at=event.at)
            await self.heard(app, channel, said)
        else:
            await self.amend(about(message, parts=event.parts, edited_at=event.at))

    async def amend(self, change: Amendment) -> None:
        after = await self.store.amend(change)
        if after is not None:
            await self.herald.messages([after])
            await self.bus.wake(after.conversation_id, after.app_id)

    async def known(self, channel: Channel, external_id: str) -> Message | None:
        """A message of theirs or of ours, by the platform's id."""
        theirs = await self.records.message_by_external(channel.id, external_id)
        return theirs or await self.records.message_sent_as(channel.id, external_id)

    async def status(self, channel: Channel, event: StatusChanged) -> None:
        error = event.error[:500]
        await self.moved(
            await self.store.status(channel.id, event.external_id, event.state, error, event.tracker, event.reason)
        )
        if event.state == "failed":
            letter = await self.records.letter_sent_as(channel.id, event.external_id)
            if letter is not None and letter.state == "failed":
                await self.herald.undelivered(letter)
                if letter.reason == "opted_out":
                    await self.outside.refused(letter)
                await self.instead(channel, letter)

    async def instead(self, channel: Channel, letter: Outgoing) -> None:
        """The platform took the message, and said only then that the window is closed."""
        if letter.reason != "window_closed" or not channel.settings.window_template or templated(letter):
            return
        with suppress(NotFound):
            await self.letters.revive(letter.app_id, letter.id, self.clock.now(), "window_closed")
            await self.bus.wake(letter.conversation_id, letter.app_id)
            self.look()

    async def moved(self, moved: Sequence[Moved]) -> None:
        for one in moved:
            await self.bus.publish(Marked(app_id=one.app_id, conversation_id=one.conversation_id, marks=one.marks))

    def fresh(self, app: App, channel: Channel, event: Received | Started | Echoed | Consent) -> Conversation:
        """The head of a conversation that begins with this event."""
        now = self.clock.now()
        bot = app.bot_for(channel.id)
        languages = app.settings.languages
        said = event if isinstance(event, Received | Started) else None
        hint = offered(said.language if said else "", languages) or offered(channel.settings.language, languages)
        return Conversation(
            app_id=app.id,
            id=self.clock.new_id(),
            channel_id=channel.id,
            address=event.address,
            customer_id=self.clock.new_id(),
            controller=Controller(kind="bot", name=bot),
            bot=bot,
            language=Spoken(code=hint or app.settings.pivot),
            context=(said.context if said else None) or {},
            started_by=event.external_id if isinstance(event, Started) else "",
            created_at=now,
            updated_at=now,
        )


def about(message: Message, **change: object) -> Amendment:
    return Amendment(conversation_id=message.conversation_id, message_id=message.id, **change)  # type: ignore[arg-type]


def without_words(event: Received) -> Started:
    """A link code has done its work: no bot should puzzle over it."""
    return Started(
        address=event.address,
        external_id=event.external_id,
        at=event.at,
        profile=event.profile,
        context=event.context,
        language=event.language,
    )
