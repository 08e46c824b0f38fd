"""From a part to a message of an inbox. Pure.

developers.facebook.com/docs/messenger-platform/reference/send-api and …/send-messages/template
"""

from collections.abc import Sequence
from typing import Any, assert_never

from orchestrator import markup
from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
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

Json = dict[str, Any]
KINDS = {"image": "image", "gif": "image", "audio": "audio", "video": "video", "file": "file"}
MAP = "https://www.google.com/maps/search/?api=1&query="


def call(address: str, message: Json, tag: str = "") -> Json:
    kind = {"messaging_type": "MESSAGE_TAG", "tag": tag} if tag else {"messaging_type": "RESPONSE"}
    return {"recipient": {"id": address}, **kind, "message": message}


def message(part: Part, file: Json | None = None) -> Json:
    """`file` is where the bytes of a Media are, if not at its own link: `{"attachment_id": …}`."""
    match part:
        case Text():
            return {"text": markup.plain(part.text) if part.markdown else part.text}
        case QuickReplies() | ListPicker():
            return {"text": part.text, "quick_replies": [quick_reply(choice) for choice in part.choices]}
        case Buttons():
            return template({"template_type": "button", "text": part.text, "buttons": buttons(part.buttons)})
        case Carousel():
            return template({"template_type": "generic", "elements": [element(card) for card in part.cards]})
        case Media():
            return {"attachment": {"type": KINDS[part.media], "payload": file or {"url": part.url}}}
        case _:
            return {"text": words(part)}


def words(part: Location | Form | Template | Tap | FormAnswer | Unsupported) -> str:
    """What an inbox has nothing for."""
    match part:
        case Location():
            lines = (part.name, part.address, f"{MAP}{part.latitude},{part.longitude}")
            return "\n".join(filter(None, lines))
        case Form():
            return "\n".join(filter(None, (part.title, *(f"• {field.label}" for field in part.fields)))) or part.id
        case Template():
            return part.text or part.name
        case Tap():
            return part.title or part.payload
        case FormAnswer():
            return "\n".join(f"{name}: {value}" for name, value in part.values.items())
        case Unsupported():
            return part.note or f"[{part.what}]"
        case _:
            assert_never(part)


def template(payload: Json) -> Json:
    return {"attachment": {"type": "template", "payload": payload}}


def quick_reply(choice: Choice) -> Json:
    pictured = {"image_url": choice.image} if choice.image else {}
    return {"content_type": "text", "title": choice.title, "payload": choice.payload, **pictured}


def buttons(found: Sequence[Button]) -> list[Json]:
    return [
        {"type": "web_url", "title": button.title, "url": button.url}
        if button.url
        else {"type": "postback", "title": button.title, "payload": button.payload}
        for button in found
    ]


def element(card: Card) -> Json:
    """A title alone is refused: one other field must be there."""
    more = {"subtitle": card.subtitle, "image_url": card.image, "buttons": buttons(card.buttons)}
    found = {key: value for key, value in more.items() if value} or {"subtitle": card.alt or card.title}
    return {"title": card.title, **found}
