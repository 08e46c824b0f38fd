"""From WhatsApp's webhook to events. A broken message in a batch never holds up the others."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from connectors.meta import hook, lenient
from connectors.whatsapp import wire
from connectors.whatsapp.settings import Settings
from orchestrator.errors import SendProblem
from orchestrator.types import (
    Deleted,
    DeliveryState,
    Echoed,
    Edited,
    FormAnswer,
    Inbound,
    Location,
    Media,
    MediaKind,
    Part,
    Profile,
    RawRequest,
    Reacted,
    Received,
    Started,
    StatusChanged,
    Tap,
    Text,
    Unsupported,
)

PRODUCT = "whatsapp_business_account"
STATES: Mapping[str, DeliveryState] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
    "failed": "failed",
}
FILES: Mapping[str, MediaKind] = {
    "image": "image",
    "video": "video",
    "audio": "audio",
    "voice": "audio",
    "document": "file",
    "sticker": "image",
}
LONGEST_NOTE = 2000
REASONS: Mapping[int, SendProblem] = {131047: "window_closed", 131050: "opted_out"}
"""Of what WhatsApp says of a message it took, by its code."""


def events(request: RawRequest, settings: Settings, now: datetime) -> list[Inbound]:
    """Every event about our number, oldest first. Raises Malformed."""
    found: list[Inbound] = []
    for value in values(request, settings):
        people = contacts(value)
        for raw in hook.objects(value.get("messages")):
            found += message(raw, people, now)
        for raw in hook.objects(value.get("message_echoes")):
            found += echo(raw, now)
        for raw in hook.objects(value.get("statuses")):
            found += status(raw, now)
    return sorted((event for event in found if not hook.stale(event.at, now, settings)), key=lambda event: event.at)


def values(request: RawRequest, settings: Settings) -> Iterator[Mapping[str, Any]]:
    """What changed on our number; other numbers of the app have channels of their own."""
    for entry in hook.entries(request, PRODUCT):
        for change in hook.objects(entry.get("changes")):
            value = change.get("value")
            if isinstance(value, dict) and ours(value, settings):
                yield value


def ours(value: Mapping[str, Any], settings: Settings) -> bool:
    metadata = value.get("metadata")
    number = metadata.get("phone_number_id") if isinstance(metadata, dict) else None
    return not settings.phone_number_id or str(number) == settings.phone_number_id


def contacts(value: Mapping[str, Any]) -> list[wire.Contact]:
    found = [lenient.read(wire.Contact, raw) for raw in hook.objects(value.get("contacts"))]
    return [one for one in found if one]


def profile(said: wire.Message, people: Sequence[wire.Contact]) -> Profile:
    """What WhatsApp says of who wrote; in a batch, of the one whose number or id it is."""
    keys = {said.from_, said.from_user_id} - {""}
    mine = next((one for one in people if keys & {one.wa_id, one.user_id}), people[0] if len(people) == 1 else None)
    known = {
        "name": mine.profile.name if mine else "",
        "username": mine.profile.username if mine else "",
        "user_id": said.from_user_id or (mine.user_id if mine else ""),
        "phone": f"+{said.from_}" if said.from_.isdecimal() else "",
    }
    return {key: value for key, value in known.items() if value}


def message(raw: Mapping[str, Any], people: Sequence[wire.Contact], now: datetime) -> Iterator[Inbound]:
    said = lenient.read(wire.Message, raw) or wire.Message()
    address = said.from_ or said.from_user_id
    if not address or not said.id or said.group_id:
        return
    at = hook.moment(said.timestamp, now)
    if (amended := amendment(said, address, at)) is not None:
        yield amended
        return
    known = profile(said, people)
    context = facts(said)
    if said.type == "request_welcome":
        yield Started(address=address, external_id=said.id, at=at, profile=known, context=context)
        return
    yield Received(
        address=address,
        external_id=said.id,
        parts=parts(said),
        at=at,
        profile=known,
        context=context,
        quotes=said.context.id if said.context else "",
    )


def amendment(said: wire.Message, address: str, at: datetime) -> Inbound | None:
    """What is said about a message that was sent before."""
    match said:
        case wire.Message(type="reaction", reaction=wire.Emoji(message_id=id, emoji=emoji)) if id:
            return Reacted(address=address, external_id=id, emoji=emoji, at=at)
        case wire.Message(type="edit", edit=wire.Edit(original_message_id=id, message=content)) if id:
            return Edited(address=address, external_id=id, parts=parts(content), at=at)
        case wire.Message(type="revoke", revoke=wire.Edit(original_message_id=id)) if id:
            return Deleted(address=address, external_id=id, at=at)
    return None


def facts(said: wire.Message) -> Mapping[str, Any] | None:
    """Where the customer comes from, and what they put together there."""
    product = said.context.referred_product if said.context else None
    found = {"referral": said.referral, "product": product, "order": said.order}
    return {key: value for key, value in found.items() if value} or None


def echo(raw: Mapping[str, Any], now: datetime) -> Iterator[Inbound]:
    """What a person wrote to a customer in the WhatsApp Business app (coexistence)."""
    said = lenient.read(wire.Message, raw) or wire.Message()
    address = said.to or said.to_user_id
    if not address or not said.id:
        return
    at = hook.moment(said.timestamp, now)
    amended = amendment(said, address, at)
    if isinstance(amended, Reacted):  # the business' own, which no event stands for
        return
    yield amended or Echoed(address=address, external_id=said.id, parts=parts(said), at=at)


def status(raw: Mapping[str, Any], now: datetime) -> Iterator[Inbound]:
    found = lenient.read(wire.Status, raw) or wire.Status()
    state = STATES.get(found.status)
    if state is not None and found.id:
        yield StatusChanged(
            external_id=found.id,
            state=state,
            at=hook.moment(found.timestamp, now),
            error="; ".join(map(str, found.errors))[:LONGEST_NOTE],
            tracker=found.biz_opaque_callback_data,
            reason=next((REASONS[error.code] for error in found.errors if error.code in REASONS), ""),
        )


class Reader(Protocol):
    def __call__(self, said: wire.Content) -> tuple[Part, ...] | None: ...


def parts(said: wire.Content) -> tuple[Part, ...]:
    """At least one. What there is no Part for keeps WhatsApp's own name."""
    read = READERS.get(said.type)
    found = read(said) if read else media(said)
    return found or (unsupported(said),)


