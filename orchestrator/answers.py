"""What a bot answered, checked: from JSON (webhook replies, callbacks) and from Python values.

The rubbish stops here: past this file every action has fields of the right type, links that are safe to show,
slots that are plain JSON, and there are at most `MOST_ACTIONS` of them. Errors name what came, never its words.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, get_args

import orjson

from orchestrator import codec
from orchestrator.copies import replace
from orchestrator.errors import Malformed
from orchestrator.types import (
    Action,
    Button,
    Buttons,
    Carousel,
    FormAnswer,
    ListPicker,
    Media,
    Part,
    QuickReplies,
    Say,
    SetSlots,
    Tap,
    Text,
    Unsupported,
)

MOST_ACTIONS = 50
LONGEST_TEXT = 32_768
"""Characters of one text; more is a bot gone wrong."""
DEEPEST = 32
"""Levels of nesting in slots."""

PART_KINDS = frozenset(field.default for part in get_args(Part) for field in fields(part) if field.name == "kind")
CUSTOMER_PARTS = (Tap, FormAnswer, Unsupported)
"""What only a customer's side can say."""

SAFE_LINK = re.compile(r"(?:https?://|mailto:|tel:|/(?!/))", re.IGNORECASE)
SAFE_MEDIA = re.compile(r"(?:https?://|/(?!/))", re.IGNORECASE)


def from_json(body: bytes) -> tuple[Action, ...]:
    """Read `{"actions": […]}`, `{"text": "…"}` or `["…", …]`; nothing at all, or `null`, says nothing.

    An item of `actions` is an action, a part (said on its own) or a string. Unknown fields are ignored.
    Raises Malformed.
    """
    if not body.strip():
        return ()
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the answer is not JSON (line {error.lineno}, column {error.colno})") from None
    return from_value(value)


def from_value(value: Any) -> tuple[Action, ...]:
    """Like `from_json`, from JSON that is parsed already."""
    if isinstance(value, dict):
        if value.get("version", 1) != 1:
            raise Malformed("the answer has a 'version' this server does not know; it speaks version 1")
        value = value["actions"] if "actions" in value else value.get("text")
    if isinstance(value, str):
        value = [value]
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Malformed(f"the answer's actions are {named(value)}, not a list")
    limit(value)
    return checked(numbered(item, index) for index, item in enumerate(value))


def numbered(item: Any, index: int) -> Action:
    """One action; what is wrong with it is told with its place in the list."""
    try:
        return read_item(item)
    except Malformed as error:
        raise Malformed(f"in actions.{index}: {error}") from None


def read_item(item: Any) -> Action:
    if isinstance(item, str):
        return Say(parts=(Text(text=item),))
    if not isinstance(item, dict):
        raise Malformed(f"{named(item)} is neither an action, a part nor a string")
    kind = item.get("kind")
    if isinstance(kind, str) and kind in PART_KINDS:
        return Say(parts=codec.parts.read([item]))
    if kind == "say":
        return read_say(item)
    return codec.actions.read([item])[0]


def read_say(item: Mapping[str, Any]) -> Action:
    """A `say`; `"text": "…"` stands for a single text part. The parts go through the codec that tells them by kind."""
    parts = item["parts"] if "parts" in item else [{"kind": "text", "text": item.get("text")}]
    shell = codec.actions.read([{**item, "parts": []}])[0]
    return replace(shell, parts=codec.parts.read(parts)) if isinstance(shell, Say) else shell


def from_python(value: object) -> tuple[Action, ...]:
    """Read None, a str, a Part, an Action, or a list or tuple of these. Raises Malformed, naming the type that came."""
    items: Sequence[object] = value if isinstance(value, list | tuple) else (value,)
    limit(items)
    return checked(built_action(item) for item in items if item is not None)


