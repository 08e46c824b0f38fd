"""What WhatsApp refuses of a message, for its stand-in: its limits, with its own codes."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.meta.pretend import Refused

WRONG_TYPE = 131051
MISSING = 131008
WRONG_VALUE = 131009
TOO_LONG = 100

Json = Mapping[str, Any]


def judge(message: Json) -> None:
    """Raises Refused with status, code and words."""
    need(message.get("messaging_product") == "whatsapp", MISSING, "messaging_product is needed")
    need(bool(message.get("to") or message.get("recipient")), MISSING, "to or recipient is needed")
    within(message.get("biz_opaque_callback_data", ""), 512, "biz_opaque_callback_data")
    kind = message.get("type", "text")
    content = message.get(kind)
    need(isinstance(content, dict), MISSING, f"parameter {kind} is needed")
    check = KINDS.get(str(kind))
    need(check is not None, WRONG_TYPE, f"Message type {kind} is not supported")
    if check and content:
        check(content)


def need(holds: bool, code: int, words: str) -> None:
    if not holds:
        raise Refused(400, code, words)


def within(value: Any, most: int, what: str, least: int = 0) -> None:
    need(isinstance(value, str), WRONG_VALUE, f"{what} must be a string")
    need(least <= len(value) <= most, TOO_LONG, f"{what} must have {least} to {most} characters")


def text(content: Json) -> None:
    within(content.get("body"), 4096, "text.body", 1)


def file(content: Json) -> None:
    need(bool(content.get("id")) != bool(content.get("link")), MISSING, "one of id and link is needed")
    within(content.get("caption", ""), 1024, "caption")
    if link := content.get("link"):
        need(str(link).startswith(("https://", "http://")), WRONG_VALUE, "link must be a URL")


def audio(content: Json) -> None:
    file(content)
    need("caption" not in content, TOO_LONG, "audio has no caption")


def location(content: Json) -> None:
    for key in ("latitude", "longitude"):
        need(isinstance(content.get(key), int | float), MISSING, f"location.{key} is needed")


def template(content: Json) -> None:
    within(content.get("name"), 512, "template.name", 1)
    language = content.get("language")
    need(isinstance(language, dict) and bool(language.get("code")), MISSING, "template.language.code is needed")


def interactive(content: Json) -> None:
    kind, action = content.get("type"), content.get("action")
    need(isinstance(action, dict), MISSING, "interactive.action is needed")
    body = content.get("body")
    within(body.get("text") if isinstance(body, dict) else None, 1024, "interactive.body.text", 1)
    check = ACTIONS.get(str(kind))
    need(check is not None, WRONG_VALUE, f"interactive.type {kind!r} is not supported")
    if check:
        check(action or {})


def buttons(action: Json) -> None:
    found = action.get("buttons") or []
    need(1 <= len(found) <= 3, WRONG_VALUE, "1 to 3 buttons are needed")
    distinct([button["reply"]["title"] for button in found], "button titles", 20)
    distinct([button["reply"]["id"] for button in found], "button ids", 256)


def distinct(values: Sequence[str], what: str, most: int) -> None:
    for value in values:
        within(value, most, what, 1)
    need(len(set(values)) == len(values), WRONG_VALUE, f"{what} must be unique")


def rows(action: Json) -> None:
    within(action.get("button"), 20, "action.button", 1)
    sections = action.get("sections") or []
    need(1 <= len(sections) <= 10, WRONG_VALUE, "1 to 10 sections are needed")
    found = [row for section in sections for row in section.get("rows", ())]
    need(1 <= len(found) <= 10, WRONG_VALUE, "1 to 10 rows in all are needed")
    for section in sections:
        within(section.get("title", ""), 24, "section.title", 1 if len(sections) > 1 else 0)
    distinct([row["id"] for row in found], "row ids", 200)
    for row in found:
        within(row["title"], 24, "row.title", 1)
        within(row.get("description", ""), 72, "row.description")


def link(action: Json) -> None:
    parameters = action.get("parameters") or {}
    within(parameters.get("display_text"), 20, "display_text", 1)
    need(str(parameters.get("url", "")).startswith("http"), WRONG_VALUE, "url must be a URL")


def flow(action: Json) -> None:
    parameters = action.get("parameters") or {}
    need(bool(parameters.get("flow_id")), MISSING, "flow_id is needed")
    within(parameters.get("flow_cta"), 30, "flow_cta", 1)


def carousel(action: Json) -> None:
    cards = action.get("cards") or []
    need(2 <= len(cards) <= 10, WRONG_VALUE, "2 to 10 cards are needed")
    for card in cards:
        within((card.get("body") or {}).get("text", ""), 160, "card.body.text")
        need(bool((card.get("header") or {}).get("image")), MISSING, "a card needs a header")
    kinds = {tuple(button["type"] for button in card["action"].get("buttons", ())) or "link" for card in cards}
    need(len(kinds) == 1, WRONG_VALUE, "all cards need the same buttons")
    for card in cards:
        if "buttons" not in card["action"]:
            link(card["action"])
        else:
            distinct([button["quick_reply"]["title"] for button in card["action"]["buttons"]], "button titles", 20)


ACTIONS = {"button": buttons, "list": rows, "cta_url": link, "flow": flow, "carousel": carousel}
KINDS = {
    "text": text,
    "image": file,
    "video": file,
    "document": file,
    "sticker": file,
    "audio": audio,
    "location": location,
    "interactive": interactive,
    "template": template,
}
