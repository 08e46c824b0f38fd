"""Shaping a message to a channel: the native form, else the nearest native one, else text that says the same."""

from dataclasses import replace
from typing import assert_never

from orchestrator.fit import gsm
from orchestrator.fit.carousel import add_carousel
from orchestrator.fit.choices import from_buttons, from_choices
from orchestrator.fit.measure import ELLIPSIS, fits
from orchestrator.fit.offering import offer
from orchestrator.fit.split import within
from orchestrator.fit.work import Work
from orchestrator.fit.written import form_text, link, place
from orchestrator.markup import plain
from orchestrator.types import (
    Buttons,
    Carousel,
    Form,
    FormAnswer,
    Limits,
    ListPicker,
    Location,
    Media,
    MediaKind,
    Part,
    QuickReplies,
    Rendering,
    Shaped,
    Tap,
    Template,
    Text,
    Unsupported,
)

FILE: MediaKind = "file"


def shape(
    parts: tuple[Part, ...], limits: Limits, *, message_id: str = "", base_url: str = "", first_number: int = 1
) -> Shaped:
    """Total: any parts, any limits; something in, something out. One part a rendering, each within the limits.

    `base_url` completes addresses that are paths on this server where they end up in text. Numbered text counts on
    from `first_number`. Every choice offered is in `choices`, with its number when it was shown with one.
    """
    if len(parts) == 1 and type(part := parts[0]) is Text and untouched(part, limits):
        return Shaped(renderings=(Rendering(parts=parts),))
    work = Work(parts=parts, limits=limits, message_id=message_id, base_url=base_url.rstrip("/"), number=first_number)
    for index, part in enumerate(parts):
        work.part = index
        add(work, part)
    if parts and not work.out:
        work.out.append(Text(text=ELLIPSIS))
    return Shaped(
        renderings=tuple(Rendering(parts=(part,)) for part in work.out),
        losses=tuple(work.losses),
        choices=tuple(work.choices),
    )


def untouched(part: Text, limits: Limits) -> bool:
    if part.markdown and limits.markup != "markdown":
        return False
    if limits.unit == "gsm7" and gsm.plainer(part.text) != part.text:
        return False
    return fits(part.text, limits.text, limits.unit) and bool(part.text) and not part.text.isspace()


def add(work: Work, part: Part) -> None:
    match part:
        case Text():
            add_text(work, part)
        case Media():
            add_media(work, part)
        case Location() | Form():
            add_whole(work, part)
        case Buttons():
            offer(work, "buttons", from_buttons(part.buttons), part.text)
        case QuickReplies():
            offer(work, "quick_replies", from_choices(part.choices), part.text)
        case ListPicker():
            offer(work, "list", from_choices(part.choices), part.text, part.button)
        case Carousel():
            add_carousel(work, part)
        case Template():
            add_template(work, part)
        case Tap() | FormAnswer() | Unsupported():
            work.say(echoed(part))
        case _:
            assert_never(part)


def add_text(work: Work, part: Text) -> None:
    if not part.markdown:
        work.say(part.text)
        return
    if work.limits.markup == "markdown":
        pieces = within(part.text, work.limits.text, work.limits.unit)
        if len(pieces) == 1 or intact(part.text, pieces):
            work.out += [replace(part, text=piece) for piece in pieces if piece.strip()]
            return
    text = plain(part.text) or part.text
    if text != part.text:
        work.lose("markdown", "text")
    work.say(text)


def intact(text: str, pieces: list[str]) -> bool:
    """Whether these pieces of markdown say what the whole does: no emphasis, code or link was cut in two."""
    return "".join(plain(text).split()) == "".join("".join(map(plain, pieces)).split())


def add_media(work: Work, part: Media) -> None:
    """Its caption moves into a text of its own where the channel has no room for it."""
    limits = work.limits
    media = next((kind for kind in (part.media, FILE) if accepted(part, kind, limits)), None)
    if media is None:
        work.lose(part.media, "link")
        work.say(link(part.alt or part.name, work.absolute(part.url)))
        return
    if media != part.media:
        work.lose(part.media, "file")
    caption = work.typeset(part.alt)
    captioned = not caption or (limits.caption > 0 and fits(caption, limits.caption, limits.unit))
    work.out.append(replace(part, media=media, alt=caption if captioned else ""))
    if not captioned:
        work.lose("caption", "text")
        work.say(caption)


def accepted(part: Media, kind: MediaKind, limits: Limits) -> bool:
    """Whether the channel takes it as such; what is not known of it is taken for good."""
    mimes, most = limits.media_mimes.get(kind), limits.media_bytes.get(kind, 0)
    typed = not mimes or not part.mime or part.mime.partition(";")[0].strip().lower() in mimes
    return kind in limits.media and typed and (not most or part.size <= most)


def add_whole(work: Work, part: Location | Form) -> None:
    """What a channel either has or has not."""
    if isinstance(part, Location):
        native, became, text = work.limits.location, "link", place(part)
    else:
        native, became, text = work.limits.form, "text", form_text(part)
    if native:
        work.out.append(part)
    else:
        work.lose(part.kind, became)
        work.say(text)


def add_template(work: Work, part: Template) -> None:
    if work.limits.templates:
        work.out.append(part)
    else:
        work.lose("template", "text")
        work.say(part.text or part.name)


def echoed(part: Tap | FormAnswer | Unsupported) -> str:
    """What only customers say, as an agent may quote it."""
    match part:
        case Tap(title=title, payload=payload):
            return title or payload
        case FormAnswer(values=values):
            return "\n".join(f"{name}: {value}" for name, value in values.items())
        case Unsupported(what=what, note=note):
            return note or f"[{what}]"
