"""The words of a message's parts: everything a person reads, and nothing a program does.

Payloads, links, names of fields, ids, places, file names, contact data and the values somebody filled in stay as
they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import assert_never

from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    Form,
    FormAnswer,
    FormField,
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

Say = Callable[[str], str]


def words_of(parts: Sequence[Part]) -> list[str]:
    """Every text of the message, in reading order, empty ones left out."""
    words: list[str] = []

    def collect(text: str) -> str:
        words.append(text)
        return text

    for part in parts:
        reworded(part, spoken(collect))
    return words


def with_words(parts: Sequence[Part], words: Sequence[str | None]) -> tuple[Part, ...]:
    """The same message with each text of `words_of` replaced; None leaves one as it is."""
    rest = iter(words)

    def put(text: str) -> str:
        word = next(rest)
        return text if word is None else word

    return tuple(reworded(part, spoken(put)) for part in parts)


def spoken(say: Say) -> Say:
    return lambda text: say(text) if text.strip() else text


def reworded(part: Part, say: Say) -> Part:
    match part:
        case Text() | Template():
            return replace(part, text=say(part.text))
        case Media():
            return replace(part, alt=say(part.alt))
        case Buttons():
            return replace(part, text=say(part.text), buttons=tuple(button(one, say) for one in part.buttons))
        case QuickReplies():
            return replace(part, text=say(part.text), choices=tuple(choice(one, say) for one in part.choices))
        case ListPicker():
            text, title = say(part.text), say(part.button)
            return replace(part, text=text, button=title, choices=tuple(choice(one, say) for one in part.choices))
        case Carousel():
            return replace(part, cards=tuple(card(one, say) for one in part.cards))
        case Form():
            title, submit = say(part.title), say(part.submit)
            return replace(part, title=title, submit=submit, fields=tuple(form_field(one, say) for one in part.fields))
        case Tap():
            return replace(part, title=say(part.title))
        case Location() | FormAnswer() | Unsupported():
            return part
        case _:
            assert_never(part)


def button(one: Button, say: Say) -> Button:
    return replace(one, title=say(one.title))


def choice(one: Choice, say: Say) -> Choice:
    return replace(one, title=say(one.title), description=say(one.description))


def card(one: Card, say: Say) -> Card:
    title, subtitle, alt = say(one.title), say(one.subtitle), say(one.alt)
    return replace(one, title=title, subtitle=subtitle, alt=alt, buttons=tuple(button(b, say) for b in one.buttons))


def form_field(one: FormField, say: Say) -> FormField:
    label, placeholder = say(one.label), say(one.placeholder)
    return replace(one, label=label, placeholder=placeholder, options=tuple(choice(o, say) for o in one.options))
