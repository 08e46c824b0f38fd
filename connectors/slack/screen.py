"""The stand-in's eye: what Slack refuses of a message, and what a person sees of one."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from connectors.slack import forms, words
from orchestrator.ports import Shown
from orchestrator.types import Button, Buttons, Card, Carousel, Choice, ListPicker, Media, Part, Text

MOST_CHARACTERS = 13_200
BOLD = re.compile(r"(?<![\w*])\*(\S[^*\n]*)\*(?![\w*])")


class Refusal(Exception):
    """Slack's word for why."""


def checked(given: Mapping[str, Any]) -> None:
    """Raises Refusal, as chat.postMessage would (docs.slack.dev/reference/methods/chat.postMessage)."""
    blocks = given.get("blocks", [])
    if not given.get("channel"):
        raise Refusal("channel_not_found")
    if not given.get("text") and not blocks:
        raise Refusal("no_text")
    if len(given.get("text", "")) > 40_000:
        raise Refusal("msg_too_long")
    if len(blocks) > 50 or not all(map(valid, blocks)):
        raise Refusal("invalid_blocks")
    if len(orjson.dumps(blocks)) > MOST_CHARACTERS:
        raise Refusal("msg_blocks_too_long")


def valid(block: Mapping[str, Any]) -> bool:
    match block["type"]:
        case "section":
            return 1 <= len(block["text"]["text"]) <= 3000
        case "actions":
            ids = [element["action_id"] for element in block["elements"]]
            return 1 <= len(ids) <= 25 and len(set(ids)) == len(ids) and all(map(valid_element, block["elements"]))
        case "image":
            return bool(block["image_url"]) and 1 <= len(block["alt_text"]) <= 2000
        case "carousel":
            return 1 <= len(block["elements"]) <= 10 and all(map(valid_card, block["elements"]))
    return False


def valid_element(element: Mapping[str, Any]) -> bool:
    if element["type"] == "static_select":
        return 1 <= len(element["options"]) <= 100 and all(map(valid_option, element["options"]))
    return 1 <= len(element["text"]["text"]) <= 75 and len(element.get("value", "")) <= 2000


def valid_option(option: Mapping[str, Any]) -> bool:
    return 1 <= len(option["text"]["text"]) <= 75 and 1 <= len(option["value"]) <= 150


def valid_card(card: Mapping[str, Any]) -> bool:
    words = len(card["title"]["text"]) <= 150 and len(card.get("body", {}).get("text", "")) <= 200
    return words and len(card.get("actions", [])) <= 3 and all(map(valid_element, card.get("actions", [])))


def shown(message: Mapping[str, Any]) -> Shown:
    """What stands on the screen: its blocks where it has some, else its text."""
    blocks = message.get("blocks", [])
    parts = [part for part in map(part_of, blocks) if part is not None]
    texts = "\n".join(written(block["text"]["text"]) for block in blocks if block["type"] == "section")
    parts = [under(texts, part) for part in parts] or ([Text(text=texts)] if texts else [])
    if not blocks and message.get("text"):
        parts = [Text(text=written(message["text"]))]
    files: Sequence[Mapping[str, Any]] = message.get("files", ())
    parts += [Media(url=each.get("url_private", ""), name=each.get("name", "")) for each in files]
    return Shown(id=f"{message['channel']}:{message['ts']}", mine="bot_id" not in message, parts=tuple(parts))


def written(text: str) -> str:
    """Slack's markup as it reads; stars are what it shows as bold."""
    return words.read(BOLD.sub(r"\1", text))


def under(text: str, part: Part) -> Part:
    match part:
        case Buttons(buttons=found):
            return Buttons(buttons=found, text=text)
        case ListPicker(choices=choices, button=label):
            return ListPicker(choices=choices, text=text, button=label)
    return part


def part_of(block: Mapping[str, Any]) -> Part | None:
    match block["type"]:
        case "actions" if block["elements"][0]["type"] == "static_select":
            menu = block["elements"][0]
            choices = tuple(Choice(title=one["text"]["text"], payload=one["value"]) for one in menu["options"])
            return ListPicker(choices=choices, button=menu["placeholder"]["text"])
        case "actions" if block["elements"][0].get("value", "").startswith("z") and opens(block["elements"][0]):
            return forms.FORMS.validate_json(forms.inflated(block["elements"][0]["value"][1:]))
        case "actions":
            return Buttons(buttons=tuple(map(button, block["elements"])))
        case "image":
            return Media(url=block["image_url"], media="image", alt=block["alt_text"])
        case "carousel":
            return Carousel(cards=tuple(map(card, block["elements"])))
    return None


def opens(element: Mapping[str, Any]) -> bool:
    """A form, which the screen shows unfolded: what the tap would open."""
    return bool(element["action_id"] == forms.OPEN)


def button(element: Mapping[str, Any]) -> Button:
    payload = "" if element["action_id"] == forms.OPEN else element.get("value", "")
    return Button(title=element["text"]["text"], payload=payload, url=element.get("url", ""))


def card(found: Mapping[str, Any]) -> Card:
    image = found.get("hero_image", {})
    return Card(
        title=found["title"]["text"],
        subtitle=found.get("body", {}).get("text", ""),
        image=image.get("image_url", ""),
        alt=image.get("alt_text", ""),
        buttons=tuple(map(button, found.get("actions", ()))),
    )
