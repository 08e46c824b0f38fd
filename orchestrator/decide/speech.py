"""Checking what a bot wants to say: what can't be shown or kept is dropped, part by part, with a note that says why."""

from collections.abc import Iterator
from math import isfinite
from typing import assert_never
from urllib.parse import urlsplit

import orjson

from orchestrator import codec
from orchestrator.copies import replace
from orchestrator.errors import Malformed
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
    Say,
    Tap,
    Template,
    Text,
    Unsupported,
)

MOST_PARTS = 20
SCHEMES = frozenset({"http", "https", "mailto", "tel"})


def checked(say: Say) -> tuple[Say | None, int, list[str]]:
    """The sound part of it (None when nothing is left), its size in bytes of JSON, and what was dropped."""
    try:
        data = orjson.dumps(say.parts)
        parts = codec.parts.load(data)
    except (TypeError, RecursionError):
        return None, 0, ["say: dropped, its parts can't be written as JSON (broken characters, or not parts at all)"]
    except Malformed as error:
        return None, 0, [f"say: dropped, {str(error)[:200]}"]
    notes = [f"say: {len(parts) - MOST_PARTS} parts over {MOST_PARTS} dropped"] if len(parts) > MOST_PARTS else []
    kept: list[Part] = []
    for part in parts[:MOST_PARTS]:
        sound = shown(part)
        kept += sound
        if not sound:
            notes.append(f"say: {part.kind} dropped, {WHY.get(part.kind, 'there is nothing in it to show')}")
    language = say.language if isinstance(say.language, str) else ""
    return (Say(parts=tuple(kept), language=language) if kept else None), len(data), notes


WHY = {
    "tap": "only a customer taps",
    "form_answer": "only a customer fills in a form",
    "unsupported": "it says nothing",
    "media": "its address is not a web address",
    "location": "it is not a place on Earth",
}


def shown(part: Part) -> tuple[Part, ...]:
    """The part without what can't be shown; what stays of it when that was its point; () when nothing does."""
    match part:
        case Text(text=text):
            return (part,) if text.strip() else ()
        case Media(url=url):
            return (part,) if is_link(url) else ()
        case Location():
            return (part,) if on_earth(part) else ()
        case Buttons(text=text):
            buttons = tuple(sound_buttons(part.buttons))
            return (replace(part, buttons=buttons),) if buttons else worded(text)
        case QuickReplies(text=text) | ListPicker(text=text):
            choices = tuple(sound_choices(part.choices))
            return (replace(part, choices=choices),) if choices else worded(text)
        case Carousel():
            cards = tuple(card for card in map(sound_card, part.cards) if card.title or card.image or card.buttons)
            return (replace(part, cards=cards),) if cards else ()
        case Form():
            fields = {field.name: field for field in part.fields if field.name and (field.label or field.placeholder)}
            return (replace(part, fields=tuple(fields.values())),) if part.id and fields else worded(part.title)
        case Template(name=name, text=text):
            return (part,) if name else worded(text)
        case Tap() | FormAnswer() | Unsupported():
            return ()
        case _:
            assert_never(part)


def worded(text: str) -> tuple[Part, ...]:
    return (Text(text=text),) if text.strip() else ()


def sound_buttons(buttons: tuple[Button, ...]) -> Iterator[Button]:
    """A button without an address or a payload sends back its title."""
    for button in buttons:
        if button.url and not is_link(button.url):
            continue
        if button.title.strip() or button.url:
            yield button if button.url or button.payload else replace(button, payload=button.title)


def sound_choices(choices: tuple[Choice, ...]) -> Iterator[Choice]:
    for choice in choices:
        if choice.title.strip() or choice.payload:
            image = choice.image if is_link(choice.image) else ""
            yield replace(
                choice, title=choice.title or choice.payload, payload=choice.payload or choice.title, image=image
            )


def sound_card(card: Card) -> Card:
    image = card.image if is_link(card.image) else ""
    return replace(card, image=image, buttons=tuple(sound_buttons(card.buttons)))


def is_link(url: str) -> bool:
    """A web address, or a path on this server. `javascript:` and `data:` never reach a customer's page."""
    if url.startswith("/") and not url.startswith(("//", "/\\")):
        return True
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in SCHEMES and bool(parts.netloc or parts.scheme in ("mailto", "tel"))


def on_earth(place: Location) -> bool:
    return (
        isfinite(place.latitude)
        and isfinite(place.longitude)
        and abs(place.latitude) <= 90
        and abs(place.longitude) <= 180
    )
