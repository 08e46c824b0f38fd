"""Webhook events as ours. LINE keeps no order between deliveries: each event brings its own time."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from connectors.line import wire
from connectors.line.wire import Event, Message
from orchestrator.incoming import moment
from orchestrator.types import (
    Consent,
    Deleted,
    Edited,
    Inbound,
    Location,
    Media,
    MediaKind,
    Part,
    Profile,
    Received,
    Started,
    Tap,
    Text,
    Unsupported,
)

Groups = Literal["addressed", "all", "none"]

NOT_SAID = frozenset(
    {
        "join",
        "leave",
        "memberJoined",
        "memberLeft",
        "videoPlayComplete",
        "beacon",
        "accountLink",
        "things",
        "membership",
        "module",
        "activated",
        "deactivated",
        "botSuspended",
        "botResumed",
        "delivery",
    }
)
"""Kinds of event in which nobody says anything to the bot."""
FILES: Mapping[str, tuple[MediaKind, str]] = {
    "image": ("image", "image/jpeg"),
    "video": ("video", "video/mp4"),
    "audio": ("audio", "audio/m4a"),
    "file": ("file", ""),
}
STICKER = "https://stickershop.line-scdn.net/stickershop/v1/sticker/{}/android/sticker.png"
CONSOLE = ("0" * 32, "f" * 32)
"""Reply tokens of the events the old console made up to try an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """`me` is the bot's user id, "" when it is not known."""

    me: str
    groups: Groups
    now: datetime

    def events(self, body: bytes) -> list[Inbound]:
        """Raises Malformed. Webhooks for another bot hold nothing for us."""
        delivery = wire.read(body)
        if self.me and delivery.destination and delivery.destination != self.me:
            return []
        return [found for event in wire.events(delivery) if live(event) for found in self.of(event)]

    def of(self, event: Event) -> Sequence[Inbound]:
        if not event.source.chat or (self.groups == "none" and not event.source.private):
            return ()
        match event.type:
            case "message" if event.message:
                return self.said(event, event.message)
            case "messageEdited" if event.message:
                return self.edited(event, event.message)
            case "postback" if event.postback:
                return (self.received(event, tapped(event), name(event)),)
            case "follow":
                return (Consent(address=event.source.address, allowed=True, at=self.at(event)), self.started(event))
            case "unfollow":
                gone = Consent(address=event.source.address, allowed=False, at=self.at(event), reason="unfollowed")
                return (gone,)
            case "unsend" if event.unsend and event.unsend.messageId:
                taken = event.unsend.messageId
                return (Deleted(address=event.source.address, external_id=taken, at=self.at(event)),)
            case kind if kind in NOT_SAID or not kind or not event.source.private:
                return ()
            case kind:
                return (self.received(event, (Unsupported(what=kind),), name(event)),)

    def at(self, event: Event) -> datetime:
        return moment(event.timestamp / 1000, self.now)

    def hears(self, event: Event, message: Message) -> bool:
        if event.source.private or self.groups == "all":
            return True
        return any(self.names_us(one) for one in message.mention.mentionees)

    def names_us(self, mentionee: wire.Mentionee) -> bool:
        return mentionee.isSelf or bool(self.me and mentionee.userId == self.me)

    def said(self, event: Event, message: Message) -> Sequence[Inbound]:
        if not self.hears(event, message):
            return ()
        return (self.received(event, self.parts(message), message.id or name(event), message.quotedMessageId),)

    def edited(self, event: Event, message: Message) -> Sequence[Inbound]:
        if not self.hears(event, message) or not message.id:
            return ()
        address, at = event.source.address, self.at(event)
        return (Edited(address=address, external_id=message.id, parts=self.parts(message), at=at),)

    def received(self, event: Event, parts: tuple[Part, ...], external_id: str, quotes: str = "") -> Received:
        return Received(
            address=event.source.address,
            external_id=external_id,
            parts=parts,
            at=self.at(event),
            profile=known(event),
            context=self.ticket(event),
            quotes=quotes,
        )

    def started(self, event: Event) -> Started:
        return Started(
            address=event.source.address,
            external_id=name(event),
            at=self.at(event),
            profile=known(event),
            context=self.ticket(event),
        )

    def ticket(self, event: Event) -> dict[str, Any] | None:
        """The reply token, for whichever process answers: it is good once, for a minute, and only with our key."""
        if not event.replyToken:
            return None
        return {"line": {"reply_token": event.replyToken, "at": self.now.timestamp()}}

    def parts(self, message: Message) -> tuple[Part, ...]:
        match message.type:
            case "text" if words := self.without_mention(message):
                return (Text(text=words),)
            case "image" | "video" | "audio" | "file":
                return (media(message),)
            case "location":
                place = Location(
                    latitude=message.latitude, longitude=message.longitude, name=message.title, address=message.address
                )
                return (place,)
            case "sticker" if message.stickerId.isdecimal():
                return sticker(message)
            case kind:
                return (Unsupported(what=kind or "message"),)

    def without_mention(self, message: Message) -> str:
        """The words without the bot's name, which is how they were addressed and not what they say."""
        wide = message.text.encode("utf-16-le", "surrogatepass")
        ours = [one for one in message.mention.mentionees if self.names_us(one)]
        for one in sorted(ours, key=lambda mentionee: mentionee.index, reverse=True):
            wide = wide[: 2 * one.index] + wide[2 * (one.index + one.length) :]
        left = wide.decode("utf-16-le", "replace")
        left = left.replace("  ", " ").strip(" ,:") if ours else left
        return left if left.strip() else message.text.strip()


def live(event: Event) -> bool:
    """Not for another service that answers in our place, nor made up by the console."""
    return event.mode != "standby" and event.replyToken not in CONSOLE


def name(event: Event) -> str:
    """The same on every redelivery, also of those who send no id."""
    if event.webhookEventId:
        return event.webhookEventId
    data = event.postback.data if event.postback else ""
    known = f"{event.type}\0{event.source.address}\0{event.timestamp}\0{data}"
    return f"event-{hashlib.blake2b(known.encode('utf-8', 'replace'), digest_size=16).hexdigest()}"


def known(event: Event) -> Profile:
    """LINE names nobody in a webhook."""
    return {"user_id": event.source.userId} if event.source.userId else {}


def tapped(event: Event) -> tuple[Part, ...]:
    assert event.postback is not None
    picked = event.postback.params.picked
    tap = (Tap(payload=event.postback.data),) if event.postback.data else (Unsupported(what="postback"),)
    return (*tap, *([Text(text=picked)] if picked else []))


def sticker(message: Message) -> tuple[Part, ...]:
    """Its picture, named by what it means; and the words a user has written on it."""
    url = STICKER.format(message.stickerId)
    picture = Media(url=f"ref:{url}", media="image", mime="image/png", alt=", ".join(message.keywords[:3]))
    return (picture, *([Text(text=message.text)] if message.text.strip() else []))


def media(message: Message) -> Media:
    """Held by LINE under the message's id, or, what an application of ours sent for the user, at an address."""
    kind, mime = FILES[message.type]
    outside = message.contentProvider.type == "external" and message.contentProvider.originalContentUrl
    return Media(
        url=f"ref:{outside or message.id}",
        media=kind,
        mime="" if outside else mime,
        name=message.fileName,
        size=max(message.fileSize, 0),
    )
