"""The JSON of the generic webhook channel, both directions; docs/webhook-channel.md is its reference."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, get_args

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from orchestrator import answers, codec
from orchestrator.errors import Malformed
from orchestrator.incoming import read_json
from orchestrator.types import (
    DeliveryState,
    FormAnswer,
    Inbound,
    Location,
    Media,
    MediaKind,
    Outgoing,
    Part,
    Received,
    Rendering,
    Started,
    StatusChanged,
    Tap,
    Text,
    Unsupported,
)

MOST_EVENTS = 100
MOST_PARTS = 20
MOST_FACTS = 50
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

CUSTOMER_KINDS = frozenset({"text", "media", "location", "tap", "form_answer"})
"""Parts a customer can say. Others (buttons, carousels …) are a bot's, and would be shown as if a bot had said them."""

STATES: Mapping[str, DeliveryState] = {"sent": "sent", "delivered": "delivered", "read": "read", "failed": "failed"}
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")
ABSOLUTE = re.compile(r"https?://[^\s/]", re.IGNORECASE)

Id = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Short = Annotated[str, StringConstraints(max_length=1000)]
Fact = Annotated[str, StringConstraints(max_length=1000)] | int | float | bool | None


class User(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    id: Id | None = None
    name: Short = ""


class Event(BaseModel):
    """One item of a request. Which fields count depends on `type`."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, allow_inf_nan=False)

    type: Annotated[str, StringConstraints(max_length=80)] | None = None
    id: Id | None = None
    conversation: Id | None = None
    conversation_id: Id | None = None
    address: Id | None = None
    user: User | None = None
    text: str | None = None
    parts: list[Any] | None = Field(None, max_length=MOST_PARTS)
    payload: str = ""
    title: Short = ""
    url: str = ""
    mime: Short = ""
    mime_type: Short = ""
    name: Short = ""
    alt: str = ""
    size: int = Field(0, ge=0, le=2**53)
    latitude: float = Field(0.0, ge=-90, le=90)
    longitude: float = Field(0.0, ge=-180, le=180)
    form_id: Short = ""
    values: dict[str, str] = Field(default_factory=dict)
    message: Id | None = None
    profile: dict[Annotated[str, StringConstraints(max_length=64)], Fact] = Field(
        default_factory=dict, max_length=MOST_FACTS
    )
    context: dict[str, Any] | None = None
    language: str = ""
    at: datetime | None = None
    status: str = ""
    error: Short = ""

    @property
    def who(self) -> str:
        """The customer's address here. Raises Malformed."""
        found = self.conversation or self.conversation_id or self.address or (self.user.id if self.user else None)
        if not found:
            raise Malformed("conversation is missing: who is this from?")
        return found

    @property
    def facts(self) -> dict[str, str | int | float | bool | None]:
        known: dict[str, str | int | float | bool | None] = {}
        if self.user and self.user.id:
            known["user_id"] = self.user.id
        if self.user and self.user.name:
            known["name"] = self.user.name
        return known | self.profile

    @property
    def hint(self) -> str:
        """A bad language hint is no reason to lose a message."""
        return self.language if LANGUAGE.fullmatch(self.language) else ""

    def happened(self, now: datetime) -> datetime:
        """Never later than now. Raises Malformed for times that can't be meant."""
        if self.at is None:
            return now
        at = self.at if self.at.tzinfo else self.at.replace(tzinfo=UTC)
        if at < EARLIEST:
            raise Malformed("at is before the year 2000: ISO 8601 or seconds since 1970 are wanted")
        return min(at.astimezone(UTC), now)


def read(body: bytes, delivery_id: str, now: datetime) -> list[Inbound]:
    """Events of a request, oldest first: one object, a list of them, or `{"events": […]}`. Raises Malformed."""
    found = read_json(body)
    if isinstance(found, dict) and isinstance(found.get("events"), list):
        found = found["events"]
    if isinstance(found, dict):
        return read_event(found, delivery_id, now)
    if not isinstance(found, list):
        raise Malformed("the body is neither an event nor a list of events")
    if len(found) > MOST_EVENTS:
        raise Malformed(f"{len(found)} events in one request; {MOST_EVENTS} are the most")
    return [event for index, item in enumerate(found) for event in read_item(item, index, delivery_id, now)]


def read_item(item: Any, index: int, delivery_id: str, now: datetime) -> list[Inbound]:
    try:
        return read_event(item, f"{delivery_id}:{index}" if delivery_id else "", now)
    except Malformed as error:
        raise Malformed(f"events.{index}: {error}") from None


def read_event(item: Any, fallback_id: str, now: datetime) -> list[Inbound]:
    try:
        event = Event.model_validate(item)
    except ValidationError as error:
        raise Malformed(codec.problems("event", error)) from None
    if event.context is not None:
        answers.check_plain(event.context, "context")
    kind = event.type or ("status" if event.status else "message")
    if kind == "typing":
        return []
    if kind == "status":
        return [status(event, now)]
    external_id = event.id or fallback_id
    if not external_id:
        raise Malformed("id is missing, and there is no webhook-id header to use instead")
    return [started(event, external_id, now) if kind == "start" else received(kind, event, external_id, now)]


def started(event: Event, external_id: str, now: datetime) -> Started:
    return Started(
        address=event.who,
        external_id=external_id,
        at=event.happened(now),
        profile=event.facts,
        context=event.context,
        language=event.hint,
    )


def received(kind: str, event: Event, external_id: str, now: datetime) -> Received:
    return Received(
        address=event.who,
        external_id=external_id,
        parts=said(kind, event),
        at=event.happened(now),
        profile=event.facts,
        context=event.context,
        language=event.hint,
    )


def status(event: Event, now: datetime) -> StatusChanged:
    state = STATES.get(event.status)
    message = event.message or event.id
    if state is None or not message:
        raise Malformed(f"a status needs 'message' (the id it was sent with) and 'status': {', '.join(STATES)}")
    return StatusChanged(external_id=message, state=state, at=event.happened(now), error=event.error)


def said(kind: str, event: Event) -> tuple[Part, ...]:
    """The parts of a message. Raises Malformed when it says nothing at all."""
    texts: tuple[Part, ...] = (Text(text=event.text),) if event.text and event.text.strip() else ()
    listed = tuple(part(item, index) for index, item in enumerate(event.parts or ()))
    match kind:
        case "message" | "text":
            own: tuple[Part, ...] = ()
        case "location":
            own = (Location(latitude=event.latitude, longitude=event.longitude, name=event.name),)
        case "postback" | "tap":
            own = (Tap(payload=event.payload, title=event.title or event.text or "", message_id=event.message or ""),)
            texts = ()
        case "form_answer":
            own = (FormAnswer(form_id=event.form_id, values=event.values, message_id=event.message or ""),)
        case _ if kind in get_args(MediaKind):
            own = (media(event, kind),)
        case _:
            own = (Unsupported(what=kind),)
    parts = own + texts + listed
    if not parts:
        raise Malformed("event is empty: 'text' or 'parts' is needed")
    return parts


def media(event: Event, kind: str) -> Part:
    mime = event.mime or event.mime_type
    item = {"kind": "media", "media": kind, "url": event.url, "mime": mime}
    return part(item | {"name": event.name, "alt": event.alt, "size": event.size}, 0)


def part(item: Any, index: int) -> Part:
    """One item of `parts`; a bare string is a text. Raises Malformed."""
    if isinstance(item, str):
        return Text(text=item)
    kind = item.get("kind") if isinstance(item, Mapping) else None
    if isinstance(kind, str) and kind not in CUSTOMER_KINDS:
        return Unsupported(what=kind[:80])
    try:
        found = codec.parts.read([item])[0]
    except Malformed as error:
        raise Malformed(f"parts.{index}: {error}") from None
    if isinstance(found, Media) and not ABSOLUTE.match(found.url):
        # Shown to an agent: `javascript:` is an attack, and a path would make their browser ask our own server.
        return Unsupported(what="media", note="its address does not start with https:// or http://")
    if isinstance(found, Location) and not (abs(found.latitude) <= 90 and abs(found.longitude) <= 180):
        raise Malformed(f"parts.{index}: latitude is -90 to 90 and longitude -180 to 180 degrees")
    return found


def message(outgoing: Outgoing, rendering: Rendering, key: str) -> bytes:
    """What Parley POSTs for one rendering. `id` is the idempotency key, `conversation` the customer's address."""
    return orjson.dumps(
        {
            "type": "message",
            "id": key,
            "conversation": outgoing.address,
            "conversation_id": outgoing.conversation_id,
            "message_id": outgoing.message_id,
            "seq": outgoing.seq,
            "index": outgoing.done,
            "parts": rendering.parts,
        }
    )


def typing(address: str, on: bool) -> bytes:
    return orjson.dumps({"type": "typing", "conversation": address, "on": on})


def given_id(body: bytes) -> str:
    """The id a receiver gave the message: `{"id": …}` in its answer, which may as well be empty or no JSON at all."""
    if not body.startswith(b"{"):
        return ""
    try:
        found = orjson.loads(body).get("id")
    except orjson.JSONDecodeError:
        return ""
    return str(found)[:256] if isinstance(found, str | int) and not isinstance(found, bool) else ""
