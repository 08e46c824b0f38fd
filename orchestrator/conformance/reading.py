"""Reading answers: what was said, what was offered, and whether two answers are the same."""

from collections.abc import Iterator, Sequence
from typing import Any

from orchestrator import codec
from orchestrator.types import (
    Action,
    Buttons,
    Carousel,
    Close,
    HandOff,
    ListPicker,
    NotUnderstood,
    Part,
    PassTo,
    QuickReplies,
    Say,
    Tap,
)

WORDING = frozenset({"text", "title", "subtitle", "description", "alt", "label", "placeholder", "summary", "submit"})


def parts_of(actions: Sequence[Action]) -> Iterator[Part]:
    for action in actions:
        if isinstance(action, Say):
            yield from action.parts


def answered(actions: Sequence[Action]) -> bool:
    """Whether the customer hears something, or somebody else takes over."""
    return any(isinstance(action, Say | HandOff | PassTo | NotUnderstood | Close) for action in actions)


def offered(actions: Sequence[Action]) -> list[Tap]:
    """What the customer could tap."""
    found = []
    for part in parts_of(actions):
        match part:
            case QuickReplies(choices=choices) | ListPicker(choices=choices):
                found += [Tap(payload=choice.payload, title=choice.title) for choice in choices]
            case Buttons(buttons=buttons):
                found += [Tap(payload=one.payload, title=one.title) for one in buttons if one.payload]
            case Carousel(cards=cards):
                found += [Tap(payload=one.payload, title=one.title) for card in cards for one in card.buttons]
    return [tap for tap in found if tap.payload]


def text_of(actions: Sequence[Action]) -> str:
    """Everything the bot sent, as one text to search."""
    return codec.actions.dump(tuple(actions)).decode()


def same(first: Sequence[Action], second: Sequence[Action], varies: bool) -> bool:
    """Whether both do the same; of a bot whose wording varies, only what is not wording counts."""
    one, other = (codec.actions.plain(tuple(actions)) for actions in (first, second))
    return bool(substance(one) == substance(other) if varies else one == other)


def substance(value: Any) -> Any:
    match value:
        case dict():
            return {name: substance(item) for name, item in value.items() if name not in WORDING}
        case list():
            return [substance(item) for item in value]
    return value


def kinds(actions: Sequence[Action]) -> str:
    """For people: "say text, set_slots"."""
    named = []
    for action in actions:
        parts = [part.kind for part in action.parts] if isinstance(action, Say) else []
        named.append(" ".join(("say", *parts)) if parts else action.kind)
    return ", ".join(named) or "nothing"
