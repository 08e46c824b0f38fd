"""What a message says, as parts; and whether, in a group, it says so to us."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from connectors.telegram.wire import Contact, Entity, File, Message, WebAppData
from orchestrator.types import FormAnswer, Location, Media, MediaKind, Part, Tap, Text, Unsupported

FILES: Sequence[tuple[str, MediaKind, str]] = (
    # An animation comes with a document that is the same file, for old clients: it stands first.
    ("animation", "gif", "video/mp4"),
    ("document", "file", ""),
    ("voice", "audio", "audio/ogg"),
    ("audio", "audio", "audio/mpeg"),
    ("video", "video", "video/mp4"),
    ("video_note", "video", "video/mp4"),
)

BESIDE = re.compile(
    r"sender_\w+|business_connection_id|forward_\w+|is_\w+|has_\w+|external_reply|quote|reply_to_\w+|via_bot"
    r"|media_group_id|author_signature|paid_star_count|link_preview_options|suggested_post_info|effect_id"
    r"|show_caption_above_media|direct_messages_topic|guest_\w+"
)
"""Fields that say something about a message, and nothing themselves."""

SERVICE = re.compile(
    r"new_chat_\w+|left_chat_\w+|delete_chat_photo|chat_(?:owner_\w+|shared|background_set)|\w*_chat_created|users_shared"
    r"|migrate_\w+|pinned_message|connected_website|write_access_allowed|message_auto_delete_timer_changed"
    r"|proximity_alert_triggered|boost_added|(?:general_)?forum_topic_\w+|giveaway_(?:created|completed)"
    r"|(?:video|voice)_chat_\w+|checklist_tasks_\w+|(?:direct|paid)_message_price_changed|suggested_post_\w+"
    r"|refunded_payment|managed_bot_\w+"
)
"""What Telegram itself tells a chat: nobody said it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """The bot as a user; `username` is "" until it is known."""

    id: int
    username: str = ""


def parts(message: Message, me: Me) -> tuple[Part, ...]:
    """Nothing when nobody said anything."""
    words = without_mention(message.text or message.caption, message.entities or message.caption_entities, me)
    text = [Text(text=words)] if words.strip() else []
    found = [*attached(message), *text, *others(message)]
    if found:
        return tuple(found)
    unknown = [name for name in message.others if not BESIDE.fullmatch(name)]
    if any(SERVICE.fullmatch(name) for name in unknown):
        return ()
    return (Unsupported(what=unknown[0] if unknown else "message"),)


def attached(message: Message) -> Iterator[Part]:
    if message.photo:
        largest = max(message.photo, key=lambda size: (size.width * size.height, size.file_size))
        yield media(largest, "image", "image/jpeg")
    for name, kind, mime in FILES:
        file = getattr(message, name)
        if file is not None:
            yield media(file, kind, mime)
            break
    if message.sticker:
        yield sticker(message.sticker)


def media(file: File, kind: MediaKind, mime: str, alt: str = "") -> Media:
    return Media(
        url=f"ref:{file.file_id}",
        media=kind,
        mime=file.mime_type or mime,
        name=file.file_name or file.title,
        size=max(file.file_size, 0),
        alt=alt,
    )


def sticker(file: File) -> Part:
    """An animated one is gzipped Lottie, which nothing but Telegram shows: its emoji says what it says."""
    if file.is_animated:
        return Text(text=file.emoji) if file.emoji else Unsupported(what="sticker")
    if file.is_video:
        return media(file, "video", "video/webm", file.emoji)
    return media(file, "image", "image/webp", file.emoji)


def others(message: Message) -> Iterator[Part]:
    if message.venue:
        where = message.venue.location
        yield Location(
            latitude=where.latitude,
            longitude=where.longitude,
            name=message.venue.title,
            address=message.venue.address,
        )
    elif message.location:
        yield Location(latitude=message.location.latitude, longitude=message.location.longitude)
    if message.contact:
        yield Text(text=card(message.contact))
    if message.web_app_data:
        yield web_app(message.web_app_data, message.external_id)
    if message.dice:
        yield Text(text=f"{message.dice.emoji} {message.dice.value}".strip())
    if message.poll:
        yield Unsupported(what="poll", note=message.poll.question)
    if message.successful_payment:
        paid = message.successful_payment
        yield Unsupported(what="successful_payment", note=f"{paid.total_amount} {paid.currency}")


def card(contact: Contact) -> str:
    name = f"{contact.first_name} {contact.last_name}".strip()
    return f"{name}\n{contact.phone_number}" if name else contact.phone_number


def web_app(given: WebAppData, message_id: str) -> Part:
    """A JSON object is a form's answer, named by its "form_id" or else by the button; anything else a tap."""
    values = flat(given.data)
    if values is None:
        return Tap(payload=given.data, title=given.button_text)
    form_id = values.pop("form_id", "") or given.button_text
    return FormAnswer(form_id=form_id, values=values, message_id=message_id)


def flat(data: str) -> dict[str, str] | None:
    try:
        found: Any = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(found, dict):
        return None
    return {key: value if isinstance(value, str) else orjson.dumps(value).decode() for key, value in found.items()}


def to_us(message: Message, me: Me) -> bool:
    """Whether something in a group is meant for the bot: a reply to it, its name, a command."""
    answered = message.reply_to_message
    if answered is not None and answered.sender is not None and answered.sender.id == me.id:
        return True
    text = message.text or message.caption
    return any(names(entity, text, me) for entity in message.entities or message.caption_entities)


def names(entity: Entity, text: str, me: Me) -> bool:
    """A command without a name is for every bot in the group: Telegram hands those on to whoever spoke last."""
    match entity.type:
        case "mention":
            return bool(me.username) and span(text, entity).lower() == f"@{me.username}".lower()
        case "text_mention":
            return entity.user is not None and entity.user.id == me.id
        case "bot_command":
            bot = span(text, entity).partition("@")[2]
            return not bot or bot.lower() == me.username.lower()
        case _:
            return False


def span(text: str, entity: Entity) -> str:
    wide = text.encode("utf-16-le", "surrogatepass")
    return wide[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le", "replace")


def without_mention(text: str, entities: Sequence[Entity], me: Me) -> str:
    """The words without the bot's name, which is how they were addressed and not what they say."""
    called = [one for one in entities if one.type in ("mention", "text_mention") and names(one, text, me)]
    if not called:
        return text
    wide = text.encode("utf-16-le", "surrogatepass")
    for entity in sorted(called, key=lambda one: one.offset, reverse=True):
        wide = wide[: 2 * entity.offset] + wide[2 * (entity.offset + entity.length) :]
    left = wide.decode("utf-16-le", "replace").replace("  ", " ").strip(" ,:")
    return left or text
