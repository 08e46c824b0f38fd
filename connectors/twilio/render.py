"""A rendering as the fields of a message, or as Content that must be made first."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

import orjson

from connectors.twilio.settings import Settings
from orchestrator.errors import SendFailed
from orchestrator.markup import plain, to_whatsapp
from orchestrator.types import (
    Buttons,
    Carousel,
    Form,
    FormAnswer,
    ListPicker,
    Location,
    Media,
    Part,
    QuickReplies,
    Tap,
    Template,
    Text,
    Unsupported,
)

OPENER = "…"
"""The button of a list must be called something; bots name it, and this is in every language."""
BODY = "{{1}}"


@dataclass(frozen=True, slots=True)
class Content:
    """What the Content API must hold. The options are written into it, its text is filled in, so that one serves all
    messages with the same options."""

    types: Mapping[str, Any]
    body: str

    @property
    def name(self) -> str:
        """The same for the same content, in every process."""
        data = orjson.dumps(self.types, option=orjson.OPT_SORT_KEYS)
        return "parley-" + hashlib.blake2b(data, digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Fields of the message; some repeat."""

    fields: Sequence[tuple[str, str]] = field(default=())
    content: Content | None = None


def wanted(parts: Sequence[Part], settings: Settings) -> Wanted:
    """fit hands one part. Raises SendFailed for a template nobody has named."""
    for part in parts:
        return of_part(part, settings)
    return Wanted([("Body", "…")])


def of_part(part: Part, settings: Settings) -> Wanted:
    match part:
        case Text():
            return Wanted([("Body", written(part, settings))])
        case Media():
            return Wanted([*([("Body", part.alt)] if part.alt else []), ("MediaUrl", part.url)])
        case Location():
            return Wanted(located(part))
        case QuickReplies():
            return quick_reply([(each.title, each.payload) for each in part.choices], part.text)
        case Buttons():
            return quick_reply([(each.title, each.payload) for each in part.buttons], part.text)
        case ListPicker():
            return picker(part)
        case Template():
            return Wanted(template(part, settings))
        case Carousel() | Form() | Tap() | FormAnswer() | Unsupported():
            # Beyond the limits, so fit never hands one; said all the same, never silence.
            return Wanted([("Body", getattr(part, "title", "") or "…")])
        case _:
            assert_never(part)


def written(part: Text, settings: Settings) -> str:
    if not part.markdown:
        return part.text
    return to_whatsapp(part.text) if settings.over_whatsapp else plain(part.text)


def located(part: Location) -> list[tuple[str, str]]:
    """twilio.com/docs/whatsapp/api: a pin is an action that persists."""
    label = " ".join(f"{part.name} {part.address}".split())[:256]
    pin = f"geo:{part.latitude},{part.longitude}" + (f"|{label}" if label else "")
    return [("Body", label or f"{part.latitude}, {part.longitude}"), ("PersistentAction", pin)]


def quick_reply(options: Sequence[tuple[str, str]], text: str) -> Wanted:
    actions = [{"type": "QUICK_REPLY", "title": literal(title), "id": literal(payload)} for title, payload in options]
    return Wanted(content=content("twilio/quick-reply", {"actions": actions}, text))


def picker(part: ListPicker) -> Wanted:
    items = [
        {"item": literal(one.title), "id": literal(one.payload), "description": literal(one.description)}
        for one in part.choices
    ]
    options = {"button": literal(part.button[:20] or OPENER), "items": items}
    return Wanted(content=content("twilio/list-picker", options, part.text))


def content(kind: str, options: Mapping[str, Any], text: str) -> Content:
    """A text of several lines stands in the content itself: what is filled in must be one line (error 21656)."""
    body = text.strip() or OPENER
    lone = "\n" not in body
    return Content({kind: {"body": BODY if lone else literal(body), **options}}, body if lone else "")


def literal(text: str) -> str:
    """So that nothing in it is a place to fill in."""
    return text.replace("{{", "{\u200b{")


def template(part: Template, settings: Settings) -> list[tuple[str, str]]:
    sid = settings.templates.get(part.name, part.name)
    if not sid.startswith("HX"):
        known = ", ".join(sorted(settings.templates)) or "none"
        raise SendFailed(f"there is no template {part.name!r}; known: {known}", retryable=False)
    return [("ContentSid", sid), *filled(part.values)]


def filled(values: Mapping[str, str]) -> list[tuple[str, str]]:
    return [("ContentVariables", orjson.dumps(dict(values)).decode())] if values else []
