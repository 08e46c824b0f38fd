"""Updates as events. One update holds one thing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import ValidationError

from connectors.telegram import places, said
from connectors.telegram.said import Me
from connectors.telegram.wire import Membership, Message, Query, Reactions, Stranger, Update, User
from orchestrator.incoming import moment
from orchestrator.types import (
    Consent,
    Edited,
    Inbound,
    Profile,
    Reacted,
    Received,
    Started,
    Tap,
    Unsupported,
)

Groups = Literal["addressed", "all", "none"]
START = re.compile(r"/start(?:@\w+)?(?:[ \n]+(\S.*))?", re.DOTALL)

NOT_SAID = re.compile(
    r"\w*channel_post|business_\w+|\w+_business_\w+|message_reaction_count|inline_query|chosen_inline_result"
    r"|purchased_paid_media|poll|poll_answer|chat_member|chat_join_request|\w*chat_boost|managed_bot|guest_\w+"
)
"""Kinds of update in which nobody says anything to the bot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    me: Me
    groups: Groups
    now: datetime

    def events(self, update: Update) -> Sequence[Inbound]:
        match update:
            case Update(message=Message() as message) | Update(channel_post=Message() as message):
                return self.received(message)
            case Update(edited_message=Message() as message) | Update(edited_channel_post=Message() as message):
                return self.edited(message)
            case Update(callback_query=Query() as query):
                return self.tapped(query)
            case Update(message_reaction=Reactions() as reactions):
                return self.reacted(reactions)
            case Update(my_chat_member=Membership() as membership):
                return self.consented(membership)
            case _:
                return self.unknown(update)

    def hears(self, message: Message) -> bool:
        if message.sender is not None and message.sender.is_bot:
            return False
        if message.chat.private or self.groups == "all":
            return True
        return self.groups == "addressed" and said.to_us(message, self.me)

    def received(self, message: Message) -> Sequence[Inbound]:
        parts = said.parts(message, self.me) if self.hears(message) else ()
        if not parts:
            return ()
        address, at = places.of(message), moment(message.date, self.now)
        facts, language = profile(message), spoken(message.sender)
        if start := START.fullmatch(message.text):
            return (
                Started(
                    address=address,
                    external_id=message.external_id,
                    at=at,
                    profile=facts,
                    context={"start": start[1].strip()} if start[1] else None,
                    language=language,
                ),
            )
        return (
            Received(
                address=address,
                external_id=message.external_id,
                parts=parts,
                at=at,
                profile=facts,
                language=language,
                quotes=quoted(message),
            ),
        )

    def edited(self, message: Message) -> Sequence[Inbound]:
        """A live location is edited every few seconds: that it moved is nothing anybody said."""
        moved = message.location is not None and message.location.live_period > 0
        parts = said.parts(message, self.me) if self.hears(message) and not moved else ()
        if not parts:
            return ()
        at = moment(message.edit_date or message.date, self.now)
        return (Edited(address=places.of(message), external_id=message.external_id, parts=parts, at=at),)

    def tapped(self, query: Query) -> Sequence[Inbound]:
        message = query.message
        if self.groups == "none" and message is not None and not message.chat.private:
            return ()
        tap = Tap(
            payload=query.data,
            title=title(message, query.data),
            message_id=message.external_id if message else "",
        )
        return (
            Received(
                address=places.of(message, query.sender) if message else str(query.sender.id),
                external_id=f"callback:{query.id}",
                parts=(tap,) if query.data else (Unsupported(what="callback_query"),),
                at=self.now,
                profile=known(query.sender),
                language=spoken(query.sender),
            ),
        )

    def reacted(self, reactions: Reactions) -> Sequence[Inbound]:
        if self.groups == "none" and not reactions.chat.private:
            return ()
        first = next((one.emoji or "⭐" for one in reactions.new_reaction), "")
        return (
            Reacted(
                address=places.address(reactions.chat, reactions.user),
                external_id=f"{reactions.chat.id}:{reactions.message_id}",
                emoji=first,
                at=moment(reactions.date, self.now),
            ),
        )

    def consented(self, membership: Membership) -> Sequence[Inbound]:
        """In a private chat "kicked" means that the person blocked the bot. Who removes it from a group is not asked
        for: sending there then fails."""
        if not membership.chat.private:
            return ()
        state = membership.new_chat_member.status
        return (
            Consent(
                address=str(membership.chat.id),
                allowed=state not in ("kicked", "left"),
                at=moment(membership.date, self.now),
                reason="blocked" if state in ("kicked", "left") else "unblocked",
            ),
        )

    def unknown(self, update: Update) -> Sequence[Inbound]:
        """A kind of update nobody here knows is heard where a person stands behind it, in private."""
        for what, value in update.others.items():
            who = None if NOT_SAID.fullmatch(what) else stranger(value)
            if who is None:
                continue
            return (
                Received(
                    address=str(who.id),
                    external_id=f"update:{update.update_id}",
                    parts=(Unsupported(what=what),),
                    at=self.now,
                    profile=known(who),
                    language=spoken(who),
                ),
            )
        return ()


def stranger(value: Any) -> User | None:
    try:
        found = Stranger.model_validate(value)
    except ValidationError:
        return None
    if found.chat is not None and not found.chat.private:
        return None
    return found.sender or found.user


def profile(message: Message) -> Profile:
    facts = dict(known(message.sender))
    if not message.chat.private and message.chat.title:
        facts["group"] = message.chat.title
    contact = message.contact
    # Whose number it is, Telegram says itself when somebody shares their own.
    if contact is not None and message.sender is not None and contact.user_id == message.sender.id:
        facts["phone"] = "+" + contact.phone_number.removeprefix("+")
    return facts


def known(user: User | None) -> Profile:
    if user is None:
        return {}
    facts = {"user_id": str(user.id), "name": user.name, "username": user.username}
    return {key: value for key, value in facts.items() if value}


def spoken(user: User | None) -> str:
    return user.language_code[:35] if user else ""


def quoted(message: Message) -> str:
    """In a forum every message answers the one its topic began with: that is no quote."""
    answered = message.reply_to_message
    if answered is None or (message.is_topic_message and answered.message_id == message.message_thread_id):
        return ""
    return answered.external_id


def title(message: Message | None, data: str) -> str:
    """What stands on the button."""
    rows = message.reply_markup.inline_keyboard if message and message.reply_markup else []
    return next((key.text for row in rows for key in row if key.callback_data == data), "")
