"""A rendering as one of the customer-service API's messages."""

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from connectors.wechat.settings import MenuEntry, Settings
from orchestrator.errors import SendFailed
from orchestrator.types import (
    Buttons,
    Carousel,
    Form,
    FormAnswer,
    ListPicker,
    Location,
    Media,
    MediaKind,
    Outgoing,
    Part,
    QuickReplies,
    Tap,
    Template,
    Text,
    Unsupported,
)

UPLOADS: Mapping[MediaKind, str] = {"image": "image", "gif": "image", "audio": "voice", "video": "video"}


def message(part: Part) -> Mapping[str, Any]:
    """Without whom it is for. Media are not here: they are uploaded first."""
    match part:
        case Text():
            return text(part.text)
        case QuickReplies() | ListPicker():
            return menu(part.text, [(one.payload, one.title) for one in part.choices])
        case Buttons():
            return menu(part.text, [(one.payload, one.title) for one in part.buttons])
        case Template() | Media() | Location() | Carousel() | Form() | Tap() | FormAnswer() | Unsupported():
            # Beyond the limits, so fit never hands one (media and templates go another way); never silence.
            return text(getattr(part, "text", "") or getattr(part, "title", "") or getattr(part, "url", "") or "…")
        case _:
            assert_never(part)


def text(content: str) -> Mapping[str, Any]:
    return {"msgtype": "text", "text": {"content": content}}


def menu(head: str, choices: Sequence[tuple[str, str]]) -> Mapping[str, Any]:
    """A tap sends the title as the customer's own text, with the id beside it (bizmsgmenuid)."""
    listed = [{"id": payload, "content": title} for payload, title in choices]
    return {"msgtype": "msgmenu", "msgmenu": {"head_content": head, "list": listed, "tail_content": ""}}


def uploaded(kind: str, media_id: str, part: Media) -> Mapping[str, Any]:
    if kind != "video":
        return {"msgtype": kind, kind: {"media_id": media_id}}
    video = {"media_id": media_id, "thumb_media_id": media_id, "title": part.name[:64], "description": part.alt[:120]}
    return {"msgtype": "video", "video": video}


def template(part: Template, outgoing: Outgoing, settings: Settings) -> Mapping[str, Any]:
    """Raises SendFailed for a template nobody has named."""
    found = settings.templates.get(part.name)
    if found is None:
        known = ", ".join(sorted(settings.templates)) or "none"
        raise SendFailed(f"there is no template {part.name!r}; known: {known}", retryable=False)
    data = {name: {"value": value} for name, value in part.values.items()}
    return {"touser": outgoing.address, "template_id": found, "data": data}


def menu_buttons(entries: Sequence[MenuEntry]) -> list[dict[str, Any]]:
    return [menu_button(entry) for entry in entries]


def menu_button(entry: MenuEntry) -> dict[str, Any]:
    if entry.entries:
        return {"name": entry.title, "sub_button": menu_buttons(entry.entries)}
    if entry.url:
        return {"type": "view", "name": entry.title, "url": entry.url}
    return {"type": "click", "name": entry.title, "key": entry.payload}
