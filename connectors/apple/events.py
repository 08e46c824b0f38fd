"""Messages of customers: words and files, and what they chose or filled in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.apple import wire
from connectors.apple.wire import Attachment, Envelope, listed, mapped
from orchestrator.incoming import media_kind
from orchestrator.types import (
    Consent,
    FormAnswer,
    Inbound,
    Media,
    Part,
    Profile,
    Received,
    Tap,
    Text,
    Unsupported,
)

PLACE = "\ufffc"
"""Where an attachment stands in the text."""

FORM = "form:"
"""How our form's requests are called: `form:<id>:<message>`; all others go by their message alone."""

MOST_ATTACHMENTS = 20


def read(envelope: Envelope, now: datetime, *, returning: bool) -> Sequence[Inbound]:
    """`returning`: not known to have been writing just now, so what a `close` forbade may have to be allowed again."""
    match envelope.type:
        case "typing_start" | "typing_end":
            return ()
        case "close":
            return [Consent(address=envelope.source_id, allowed=False, at=now, reason="close")]
        case "text":
            parts = said(envelope)
        case "interactive":
            parts = chosen(envelope)
        case kind:
            parts = (Unsupported(what=kind[:80] or "message"),)
    received = Received(
        address=envelope.source_id,
        external_id=envelope.id,
        parts=parts,
        at=now,
        profile=profile(envelope),
        context=entry(envelope),
        language=envelope.locale.replace("_", "-")[:35],
    )
    # Only customers begin: whoever writes again after a `close` wants to hear from us.
    return [Consent(address=envelope.source_id, allowed=True, at=now), received] if returning else [received]


def profile(envelope: Envelope) -> Profile:
    known = {"user_id": envelope.source_id, "device": envelope.device_agent}
    return {key: value[:300] for key, value in known.items() if value}


def entry(envelope: Envelope) -> Mapping[str, Any] | None:
    """Where the conversation was begun: what the business put behind its button."""
    found = {key: value[:300] for key in ("intent", "group") if (value := getattr(envelope, key))}
    return found or None


def said(envelope: Envelope) -> tuple[Part, ...]:
    text = envelope.body.replace(PLACE, " ").strip()
    words: tuple[Part, ...] = (Text(text=text),) if text else ()
    files = tuple(file(each) for each in envelope.attachments[:MOST_ATTACHMENTS])
    return words + files or (Unsupported(what="text"),)


def file(found: Attachment) -> Part:
    if not found.url or not found.key:
        return Unsupported(what="attachment", note=found.name[:200])
    return Media(
        url=f"ref:{wire.reference(found.parcel)}",
        media=media_kind(found.mime_type),
        mime=found.mime_type[:100],
        name=found.name[:200],
        size=found.size,
    )


def chosen(envelope: Envelope) -> tuple[Part, ...]:
    data = mapped(envelope.interactive_data.get("data"))
    request = wire.words(data.get("requestIdentifier"))
    message = request.rpartition(":")[2] if request.startswith(FORM) else request
    if found := filled(data, request, message) or taps(data, message):
        return tuple(found)
    reference = envelope.interactive_data_ref
    reply = mapped(envelope.interactive_data.get("replyMessage"))
    title = reference.title if reference else wire.words(reply.get("title"))
    kinds = [key for key in ("payment", "authenticate", "dynamic") if key in data]
    return (Unsupported(what=kinds[0] if kinds else "interactive", note=title[:200]),)


def taps(data: Mapping[str, Any], message: str) -> list[Part]:
    return [
        *quick(mapped(data.get("quick-reply")), message),
        *picked(mapped(data.get("listPicker")), message),
        *timed(mapped(data.get("event")), message),
    ]


def quick(reply: Mapping[str, Any], message: str) -> list[Part]:
    items = listed(reply.get("items"))
    name, index = wire.words(reply.get("selectedIdentifier")), reply.get("selectedIndex")
    found = next((item for item in items if name and item.get("identifier") == name), None)
    if found is None and isinstance(index, int) and 0 <= index < len(items):
        found = items[index]
    return [tap(found, message)] if found else []


def picked(picker: Mapping[str, Any], message: str) -> list[Part]:
    """The answer holds the items that were chosen, in their sections."""
    sections = listed(picker.get("sections"))
    return [tap(item, message) for section in sections for item in listed(section.get("items"))]


def timed(event: Mapping[str, Any], message: str) -> list[Part]:
    slots = listed(event.get("timeslots"))
    return [
        Tap(
            payload=wire.words(slot.get("identifier")) or wire.words(slot.get("startTime")),
            title=wire.words(slot.get("startTime"))[:200],
            message_id=message,
        )
        for slot in slots
    ]


def tap(item: Mapping[str, Any], message: str) -> Tap:
    return Tap(
        payload=wire.words(item.get("identifier")), title=wire.words(item.get("title"))[:200], message_id=message
    )


def filled(data: Mapping[str, Any], request: str, message: str) -> list[Part]:
    """A form's pages are its fields, each with what was chosen or typed there."""
    dynamic = mapped(data.get("dynamic"))
    selections = listed(dynamic.get("selections")) or listed(mapped(dynamic.get("data")).get("selections"))
    if not selections:
        return []
    form = request.removeprefix(FORM).rpartition(":")[0] if request.startswith(FORM) else ""
    values = {wire.words(page.get("pageIdentifier")): answer(page) for page in selections}
    kept = {name: value for name, value in values.items() if name and value}
    return [FormAnswer(form_id=form, values=kept, message_id=message)]


def answer(page: Mapping[str, Any]) -> str:
    items = listed(page.get("items"))
    found = (wire.words(item.get("value")) or wire.words(item.get("title")) for item in items)
    return ", ".join(filter(None, found))