def built_action(item: object) -> Action:
    match item:
        case str():
            return Say(parts=(Text(text=item),))
        case Say(parts=parts):
            shell = codec.built_actions.read((replace(item, parts=()),))[0]
            return replace(item, parts=codec.built_parts.read(parts)) if isinstance(shell, Say) else shell
        case _ if isinstance(item, Action):
            return codec.built_actions.read((item,))[0]
        case _ if isinstance(item, Part):
            return Say(parts=codec.built_parts.read((item,)))
        case _:
            raise Malformed(f"answered with {named(item)}; a str, a Part, an Action or a list of them is wanted")


def limit(items: Sequence[object]) -> None:
    if len(items) > MOST_ACTIONS:
        raise Malformed(f"answered with {len(items)} actions; {MOST_ACTIONS} are the most")


def checked(actions: Iterable[Action]) -> tuple[Action, ...]:
    """The actions without blank texts. Raises Malformed."""
    kept: list[Action] = []
    for action in actions:
        match action:
            case Say(parts=parts):
                said = tuple(part for part in parts if not blank(part))
                for part in said:
                    check_part(part)
                if said:
                    kept.append(action if len(said) == len(parts) else replace(action, parts=said))
            case SetSlots(slots=slots):
                check_plain(slots)
                kept.append(action)
            case _:
                kept.append(action)
    return tuple(kept)


def blank(part: Part) -> bool:
    return isinstance(part, Text) and not part.text.strip()


def check_part(part: Part) -> None:
    if isinstance(part, CUSTOMER_PARTS):
        raise Malformed(f"a bot can't say {part.kind!r}: only a customer does")
    if isinstance(part, Text) and len(part.text) > LONGEST_TEXT:
        raise Malformed(f"a text has {len(part.text)} characters; {LONGEST_TEXT} are the most")
    for button in buttons_of(part):
        if not (button.payload or button.url):
            raise Malformed("a button has neither 'payload' nor 'url'")
        check_link(button.url, SAFE_LINK, "a button's url")
    for url in media_of(part):
        check_link(url, SAFE_MEDIA, "an image or media url")


def buttons_of(part: Part) -> Iterator[Button]:
    match part:
        case Buttons(buttons=buttons):
            yield from buttons
        case Carousel(cards=cards):
            for card in cards:
                yield from card.buttons


def media_of(part: Part) -> Iterator[str]:
    match part:
        case Media(url=url):
            yield url
        case Carousel(cards=cards):
            yield from (card.image for card in cards)
        case QuickReplies(choices=choices) | ListPicker(choices=choices):
            yield from (choice.image for choice in choices)


def check_link(url: str, safe: re.Pattern[str], what: str) -> None:
    """`javascript:` and its kin must never reach a page that shows the message."""
    if url and not safe.match(url):
        scheme = url.partition(":")[0][:20] if ":" in url else "no scheme"
        raise Malformed(f"{what} has {scheme!r}; it must start with https://, http:// or /")


def check_plain(value: object, what: str = "slots") -> None:
    """Raise Malformed, naming `what`, unless the value is JSON, no deeper than `DEEPEST`."""
    waiting: list[tuple[object, int]] = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if depth > DEEPEST:
            raise Malformed(f"{what}: nested more than {DEEPEST} levels deep")
        match item:
            case None | bool():
                continue
            case str() if encodable(item):
                continue
            case int() | float() if abs(item) < 2**63:  # neither infinite nor NaN, and an integer in any language
                continue
            case Mapping():
                if not all(isinstance(key, str) and encodable(key) for key in item):
                    raise Malformed(f"{what}: a key is not a string of text")
                waiting.extend((inner, depth + 1) for inner in item.values())
            case list() | tuple():
                waiting.extend((inner, depth + 1) for inner in item)
            case _:
                raise Malformed(f"{what}: {named(item)} is something JSON can't carry")


def encodable(text: str) -> bool:
    """Half a surrogate pair is a Python string but not text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def named(value: object) -> str:
    """What it is, for an error: the type, never the value."""
    return f"a value of type {type(value).__qualname__!r}"
