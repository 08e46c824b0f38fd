"""What the customer did in a turn, in order, with the lines they typed in one go kept together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.types import FormAnswer, Location, Media, Said, Tap, Text, Turn, Unsupported


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """In the guide's language."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tapped:
    payload: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    form: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    media: Media


Event = Typed | Tapped | Filled | Attached


def events(turn: Turn) -> Iterator[Event]:
    """Files come last: the words beside them usually say what they are about."""
    lines: list[str] = []
    files: list[Attached] = []
    for said in turn.messages:
        for event in parts_of(said):
            match event:
                case Typed(lines=typed):
                    lines.extend(typed)
                case Attached():
                    files.append(event)
                case _:
                    if lines:
                        yield Typed(lines=tuple(lines))
                        lines = []
                    yield event
    if lines:
        yield Typed(lines=tuple(lines))
    yield from files


def parts_of(said: Said) -> Iterator[Event]:
    """A message's text stands for all its text parts: it is the one that was translated."""
    spoken = False
    for part in said.parts:
        match part:
            case Tap(payload=payload, title=title):
                yield Tapped(payload=payload, title=said.text.strip() or title)
                spoken = True
            case FormAnswer(form_id=form, values=values):
                yield Filled(form=form, values=values)
                spoken = True
            case Media():
                yield Attached(media=part)
            case Text() if not spoken:
                spoken = True
                yield Typed(lines=(said.text.strip(),))
            case Location() | Unsupported() if not spoken:
                spoken = True
                yield Typed(lines=("",))
            case _:
                pass
