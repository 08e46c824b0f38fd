"""What an Amendment makes of a message, and the few things that few messages have."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from orchestrator.copies import replace
from orchestrator.types import Amendment, Debt, Message, Part, Unsupported

DELETED = "deleted"
"""What stands for a message its author took back."""
MOST_REACTIONS = 100


class Extra(BaseModel):
    """The column `extra`, null where a message has none of this."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    quotes: str = ""
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    reactions: Mapping[str, str] = {}


def extra(message: Message) -> str | None:
    if not (message.quotes or message.edited_at or message.deleted_at or message.reactions):
        return None
    known = Extra(
        quotes=message.quotes,
        edited_at=message.edited_at,
        deleted_at=message.deleted_at,
        reactions=message.reactions,
    )
    return known.model_dump_json(exclude_defaults=True)


def amended(message: Message, change: Amendment) -> Message:
    """The very same message when nothing changed."""
    after = message
    if change.quotes and change.quotes != message.quotes:
        after = replace(after, quotes=change.quotes)
    if change.reaction is not None:
        after = reacted(after, *change.reaction)
    if message.deleted_at is not None:
        return after
    if change.deleted_at is not None:
        gone: tuple[Part, ...] = (Unsupported(what=DELETED),)
        return replace(void(after, gone), deleted_at=change.deleted_at, reactions={})
    if change.parts is None or change.parts == message.parts:
        return after
    if change.edited_at is None:
        return replace(after, parts=change.parts) if change.before in (None, message.parts) else after
    if message.edited_at is not None and change.edited_at < message.edited_at:
        return after
    return replace(void(after, change.parts), edited_at=change.edited_at)


def void(message: Message, parts: tuple[Part, ...]) -> Message:
    """Other words: what was understood of the old ones does not hold."""
    return replace(message, parts=parts, translations={}, understanding=None)


def reacted(message: Message, who: str, emoji: str) -> Message:
    known = {name: sign for name, sign in message.reactions.items() if name != who}
    after = {**known, who: emoji} if emoji and len(known) < MOST_REACTIONS else known
    return message if after == message.reactions else replace(message, reactions=after)


def owed(before: Message, after: Message, at: datetime) -> tuple[Debt, ...]:
    """What the old words had been translated into, the new ones are owed."""
    if after.deleted_at is not None or after.edited_at == before.edited_at or not before.language:
        return ()
    return tuple(
        Debt(
            message_id=before.id,
            app_id=before.app_id,
            conversation_id=before.conversation_id,
            source=before.language,
            target=target,
            at=at,
        )
        for target in before.translations
    )
