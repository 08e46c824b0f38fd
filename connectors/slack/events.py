"""Events of the Events API, as what customers did."""

from collections.abc import Sequence
from datetime import datetime

from connectors.slack import wire, words
from connectors.slack.places import Places
from orchestrator.incoming import media_kind
from orchestrator.types import (
    Deleted,
    Edited,
    Inbound,
    Media,
    Part,
    Profile,
    Reacted,
    Received,
    Started,
    StatusChanged,
    Text,
    Unsupported,
)

TRACKER = "parley_message"
SAID = frozenset({"", "file_share", "thread_broadcast", "me_message"})
"""Subtypes under which people speak; most others are notes of Slack's own ("… has joined the channel")."""

NOTES = frozenset(
    {
        "bot_message",
        "message_replied",
        "assistant_app_thread",
        "bot_add",
        "bot_remove",
        "reminder_add",
        "tombstone",
        "ekm_access_denied",
        "document_mention",
        "huddle_thread",
        "sh_room_created",
    }
)
"""Subtypes that nobody said to us. So are those that begin as below."""

NOTE_PREFIXES = ("channel_", "group_", "pinned_", "unpinned_", "file_comment", "file_mention")


def read(delivery: wire.Delivery, places: Places, now: datetime) -> Sequence[Inbound]:
    event = delivery.event
    match event.type:
        case "message":
            return message(event, places, now, named=False)
        case "app_mention":
            return message(event, places, now, named=True)
        case "message_metadata_posted":
            return echoed(event.metadata, event.channel_id, event.message_ts, now)
        case "reaction_added" | "reaction_removed":
            return reacted(event, places, now)
        case "app_home_opened" if event.tab == "messages" and event.channel:
            return [started(event, event.channel, event.user, places, wire.moment(event.event_ts, now))]
        case "assistant_thread_started":
            return thread_started(event, places, now)
    return ()


def message(event: wire.Event, places: Places, now: datetime, *, named: bool) -> Sequence[Inbound]:
    if event.bot_id or places.is_own(event.user):
        return echoed(event.metadata, event.channel, event.ts, now)
    match event.subtype:
        case "message_changed" if event.message.get("subtype") == "tombstone":
            # A message with replies leaves a stone when it is taken back.
            return deleted(event, places, now)
        case "message_changed":
            return edited(event, places, now)
        case "message_deleted":
            return deleted(event, places, now)
    if not (event.user and event.channel and event.ts) or is_note(event.subtype):
        return ()
    address = address_of(event)
    named = named or mentions(event.text, places.bot_user)
    if named and not event.direct:
        places.joined(address)
    if not (event.direct or named or places.ours(address)):
        return ()
    external_id = f"{event.channel}:{event.ts}"
    places.messages.put(external_id, address)
    person = places.people.get(event.user) or {}
    received = Received(
        address=address,
        external_id=external_id,
        parts=said(event, places.bot_user, named),
        at=wire.moment(event.ts, now),
        profile=profile(event.user, person),
        language=language(person),
    )
    return [received]


def is_note(subtype: str) -> bool:
    return subtype in NOTES or subtype.startswith(NOTE_PREFIXES)


def address_of(event: wire.Event) -> str:
    """A direct message's channel; elsewhere the thread, which a mention outside of one begins."""
    thread = event.thread_ts if event.direct else event.thread_ts or event.ts
    return f"{event.channel}:{thread}" if thread else event.channel


def mentions(text: str, own: str) -> bool:
    return bool(own) and (f"<@{own}>" in text or f"<@{own}|" in text)


def profile(user: str, known: Profile) -> Profile:
    return {"user_id": user} | {key: value for key, value in known.items() if key != "locale"}


def language(known: Profile) -> str:
    return str(known.get("locale") or "")


def said(event: wire.Event, own: str, named: bool) -> tuple[Part, ...]:
    """Words and files. Whatever holds neither is told of as unsupported, by its own name."""
    raw = event.text
    if named and not own and raw.startswith("<@"):
        raw = raw.partition(">")[2]
    text = words.read(raw, own)
    spoken: tuple[Part, ...] = (Text(text=text),) if text else ()
    parts = spoken + tuple(file(each) for each in event.files)
    if event.subtype not in SAID and not parts:
        return (Unsupported(what=event.subtype[:80]),)
    # Only called by name: that is a greeting, and what was said.
    return parts or (Text(text=words.read(event.text)) if event.text.strip() else Unsupported(what="message"),)


