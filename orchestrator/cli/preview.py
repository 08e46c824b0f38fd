"""`parley preview`: one message, as it would come out on each channel."""

import json
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Any, assert_never

import typer

from orchestrator import codec
from orchestrator.errors import Malformed, Misconfigured
from orchestrator.ledger import nowhere
from orchestrator.preview import Preview, installed, previews
from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Form,
    FormAnswer,
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

WIDTH = 76
LARGEST = 1_048_576


def preview(
    file: Annotated[Path, typer.Argument(help="A message as TOML or JSON: `parts`, or the list itself; - for stdin.")],
    channel: Annotated[
        list[str] | None, typer.Option("--channel", help="Only this kind of channel; may be given several times.")
    ] = None,
    language: Annotated[str, typer.Option(help="Language of what Parley itself says, such as a form's hints.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="For programs: every part of every channel.")] = False,
) -> None:
    """Show one message on every channel, with what it loses on the way. Needs no account and no configuration.

    For example, in message.toml:

        parts = [{kind = "quick_replies", text = "Which size?", choices = [{title = "Small", payload = "s"}]}]
    """
    found = previews(read(file), chosen(channel or []), language=language)
    if as_json:
        typer.echo(json.dumps({"channels": [plain(one) for one in found]}, ensure_ascii=False, indent=2))
        return
    for one in found:
        for line in drawn(one):
            typer.echo(line)


def chosen(kinds: Sequence[str]) -> dict[str, Any]:
    known = installed()
    for kind in kinds:
        if kind not in known:
            raise Misconfigured(f"--channel: {nowhere('kind of channel', kind, known)}")
    return {kind: limits for kind, limits in known.items() if not kinds or kind in kinds}


def read(file: Path) -> tuple[Part, ...]:
    """Raises Misconfigured when it can't be read, Malformed when it is no message."""
    try:
        data = sys.stdin.buffer.read(LARGEST) if str(file) == "-" else file.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise Misconfigured(f"{str(file)!r} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Misconfigured(f"{str(file)!r} can't be read: it is not UTF-8") from error
    try:
        raw = json.loads(text) if text.lstrip()[:1] in ("{", "[") and not text.lstrip().startswith("[[") else None
        raw = tomllib.loads(text) if raw is None else raw
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{str(file)!r} is neither JSON nor TOML: {error}") from error
    if isinstance(raw, dict):
        raw = raw.get("parts", [raw] if "kind" in raw else raw)
    parts = codec.parts.read(raw)
    if not parts:
        raise Malformed(f'{str(file)!r} has no parts; a message has at least one, such as kind = "text"')
    return parts


def plain(one: Preview) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "parts": codec.parts.plain(one.parts),
        "losses": [{"part": loss.part, "what": loss.what, "became": loss.became} for loss in one.losses],
        "segments": one.segments,
    }


def drawn(one: Preview) -> Iterator[str]:
    count = f"{len(one.parts)} message{'s' * (len(one.parts) != 1)}"
    paid = f", {one.segments} SMS" if one.segments else ""
    yield f"── {one.kind} · {count}{paid} ".ljust(WIDTH, "─")
    for part in one.parts:
        for line in shown(part):
            for piece in wrap(line, WIDTH - 4, replace_whitespace=False, drop_whitespace=True) or [""]:
                yield f"  │ {piece}"
        yield ""
    for loss in one.losses:
        yield f"  part {loss.part + 1}: {loss.what.replace('_', ' ')} → {loss.became.replace('_', ' ')}"
    yield ""


def shown(part: Part) -> Iterator[str]:
    """The lines of one part."""
    match part:
        case Text(text=text):
            yield from text.splitlines()
        case Media() | Location() | Template():
            yield thing(part)
        case QuickReplies() | ListPicker():
            yield from offered(part)
        case Buttons():
            yield from part.text.splitlines()
            yield row(part.buttons)
        case Carousel():
            for card in part.cards:
                yield from card_lines(card)
        case Form():
            yield part.title
            for field in part.fields:
                yield f"{field.label}{'' if field.required else ' (optional)'}: ____"
        case Tap() | FormAnswer() | Unsupported():
            yield f"[{part.kind}]"
        case _:
            assert_never(part)


def thing(part: Media | Location | Template) -> str:
    match part:
        case Media():
            return f"[{part.media}: {part.name or part.url}] {part.alt}"
        case Location():
            return f"[place: {part.name or f'{part.latitude}, {part.longitude}'}]"
        case Template():
            return f"[template {part.name}] {part.text}"


def offered(part: QuickReplies | ListPicker) -> Iterator[str]:
    yield from part.text.splitlines()
    if isinstance(part, QuickReplies):
        yield " ".join(f"( {choice.title} )" for choice in part.choices)
        return
    yield f"[ ≡ {part.button or 'Choose'} ]"
    for choice in part.choices:
        yield f"  · {choice.title}{f' — {choice.description}' if choice.description else ''}"


def card_lines(card: Card) -> Iterator[str]:
    yield f"▢ {card.title}{f' — {card.subtitle}' if card.subtitle else ''}{' [image]' if card.image else ''}"
    if card.buttons:
        yield f"  {row(card.buttons)}"


def row(buttons: Sequence[Button]) -> str:
    return " ".join(f"[ {button.title}{' ↗' if button.url else ''} ]" for button in buttons)
