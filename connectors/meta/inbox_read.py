"""From an inbox' webhook to events. A broken event in a batch never holds up the others."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.meta import hook, inbox_wire, lenient
from connectors.meta.inbox_parts import parts
from connectors.meta.inbox_settings import Flavour, InboxSettings
from connectors.meta.inbox_wire import Event, Message, Postback
from orchestrator.types import (
    Deleted,
    Echoed,
    Edited,
    Inbound,
    RawRequest,
    Reacted,
    Received,
    SeenUpTo,
    Started,
    StatusChanged,
    Tap,
    Text,
    Unsupported,
)

TRACKED = "parley:"
INBOXES = frozenset({"263902037430900", "1217981644879628"})
"""The apps people answer in: Facebook's page inbox, Instagram's (developers.facebook.com/docs/messenger-platform/
handover-protocol). What other apps send is some other bot's."""
FRAME = frozenset({"sender", "recipient", "timestamp"})
SILENT = frozenset(
    {
        "app_roles",
        "policy_enforcement",
        "policy-enforcement",
        "request_thread_control",
        "take_thread_control",
        "pass_thread_control",
        "message_edit",
        "reaction",
        "read",
        "delivery",
    }
)
"""About apps, or about messages, and then nothing a customer says."""
FACES = {
    "angry": "😠",
    "dislike": "👎",
    "like": "👍",
    "love": "❤️",
    "sad": "😢",
    "smile": "😆",
    "wow": "😮",
}


def events(request: RawRequest, flavour: Flavour, settings: InboxSettings, now: datetime) -> list[Inbound]:
    """Every event of our inbox, oldest first; of a thread that another app has, none. Raises Malformed."""
    found: list[Inbound] = []
    for entry in hook.entries(request, flavour.product):
        for raw in raw_events(entry):
            if ours(raw, entry, settings):
                found += read(raw, settings, now)
    return sorted((event for event in found if not hook.stale(event.at, now, settings)), key=lambda event: event.at)