def file(found: wire.File) -> Part:
    name = found.name or found.title or found.id
    if found.mode in ("tombstone", "hidden_by_limit"):
        return Unsupported(what="file", note=f"{name}: Slack does not show it any more")
    if found.is_external or found.mode == "external":
        return Text(text=f"{name}: {found.url_private}" if found.url_private else name)
    return Media(
        url=f"ref:{found.url_private_download or found.url_private or found.id}",
        media=media_kind(found.mimetype),
        mime=found.mimetype[:100],
        name=name[:200],
        size=max(found.size, 0),
    )


def echoed(metadata: dict[str, object], channel: str, ts: str, now: datetime) -> Sequence[Inbound]:
    """A message of ours as Slack shows it: by what went along with it, one whose sending was never answered is found.

    Any other bot's message, and any of our own without that mark, is not for us.
    """
    payload = metadata.get("event_payload")
    tracker = payload.get("tracker") if isinstance(payload, dict) else None
    if metadata.get("event_type") != TRACKER or not isinstance(tracker, str) or not (channel and ts):
        return ()
    at = wire.moment(ts, now)
    return [StatusChanged(external_id=f"{channel}:{ts}", state="sent", at=at, tracker=tracker[:200])]


def edited(event: wire.Event, places: Places, now: datetime) -> Sequence[Inbound]:
    """Also what Slack calls a change without anybody having edited: a link unfolded, a reply counted."""
    new, old = wire.inner(event.message), wire.inner(event.previous_message)
    ts = new.ts or old.ts
    if new.bot_id or not new.edited or not ts or places.is_own(new.user) or new.text == old.text:
        return ()
    within = wire.Event(channel=event.channel, channel_type=event.channel_type, ts=ts, thread_ts=new.thread_ts)
    address = address_of(within)
    if not (within.direct or places.ours(address) or mentions(old.text, places.bot_user)):
        return ()
    parts = said(wire.Event(text=new.text, files=new.files), places.bot_user, named=True)
    at = wire.moment(event.event_ts or event.ts, now)
    return [Edited(address=address, external_id=f"{event.channel}:{ts}", parts=parts, at=at)]


def deleted(event: wire.Event, places: Places, now: datetime) -> Sequence[Inbound]:
    old = wire.inner(event.previous_message)
    ts = event.deleted_ts or old.ts
    if old.bot_id or not ts or places.is_own(old.user):
        return ()
    within = wire.Event(channel=event.channel, channel_type=event.channel_type, ts=ts, thread_ts=old.thread_ts)
    address = address_of(within)
    if not (within.direct or places.ours(address) or mentions(old.text, places.bot_user)):
        return ()
    at = wire.moment(event.event_ts or event.ts, now)
    return [Deleted(address=address, external_id=f"{event.channel}:{ts}", at=at)]


def reacted(event: wire.Event, places: Places, now: datetime) -> Sequence[Inbound]:
    channel, ts = wire.identity(event.item.get("channel")), wire.identity(event.item.get("ts"))
    if event.item.get("type") != "message" or not (channel and ts) or places.is_own(event.user):
        return ()
    external_id = f"{channel}:{ts}"
    # The event does not tell the thread; what we said or heard is remembered with its own.
    address = places.messages.get(external_id) or (channel if wire.is_direct(channel) else external_id)
    to_us = bool(event.item_user) and event.item_user == places.bot_user
    if not (wire.is_direct(channel) or to_us or places.ours(address)):
        return ()
    shown = words.emoji(event.reaction) if event.type == "reaction_added" else ""
    return [Reacted(address=address, external_id=external_id, emoji=shown, at=wire.moment(event.event_ts, now))]


def thread_started(event: wire.Event, places: Places, now: datetime) -> Sequence[Inbound]:
    """An assistant's own thread: a conversation each."""
    thread = event.assistant_thread
    channel, ts = wire.identity(thread.get("channel_id")), wire.identity(thread.get("thread_ts"))
    if not (channel and ts):
        return ()
    user = wire.identity(thread.get("user_id"))
    return [started(event, f"{channel}:{ts}", user, places, wire.moment(ts, now))]


def started(event: wire.Event, address: str, user: str, places: Places, at: datetime) -> Started:
    """The same id every time the same conversation is opened: it is greeted once."""
    person = places.people.get(user) or {}
    return Started(
        address=address,
        external_id=f"start:{address}",
        at=at,
        profile=profile(user, person),
        language=language(person),
    )
