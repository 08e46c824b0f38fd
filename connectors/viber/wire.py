"""Viber's callbacks (developers.viber.com/docs/api/rest-bot-api) as events. One callback holds one thing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from orchestrator import codec, incoming
from orchestrator.errors import Malformed
from orchestrator.incoming import moment, without_nulls
from orchestrator.types import (
    Consent,
    DeliveryState,
    Inbound,
    Location,
    Media,
    MediaKind,
    Part,
    Profile,
    Received,
    Started,
    StatusChanged,
    Tap,
    Text,
    Unsupported,
)

STATES: dict[str, DeliveryState] = {"delivered": "delivered", "seen": "read", "failed": "failed"}
ABOUT_NOBODY = frozenset({"webhook", "action", "client_status"})
FILES: dict[str, tuple[MediaKind, str]] = {"picture": ("image", "image/jpeg"), "video": ("video", "video/mp4")}

# Viber's message_token exceeds 2**53: kept as the digits it came with, since nobody counts with it.
Token = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)]


class Wire(BaseModel):
    model_config = ConfigDict(extra="ignore")

    drop_nulls = model_validator(mode="before")(without_nulls)


class User(Wire):
    id: str = ""
    name: str = ""
    avatar: str = ""
    country: str = ""
    language: str = ""

    @property
    def profile(self) -> Profile:
        facts = {"user_id": self.id, "name": self.name, "avatar": self.avatar, "country": self.country}
        return {key: value for key, value in facts.items() if value}


class Place(Wire):
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)
    address: str = ""


class Contact(Wire):
    name: str = ""
    phone_number: str = ""


class Message(Wire):
    type: str = ""
    text: str = ""
    media: str = ""
    file_name: str = ""
    file_size: int = 0
    location: Place | None = None
    contact: Contact | None = None
    sticker_id: int | str | None = None
    tracking_data: str = ""


class Callback(Wire):
    event: str = ""
    timestamp: float = 0.0
    message_token: Token = ""
    sender: User | None = None
    user: User | None = None
    user_id: str = ""
    message: Message | None = None
    context: str = ""
    subscribed: bool = False
    desc: str = ""

    @property
    def who(self) -> User:
        """Raises Malformed."""
        found = self.sender or self.user or User(id=self.user_id)
        if not found.id:
            raise Malformed(f"a viber {self.event!r} callback names nobody")
        return found


def read(body: bytes) -> Callback:
    """Raises Malformed."""
    try:
        return Callback.model_validate(incoming.read_json(body))
    except ValidationError as error:
        raise Malformed(codec.problems("callback", error)) from None


def events(found: Callback, now: datetime) -> Sequence[Inbound]:
    at = moment(found.timestamp / 1000, now)
    match found.event:
        case "message":
            return [received(found, found.message or Message(), at)]
        case "conversation_started":
            # Who has not written yet can't be written to: the welcome in the answer is all there is.
            return [started(found, at)] if found.subscribed else []
        case "subscribed":
            return [Consent(address=found.who.id, allowed=True, at=at, reason="subscribed"), started(found, at)]
        case "unsubscribed":
            return [Consent(address=found.who.id, allowed=False, at=at, reason="unsubscribed")]
        case "delivered" | "seen" | "failed":
            state = STATES[found.event]
            return [StatusChanged(external_id=found.message_token, state=state, at=at, error=found.desc[:500])]
        case event if event in ABOUT_NOBODY:
            return []
        case event:
            known = bool(found.sender or found.user)
            return [heard(found, (Unsupported(what=event),), at)] if known else []


def started(found: Callback, at: datetime) -> Started:
    who = found.who
    return Started(
        address=who.id,
        external_id=found.message_token,
        at=at,
        profile=who.profile,
        context={"start": found.context} if found.context else None,
        language=who.language[:35],
    )


def received(found: Callback, message: Message, at: datetime) -> Received:
    kept = tracked(message.tracking_data)
    start = kept.get("start")
    return heard(found, parts(message, kept), at, {"start": start} if isinstance(start, str) else None)


def heard(found: Callback, said: tuple[Part, ...], at: datetime, context: dict[str, Any] | None = None) -> Received:
    who = found.who
    if not found.message_token:
        raise Malformed("a viber message has no message_token")
    return Received(
        address=who.id,
        external_id=found.message_token,
        parts=said,
        at=at,
        profile=who.profile,
        context=context,
        language=who.language[:35],
    )


def tracked(data: str) -> dict[str, Any]:
    """What we sent along with our last message: `taps` are the titles of its buttons by payload, `start` the context
    the chat was opened with."""
    try:
        found = orjson.loads(data or "{}")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def parts(message: Message, kept: dict[str, Any]) -> tuple[Part, ...]:
    text = message.text.strip()
    match message.type:
        case "text" if text:
            titles = kept.get("taps")
            title = titles.get(text) if isinstance(titles, dict) else None
            return (Tap(payload=text, title=title) if isinstance(title, str) else Text(text=message.text),)
        case "picture" | "video" | "file" if message.media:
            return (file(message), *([Text(text=text)] if text else []))
        case "sticker" if message.media:
            return (Media(url=f"ref:{message.media}", media="image"),)
        case "location" if message.location:
            place = message.location
            return (Location(latitude=place.lat, longitude=place.lon, address=place.address),)
        case "contact" if message.contact:
            return (Text(text="\n".join(filter(None, (message.contact.name, message.contact.phone_number)))),)
        case "url" if message.media:
            return (Text(text=message.media),)
        case kind:
            note = str(message.sticker_id) if kind == "sticker" and message.sticker_id else ""
            return (Unsupported(what=kind or "message", note=note),)


def file(message: Message) -> Media:
    """Viber's links die after a while: the file is fetched at once."""
    kind, mime = FILES.get(message.type, ("file", ""))
    return Media(
        url=f"ref:{message.media}",
        media=kind,
        mime=mime,
        name=message.file_name,
        size=max(message.file_size, 0),
    )