def raw_events(entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """`standby` is left out: it is what we overhear. Instagram's console tests by `changes`."""
    yield from hook.objects(entry.get("messaging"))
    for change in hook.objects(entry.get("changes")):
        value = change.get("value")
        if isinstance(value, dict) and "sender" in value:
            yield value


def ours(raw: Mapping[str, Any], entry: Mapping[str, Any], settings: InboxSettings) -> bool:
    if not settings.account:
        return True
    found = (entry, raw.get("recipient"), raw.get("sender"))
    return settings.account in {str(one.get("id")) for one in found if isinstance(one, dict)}


def read(raw: Mapping[str, Any], settings: InboxSettings, now: datetime) -> Iterator[Inbound]:
    event = lenient.read(Event, raw) or Event()
    at = hook.moment(event.timestamp, now)
    if event.message and event.message.is_echo:
        yield from echo(event, event.message, settings, at)
    elif event.sender.id and event.sender.id != settings.account:
        yield from customer(event, raw, settings, at)


def customer(event: Event, raw: Mapping[str, Any], settings: InboxSettings, at: datetime) -> Iterator[Inbound]:
    who = event.sender.id
    if event.message:
        yield from message(event, event.message, at)
    elif event.postback:
        yield postback(event, event.postback, settings, at)
    elif event.delivery or event.read:
        yield from watermarks(event, at)
    elif event.reaction and event.reaction.mid:
        yield Reacted(address=who, external_id=event.reaction.mid, emoji=face(event.reaction), at=at)
    elif event.message_edit and event.message_edit.mid:
        said = (Text(text=event.message_edit.text),)
        yield Edited(address=who, external_id=event.message_edit.mid, parts=said, at=at)
    elif context := opening(event, settings):
        yield Started(address=who, external_id=own_id(event, raw), at=at, context=context)
    else:
        yield from unknown(event, raw, at)


def message(event: Event, said: Message, at: datetime) -> Iterator[Inbound]:
    who = event.sender.id
    if not said.mid:
        return
    if said.is_deleted:
        yield Deleted(address=who, external_id=said.mid, at=at)
        return
    yield Received(
        address=who,
        external_id=said.mid,
        parts=parts(said),
        at=at,
        context=facts(said),
        quotes=said.reply_to.mid if said.reply_to else "",
    )


def facts(said: Message) -> Mapping[str, Any] | None:
    """What it was said about: an advertisement, a story."""
    story = said.reply_to.story if said.reply_to else None
    mentioned = any(one.type == "story_mention" for one in said.attachments or ())
    found = {"referral": said.referral, "story": story or ({"mention": True} if mentioned else None)}
    return {key: value for key, value in found.items() if value} or None


def postback(event: Event, tapped: Postback, settings: InboxSettings, at: datetime) -> Inbound:
    who, context = event.sender.id, {"referral": tapped.referral} if tapped.referral else None
    external_id = tapped.mid or f"postback:{who}:{event.timestamp:.0f}"
    if tapped.payload and tapped.payload == settings.get_started:
        return Started(address=who, external_id=external_id, at=at, context=context)
    said = (Tap(payload=tapped.payload or tapped.title, title=tapped.title),)
    return Received(address=who, external_id=external_id, parts=said, at=at, context=context)


def watermarks(event: Event, at: datetime) -> Iterator[Inbound]:
    who = event.sender.id
    if event.delivery:
        for mid in event.delivery.mids:
            yield StatusChanged(external_id=mid, state="delivered", at=at)
        if event.delivery.watermark:
            yield SeenUpTo(address=who, state="delivered", at=hook.moment(event.delivery.watermark, at))
    if event.read and event.read.mid:
        yield StatusChanged(external_id=event.read.mid, state="read", at=at)
    if event.read and event.read.watermark:
        yield SeenUpTo(address=who, state="read", at=hook.moment(event.read.watermark, at))


def face(reaction: inbox_wire.Reaction) -> str:
    return "" if reaction.action == "unreact" else reaction.emoji or FACES.get(reaction.reaction, "👍")


def opening(event: Event, settings: InboxSettings) -> Mapping[str, Any]:
    """They came by a link or a plug-in, or another app gave the thread to us: the bot may greet."""
    control = event.pass_thread_control
    if control and settings.app_id and control.new_owner_app_id == settings.app_id:
        return {"handover": {"metadata": control.metadata}}
    found = {"referral": event.referral, "optin": event.optin}
    return {key: value for key, value in found.items() if value}


def unknown(event: Event, raw: Mapping[str, Any], at: datetime) -> Iterator[Inbound]:
    kinds = sorted(raw.keys() - FRAME - SILENT)
    if kinds:
        said = (Unsupported(what=kinds[0]),)
        yield Received(address=event.sender.id, external_id=own_id(event, raw), parts=said, at=at)


def own_id(event: Event, raw: Mapping[str, Any]) -> str:
    """For what has no id: the same on every redelivery."""
    kind = min(raw.keys() - FRAME, default="event")
    return f"{kind}:{event.sender.id}:{event.timestamp:.0f}"[:256]


def echo(event: Event, said: Message, settings: InboxSettings, at: datetime) -> Iterator[Inbound]:
    """Of our own messages it tells the id, also of one whose sending was never answered. A person's is a message.

    Others' are dropped: of this app by another way, of another bot on the same page.
    """
    who, app, mark = event.recipient.id, said.app_id, said.metadata
    if not who or not said.mid:
        return
    if mark.startswith(TRACKED):
        yield StatusChanged(external_id=said.mid, state="sent", at=at, tracker=mark.removeprefix(TRACKED))
    elif app == settings.app_id != "" or (app and app not in INBOXES):
        return
    elif said.is_deleted:
        yield Deleted(address=who, external_id=said.mid, at=at)
    else:
        yield Echoed(address=who, external_id=said.mid, parts=parts(said), at=at)
