"""What a user of Messenger or Instagram sees of a message, for their stand-ins: read back from the JSON."""

from collections.abc import Mapping
from typing import Any

from orchestrator.types import Button, Buttons, Card, Carousel, Choice, Media, Part, QuickReplies, Text, Unsupported

Json = Mapping[str, Any]


def parts(message: Json) -> tuple[Part, ...]:
    if found := message.get("attachment"):
        return (attachment(found),)
    words = str(message.get("text", ""))
    if replies := message.get("quick_replies"):
        return (QuickReplies(text=words, choices=tuple(map(choice, replies))),)
    return (Text(text=words),)


def choice(reply: Json) -> Choice:
    return Choice(title=reply["title"], payload=reply["payload"], image=reply.get("image_url", ""))


def attachment(found: Json) -> Part:
    payload = found["payload"]
    match payload.get("template_type"):
        case "button":
            return Buttons(text=payload["text"], buttons=tuple(map(button, payload["buttons"])))
        case "generic":
            return Carousel(cards=tuple(map(card, payload["elements"])))
        case None:
            return Media(url=payload.get("url") or f"ref:{payload['attachment_id']}", media=found["type"])
        case kind:
            return Unsupported(what=kind)


def button(found: Json) -> Button:
    return Button(title=found["title"], payload=found.get("payload", ""), url=found.get("url", ""))


def card(element: Json) -> Card:
    return Card(
        title=element["title"],
        subtitle=element.get("subtitle", ""),
        image=element.get("image_url", ""),
        buttons=tuple(map(button, element.get("buttons", ()))),
    )


def echoed(message: Json) -> Json:
    """A message as its echo has it."""
    found = message.get("attachment")
    if not found:
        return {"text": message.get("text", "")}
    payload = found["payload"]
    if found["type"] != "template":
        return {
            "attachments": [{"type": found["type"], "payload": {"url": payload.get("url", "https://cdn.example/x")}}]
        }
    return {"attachments": [{"type": "template", "payload": {"generic": payload}}]}
