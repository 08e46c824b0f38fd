"""A guide's pieces as the parts of a message."""

from collections.abc import Iterator, Sequence

from bots.guide.facts import Facts
from bots.guide.file import Cards, Guide, Handoff, Piece, Rows, Spot, Target
from orchestrator import answers
from orchestrator.types import (
    Action,
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    HandOff,
    ListPicker,
    Location,
    Media,
    Part,
    PassTo,
    QuickReplies,
    Say,
    SetProfile,
    Text,
)


def say(answer: Sequence[Piece], facts: Facts) -> list[Action]:
    """One message for each piece whose condition holds and whose variables are known."""
    return [action for piece in answer if facts.holds(piece.when) for action in speak(piece, facts)]


def speak(piece: Piece, facts: Facts) -> Iterator[Action]:
    parts = tuple(parts_of(piece, facts))
    if parts:
        yield Say(parts=parts)
    profile = {key: value for key, source in piece.profile.items() if (value := facts.fill(source)) is not None}
    if profile:
        yield SetProfile(profile=profile)
    if piece.handoff:
        yield hand_off(piece.handoff, facts)
    if piece.pass_to:
        yield PassTo(bot=piece.pass_to)


def hand_off(order: Handoff, facts: Facts) -> HandOff:
    summary = facts.fill(order.summary) or ""
    return HandOff(reason=order.reason, team=order.team, priority=order.priority, summary=summary)


def parts_of(piece: Piece, facts: Facts) -> Iterator[Part]:
    """What is shown comes first, the text with its quick replies last, where a customer can answer it."""
    text = facts.fill(piece.text, markdown=piece.markdown)
    if text is None:
        return
    replies = tuple(choices(piece.quick_replies, facts))
    links = tuple(buttons(piece.buttons, facts))
    told_first = bool(text) and not (replies or links)
    if told_first or (text and piece.markdown):
        yield Text(text=text, markdown=piece.markdown)
        text = ""
    yield from shown(piece, facts)
    if links:
        yield Buttons(text=text, buttons=links)
        text = ""
    if replies:
        yield QuickReplies(text=text, choices=replies)


def shown(piece: Piece, facts: Facts) -> Iterator[Part]:
    if piece.picture and (url := safe(facts.fill(piece.picture.url))):
        yield Media(url=url, media="image", alt=facts.fill(piece.picture.alt) or "")
    if piece.location:
        yield location(piece.location)
    if piece.list_:
        yield from rows(piece.list_, facts)
    if piece.carousel:
        yield from cards(piece.carousel, facts)


def location(spot: Spot) -> Location:
    return Location(latitude=spot.latitude, longitude=spot.longitude, name=spot.name, address=spot.address)


def rows(listed: Rows, facts: Facts) -> Iterator[Part]:
    found = tuple(row for each in facts.each(listed.each) if (row := row_of(listed, each)) is not None)
    if found:
        yield ListPicker(text=facts.fill(listed.text) or "", button=facts.fill(listed.button) or "", choices=found)


def row_of(listed: Rows, facts: Facts) -> Choice | None:
    title, payload = facts.fill(listed.title), facts.fill(listed.to)
    if not title or not payload:
        return None
    image = safe(facts.fill(listed.image))
    return Choice(title=title, payload=payload, description=facts.fill(listed.description) or "", image=image)


def cards(shelf: Cards, facts: Facts) -> Iterator[Part]:
    found = tuple(card for each in facts.each(shelf.each) if (card := card_of(shelf, each)) is not None)
    if found:
        if text := facts.fill(shelf.text):
            yield Text(text=text)
        yield Carousel(cards=found)


def card_of(shelf: Cards, facts: Facts) -> Card | None:
    title = facts.fill(shelf.title)
    if not title:
        return None
    return Card(
        title=title,
        subtitle=facts.fill(shelf.subtitle) or "",
        image=safe(facts.fill(shelf.image)),
        alt=facts.fill(shelf.alt) or "",
        buttons=tuple(buttons(shelf.buttons, facts)),
    )


def choices(targets: Sequence[Target], facts: Facts) -> Iterator[Choice]:
    for target in targets:
        title, payload = facts.fill(target.title or title_of(facts.guide, target.to)), facts.fill(target.to)
        if title and payload:
            yield Choice(title=title, payload=payload)


def buttons(targets: Sequence[Target], facts: Facts) -> Iterator[Button]:
    for target in targets:
        title, to = facts.fill(target.title or title_of(facts.guide, target.to)), facts.fill(target.to)
        if not title or not to:
            continue
        if answers.SAFE_LINK.match(to):
            yield Button(title=title, url=to)
        else:
            yield Button(title=title, payload=to)


def title_of(guide: Guide, reference: str) -> str:
    """The title of what "intent:name", "faq:name" or "flow:name…" leads to; "" when it has none."""
    kind, name = (*reference.split(":"), "")[:2]
    match kind:
        case "intent":
            return next((each.title for each in guide.intent if each.name == name), "")
        case "flow":
            return next((each.title for each in guide.flow if each.name == name), "")
        case "faq":
            return next((each.title or each.question for each in guide.faq if each.name == name), "")
        case _:
            return ""


def safe(url: str | None) -> str:
    """Pictures come from the page too, and a page is only as honest as its visitor."""
    return url if url and answers.SAFE_MEDIA.match(url) else ""
