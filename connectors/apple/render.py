"""Our parts as Apple's interactive messages (register.apple.com/resources/messages/msp-rest-api)."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.apple.events import FORM
from connectors.apple.settings import Settings
from orchestrator.types import Buttons, Choice, Form, FormField, ListPicker, Part, QuickReplies

Json = dict[str, Any]
BID = "com.apple.messages.MSMessageExtensionBalloonPlugin:0000000000:com.apple.icloud.apps.messages.business.extension"
FEWEST, MOST = 2, 5
"""Quick replies under a text."""

ASTRAL = re.compile("[\U00010000-\U0010ffff]")
JOINERS = re.compile("[\u200d\ufe0f]")
KEYBOARDS = {"email": "emailAddress", "phone": "phonePad", "number": "decimalPad"}


def fields(part: Part, message: str, settings: Settings, can: frozenset[str]) -> Json:
    """Type and content of a message. `can` is what the customer's device says it shows; empty: it did not say."""
    match part:
        case QuickReplies(choices=choices, text=text) if able("QUICK", can) and FEWEST <= len(choices) <= MOST:
            return interactive(quick(choices, text), message)
        case QuickReplies(choices=choices, text=text):
            return fields(ListPicker(choices=choices, text=text), message, settings, can)
        case ListPicker(choices=choices, text=text) if able("TIME", can) and (slots := times(choices, settings)):
            return interactive({"event": {"identifier": message, "title": "", "timeslots": slots}}, message, text)
        case ListPicker() if able("LIST", can):
            return interactive(picker(part), message, part.text, button=part.button)
        case ListPicker(choices=choices, text=text):
            return words("\n".join([text, *(numbered(choices))]))
        case Form(id=form) if part.fields and able("FORM", can):
            title = part.title or settings.title or part.fields[0].label or part.fields[0].name
            return interactive(dynamic(part), f"{FORM}{form}:{message}", title, button=part.submit)
        case Form(title=title):
            return words("\n".join([title, *(f"{each.label or each.name}:" for each in part.fields)]))
        case Buttons(buttons=buttons, text=text):
            lines = (f"{each.title}: {each.url}" if each.url else each.title for each in buttons)
            return words("\n".join([text, *lines]))
    return words(next((str(said) for key in SPOKEN if (said := getattr(part, key, ""))), part.kind))


SPOKEN = ("text", "alt", "title", "note", "name", "address", "payload", "what")
"""What says most of a part that has no form of its own here."""


def able(what: str, can: frozenset[str]) -> bool:
    return not can or what in can


def words(text: str) -> Json:
    return {"type": "text", "body": bmp(text.strip())}


def interactive(data: Json, request: str, title: str = "", *, button: str = "") -> Json:
    """`title` is on the bubble that is tapped, `button` under it and on the answer."""
    content: Json = {"bid": BID, "data": {"version": "1.0", "requestIdentifier": request} | data}
    if "quick-reply" not in data:
        bubble: Json = {"style": "icon", "title": bmp(title) or "…"}
        if button:
            bubble["subtitle"] = bmp(button)
        content |= {"receivedMessage": bubble, "replyMessage": {"style": "icon", "title": bmp(title) or "…"}}
    return {"type": "interactive", "interactiveData": content}


def quick(choices: Sequence[Choice], text: str) -> Json:
    items = [{"identifier": each.payload, "title": bmp(each.title)} for each in choices]
    return {"quick-reply": {"summaryText": bmp(text) or "…", "items": items}}


def picker(part: ListPicker) -> Json:
    items = [item(order, each) for order, each in enumerate(part.choices)]
    section = {"order": 0, "title": bmp(part.button or part.text)[:85], "multipleSelection": False, "items": items}
    return {"listPicker": {"sections": [section]}}


def item(order: int, choice: Choice) -> Json:
    found: Json = {"identifier": choice.payload, "order": order, "style": "default", "title": bmp(choice.title)}
    return found | ({"subtitle": bmp(choice.description)} if choice.description else {})


def numbered(choices: Sequence[Choice]) -> Sequence[str]:
    return [f"{number}. {each.title}" for number, each in enumerate(choices, 1)]


def times(choices: Sequence[Choice], settings: Settings) -> list[Json]:
    """A list of nothing but moments (payloads in ISO 8601 with their zone) is a time picker."""
    found: list[Json] = []
    for each in choices:
        at = moment(each.payload)
        if at is None:
            return []
        start = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M+0000")
        found.append({"identifier": each.payload, "startTime": start, "duration": settings.slot})
    return found


def moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo and len(text) > 10 else None


def dynamic(form: Form) -> Json:
    """A page for each field, one after the other, and what was said before it goes."""
    last = len(form.fields) - 1
    pages = [page(each, form.fields[n + 1].name if n < last else "") for n, each in enumerate(form.fields)]
    start = form.fields[0].name
    data: Json = {"startPageIdentifier": start, "showSummary": True, "pages": pages}
    return {"dynamic": {"version": "1.2", "template": "messageForms", "data": data}}


def page(asked: FormField, following: str) -> Json:
    label = bmp(asked.label or asked.name)
    found: Json = {"pageIdentifier": asked.name, "title": label, "subtitle": label}
    found |= {"nextPageIdentifier": following} if following else {"submitForm": True}
    if asked.type == "select" and asked.options:
        items = [option(number, each) for number, each in enumerate(asked.options)]
        return found | {"type": "select", "multipleSelection": False, "items": items}
    if asked.type == "date":
        return found | {"type": "datePicker", "options": {"dateFormat": "yyyy-MM-dd", "labelText": label}}
    options: Json = {"required": asked.required, "inputType": "singleline", "labelText": label}
    options |= {"placeholder": bmp(asked.placeholder)} if asked.placeholder else {}
    options |= {"keyboardType": KEYBOARDS[asked.type]} if asked.type in KEYBOARDS else {}
    return found | {"type": "input", "options": options}


def option(number: int, choice: Choice) -> Json:
    return {"identifier": str(number), "title": bmp(choice.title), "value": choice.payload or choice.title}


def bmp(text: str) -> str:
    """Apple takes characters of the Basic Multilingual Plane only: others become what they stand for."""
    if not ASTRAL.search(text):
        return text
    plain = ASTRAL.sub(nearest, text)
    return JOINERS.sub("", plain)


def nearest(found: re.Match[str]) -> str:
    """𝐀 is an A; 🎉 is :party popper:."""
    character = found[0]
    simple = unicodedata.normalize("NFKC", character)
    if not ASTRAL.search(simple):
        return simple
    if "EMOJI MODIFIER" in (name := unicodedata.name(character, "")):
        return ""
    return f":{name.lower()}:" if name else "\ufffd"
