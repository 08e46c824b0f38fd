"""What Lex V2 answered, as actions (docs.aws.amazon.com/lexv2/latest/APIReference, RecognizeText). Pure."""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from orchestrator import answers
from orchestrator.bot_server import dict_of, list_of
from orchestrator.errors import BotFailed, Malformed
from orchestrator.facts import parley_items
from orchestrator.types import Action

Json = dict[str, Any]
TAGS = re.compile(r"<[^<>]*>")


def actions(messages: Any, who: str) -> tuple[Action, ...]:
    """Raises BotFailed, naming what came and never its words. Cards that follow one another become one carousel."""
    found = [dict_of(each, "a message", who) for each in list_of(messages or [], "messages", who)]
    try:
        return answers.from_value(list(joined(item for message in found for item in items(message, who))))
    except Malformed as error:
        raise BotFailed(f"{who} answered rubbish: {error}") from None


def items(message: Json, who: str) -> Iterator[Json]:
    content = message.get("content") or ""
    match message.get("contentType"):
        case "ImageResponseCard":
            yield card(dict_of(message.get("imageResponseCard"), "a response card", who))
        case "CustomPayload":
            yield from custom(content)
        case "SSML":
            yield {"kind": "text", "text": html.unescape(TAGS.sub("", str(content))).strip()}
        case _:
            yield {"kind": "text", "text": content}


def custom(content: Any) -> Iterator[Json]:
    """Parley's own JSON; anything else is for people to read."""
    try:
        ours = list(parley_items(orjson.loads(content)))
    except (orjson.JSONDecodeError, TypeError):
        ours = []
    yield from ours or [{"kind": "text", "text": content}]


def card(found: Json) -> Json:
    listed = found.get("buttons")
    buttons = [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
    if buttons and not found.get("imageUrl") and not found.get("subtitle"):
        choices = [{"title": each.get("text"), "payload": each.get("value")} for each in buttons]
        return {"kind": "quick_replies", "text": found.get("title") or "", "choices": choices}
    one = {
        "title": found.get("title"),
        "subtitle": found.get("subtitle") or "",
        "image": found.get("imageUrl") or "",
        "buttons": [{"title": each.get("text"), "payload": each.get("value")} for each in buttons],
    }
    return {"kind": "carousel", "cards": [one]}


def joined(items: Iterator[Json]) -> Iterator[Json]:
    held: Json | None = None
    for item in items:
        if held and item.get("kind") == "carousel":
            held = {**held, "cards": [*held["cards"], *item["cards"]]}
            continue
        if held:
            yield held
        held = item if item.get("kind") == "carousel" else None
        if not held:
            yield item
    if held:
        yield held
