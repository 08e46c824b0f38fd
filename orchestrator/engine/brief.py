"""Briefing those who act: the facts for the rules, the turn for the bot, the packet for the desk."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from orchestrator import decide, desk
from orchestrator.decide.facts import BotOutcome
from orchestrator.engine import handoffs
from orchestrator.engine.app import App
from orchestrator.engine.bots import Answer
from orchestrator.engine.callback import Ticket, Tickets
from orchestrator.engine.hear import Heard, words
from orchestrator.engine.live import Herald
from orchestrator.engine.web_forms import FormLinks
from orchestrator.handles import shown
from orchestrator.ports import Clock
from orchestrator.types import (
    ChannelView,
    Conversation,
    Decision,
    FormAnswer,
    HandOff,
    Handoff,
    HandoffOrder,
    HistoryLine,
    Limits,
    Loaded,
    Message,
    Packet,
    Part,
    Profile,
    Quoted,
    Said,
    Tap,
    Turn,
)


class Briefing:
    def __init__(
        self, *, herald: Herald, clock: Clock, tickets: Tickets, public_url: str, links: FormLinks | None = None
    ) -> None:
        self.herald = herald
        self.clock = clock
        self.tickets = tickets
        self.public_url = public_url
        self.links = links

    def turn(self, app: App, conversation: Conversation, heard: Heard, loaded: Loaded, turn_id: str, bot: str) -> Turn:
        now = self.clock.now()
        kept = [pair for pair in zip(heard.messages, heard.meant, strict=True) if heard_of(*pair)]
        said = tuple(line(app, message, parts, heard.quoted) for message, parts in kept)
        last_seq = heard.messages[-1].seq if heard.messages else 0
        ticket = Ticket(
            app_id=app.id,
            conversation_id=conversation.id,
            turn_id=turn_id,
            bot=bot,
            epoch=conversation.epoch,
            last_seq=last_seq,
        )
        parts = [part for _, meant in kept for part in meant]
        return Turn(
            id=turn_id,
            app_id=app.id,
            conversation_id=conversation.id,
            customer_id=conversation.customer_id,
            bot=bot,
            epoch=conversation.epoch,
            deadline=now,
            now=now,
            messages=said,
            text="\n".join(filter(None, (one.text for one in said))),
            original="\n".join(filter(None, (one.original for one in said))),
            language=conversation.language.code,
            bot_language=app.settings.pivot,
            channel=channel_view(app, conversation.channel_id),
            understanding=heard.understanding,
            payload=next((part.payload for part in reversed(parts) if isinstance(part, Tap)), ""),
            form=next((part.values for part in reversed(parts) if isinstance(part, FormAnswer)), {}),
            profile=loaded.profile,
            context=conversation.context,
            slots=conversation.slots,
            history=tuple(history(app, loaded.history)),
            returned=conversation.returned,
            callback_url=f"{self.public_url}/bots/callback/{self.tickets.sign(ticket, now)}",
        )

    async def facts(
        self, app: App, conversation: Conversation, heard: Heard, loaded: Loaded, answer: Answer | None
    ) -> dict[str, Any]:
        return decide.facts(
            conversation,
            heard.understanding,
            text=heard.pivot,
            profile=loaded.profile,
            channel_kind=channel_view(app, conversation.channel_id).kind,
            bot=outcome(answer),
            hours_open=app.opens(conversation.channel_id, self.clock.now()).open,
            desk=await self.herald.presence(app),
            roots=app.policy.roots,
        )

    def packet(
        self,
        app: App,
        conversation: Conversation,
        order: HandoffOrder,
        messages: Sequence[Message],
        profile: Profile,
        decision: Decision | None = None,
        heard: Heard | None = None,
        told: str = "",
    ) -> Packet:
        """Everything a person needs to know; without a `decision` an agent stepped in unasked."""
        return decide.packet(
            conversation,
            decision=decision,
            order=order,
            messages=[shown(message) for message in messages],
            profile=profile,
            channel_kind=channel_view(app, conversation.channel_id).kind,
            evidence=tuple(message.seq for message in heard.messages) if heard else (),
            pivot=app.settings.pivot,
            told=told,
        )

    async def offer(
        self,
        app: App,
        conversation: Conversation,
        heard: Heard,
        loaded: Loaded,
        decision: Decision,
        said: Sequence[Message],
        told: str,
    ) -> tuple[Conversation, Handoff, str, dict[str, Any]]:
        """The conversation and its new handoff, and the notice the customer gets with its values."""
        now = self.clock.now()
        order = decision.handoff or HandoffOrder(
            team=app.settings.policy.team, priority="normal", reason=decision.reason
        )
        packet = self.packet(
            app, conversation, order, (*loaded.history, *heard.messages, *said), loaded.profile, decision, heard, told
        )
        conversation, handoff = handoffs.offered(
            app, conversation, order, packet, handoff_id=self.clock.new_id(), now=now
        )
        waiting = (*await self.herald.records.waiting(app.id, team=order.team), handoff)
        hours = app.opens(conversation.channel_id, now)
        agents = await self.herald.agents(app, order.team)
        if not hours.open:
            opens = local(app, conversation.channel_id, hours.next_change)
            return conversation, handoff, "handoff_offered_closed", {"opens": opens}
        position = desk.position(waiting, handoff.id, now)
        return conversation, handoff, "handoff_offered" if agents else "nobody_online", {"position": position}


def local(app: App, channel_id: str, moment: datetime | None) -> datetime | None:
    """In the time zone of the channel's business hours."""
    hours = app.hours_of(channel_id)
    return moment.astimezone(ZoneInfo(hours.timezone)) if moment and hours else moment


def heard_of(message: Message, parts: Sequence[Part]) -> bool:
    """Not what was taken back, nor an answer to a question of a form that is not complete."""
    return message.deleted_at is None and (bool(parts) or not message.parts)


def line(app: App, message: Message, parts: Sequence[Any], quoted: Mapping[str, Message]) -> Said:
    original = words(parts)
    pivot = message.understanding.pivot if message.understanding else ""
    found = quoted.get(message.quotes) if message.quotes else None
    return Said(
        seq=message.seq,
        text=pivot or original,
        original=original,
        parts=tuple(parts),
        at=message.at,
        quotes=Quoted(message_id=found.id, role=found.role, text=in_pivot(app, found)) if found else None,
    )


def in_pivot(app: App, message: Message) -> str:
    """Its words in the app's pivot language where they are known in it."""
    return words(message.translations.get(app.settings.pivot, message.parts))


def history(app: App, messages: Sequence[Message]) -> list[HistoryLine]:
    """The public lines before the turn; what their author took back is nobody's to read."""
    return [
        HistoryLine(
            role=message.role,
            text=in_pivot(app, message),
            at=message.at,
            edited=message.edited_at is not None,
            reactions=tuple(message.reactions.values()),
        )
        for message in messages
        if message.visibility == "public" and message.deleted_at is None
    ]


def channel_view(app: App, channel_id: str) -> ChannelView:
    channel = app.channels.get(channel_id)
    return channel.view if channel else ChannelView(id=channel_id, kind="", limits=Limits())


def outcome(answer: Answer | None) -> BotOutcome | None:
    """What the rules may read of the bot's answer; None before it was asked."""
    if answer is None:
        return None
    wish = next((action for action in answer.actions if isinstance(action, HandOff)), None)
    return BotOutcome(
        name=answer.bot,
        asked=wish is not None,
        failed=answer.failed,
        reason=wish.reason if wish else "",
        team=wish.team if wish else "",
        priority=wish.priority if wish else None,
    )