def text(said: wire.Content) -> tuple[Part, ...] | None:
    return (Text(text=said.text.body),) if said.text and said.text.body else None


def media(said: wire.Content) -> tuple[Part, ...] | None:
    """The caption is the file's `alt`, as it is when one is sent."""
    kind = FILES.get(said.type)
    file: wire.File | None = getattr(said, said.type) if kind else None
    if not kind or not file or not file.id:
        return None
    mime = file.mime_type.partition(";")[0].strip()
    return (Media(url=f"ref:{file.id}", media=kind, mime=mime, name=file.filename, alt=file.caption),)


def location(said: wire.Content) -> tuple[Part, ...] | None:
    where = said.location
    if where is None:
        return None
    return (Location(latitude=where.latitude, longitude=where.longitude, name=where.name, address=where.address),)


def interactive(said: wire.Content) -> tuple[Part, ...] | None:
    found, origin = said.interactive, said.context.id if said.context else ""
    chosen = (found.button_reply or found.list_reply) if found else None
    if chosen:
        return (Tap(payload=chosen.id, title=chosen.title, message_id=origin),)
    return filled(found.nfm_reply, origin) if found and found.nfm_reply else None


def filled(answer: wire.Filled, origin: str) -> tuple[Part, ...] | None:
    """`flow_token` is what the form was sent with: its id."""
    try:
        values = json.loads(answer.response_json)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    form = str(values.pop("flow_token", "") or answer.name)
    return (
        FormAnswer(form_id=form, values={str(key): plain(value) for key, value in values.items()}, message_id=origin),
    )


def plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)


def button(said: wire.Content) -> tuple[Part, ...] | None:
    pressed, origin = said.button, said.context.id if said.context else ""
    return (Tap(payload=pressed.payload or pressed.text, title=pressed.text, message_id=origin),) if pressed else None


def unsupported(said: wire.Content) -> Unsupported:
    match said:
        case wire.Content(type="contacts"):
            note = "; ".join(map(person, said.contacts))
        case wire.Content(type="order", order=dict() as order):
            note = ordered(order)
        case wire.Content(type="system", system=dict() as system):
            note = str(system.get("body", ""))
        case _:
            note = "; ".join(map(str, said.errors))
    what = said.type
    if what == "unsupported" and said.unsupported:
        what = str(said.unsupported.get("type") or what)
    return Unsupported(what=what or "message", note=note[:LONGEST_NOTE])


def person(contact: Mapping[str, Any]) -> str:
    name = contact.get("name")
    called = str(name.get("formatted_name", "")) if isinstance(name, dict) else ""
    numbers = [str(item.get("phone") or item.get("wa_id") or "") for item in hook.objects(contact.get("phones"))]
    mails = [str(item.get("email") or "") for item in hook.objects(contact.get("emails"))]
    return ", ".join(filter(None, (called, *numbers, *mails)))


def ordered(order: Mapping[str, Any]) -> str:
    lines = [
        f"{item.get('quantity', 1)} × {item.get('product_retailer_id', '')} "
        f"({item.get('item_price', '')} {item.get('currency', '')})"
        for item in hook.objects(order.get("product_items"))
    ]
    return "; ".join(filter(None, (str(order.get("text") or ""), *lines)))


READERS: Mapping[str, Reader] = {"text": text, "location": location, "interactive": interactive, "button": button}
