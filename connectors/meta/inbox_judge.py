"""What Messenger and Instagram refuse of a message, for their stand-ins: their limits, with their own codes."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.meta.pretend import Refused
from orchestrator.types import Limits

Json = Mapping[str, Any]
BUTTON_TEXT = 640


def judge(message: Json, limits: Limits) -> None:
    """Raises Refused with status, code and words."""
    if "attachment" not in message:
        within(message.get("text"), limits.text, "message[text]", limits.unit == "bytes")
    replies = message.get("quick_replies", ())
    need(len(replies) <= limits.quick_replies, f"quick_replies may be {limits.quick_replies} at most")
    for reply in replies:
        within(reply.get("title"), limits.quick_reply_title, "quick_replies[title]")
        within(reply.get("payload"), limits.payload, "quick_replies[payload]")
    within(message.get("metadata", "-"), 1000, "message[metadata]")
    if found := message.get("attachment"):
        attachment(found, limits)


def need(holds: bool, words: str) -> None:
    if not holds:
        raise Refused(400, 100, f"Invalid parameter: {words}")


def within(value: Any, most: int, what: str, in_bytes: bool = False) -> None:
    need(isinstance(value, str) and bool(value), f"{what} must be a non-empty string")
    need((len(value.encode()) if in_bytes else len(value)) <= most, f"Length of param {what} must be at most {most}")


def attachment(found: Json, limits: Limits) -> None:
    payload = found.get("payload") or {}
    if found.get("type") != "template":
        kinds = {"image", "audio", "video", "file"} & {*limits.media, "image"}
        need(found.get("type") in kinds, "message[attachment][type]")
        need(bool(payload.get("url")) != bool(payload.get("attachment_id")), "one of url and attachment_id is needed")
        return
    match payload.get("template_type"):
        case "button":
            within(payload.get("text"), BUTTON_TEXT, "text")
            buttons(payload.get("buttons") or (), limits, 1)
        case "generic":
            elements = payload.get("elements") or ()
            need(1 <= len(elements) <= limits.cards, f"elements must be 1 to {limits.cards}")
            for element in elements:
                within(element.get("title"), limits.card_title, "element[title]")
                within(element.get("subtitle", "-"), limits.card_subtitle, "element[subtitle]")
                need(len(element) > 1, "an element needs more than a title")
                need("buttons" not in element or bool(element["buttons"]), "buttons must not be empty")
                buttons(element.get("buttons", ()), limits, 0)
        case kind:
            need(False, f"template_type {kind!r} is not known")


def buttons(found: Sequence[Json], limits: Limits, least: int) -> None:
    need(least <= len(found) <= limits.buttons, f"buttons must be {least} to {limits.buttons}")
    for button in found:
        within(button.get("title"), limits.button_title, "button[title]")
        match button.get("type"):
            case "postback":
                within(button.get("payload"), limits.payload, "button[payload]")
            case "web_url":
                need(str(button.get("url", "")).startswith(("http://", "https://")), "button[url] must be a URL")
            case kind:
                need(False, f"a button of the type {kind!r} is not known")
