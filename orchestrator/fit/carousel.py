"""Carousels: as they are, in several when there are too many cards, else card by card."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from orchestrator.fit.choices import from_buttons
from orchestrator.fit.measure import fits, one_line
from orchestrator.fit.offering import Ready, buttons, offer, opened, ready
from orchestrator.fit.work import Work
from orchestrator.fit.written import card_text
from orchestrator.types import Card, Carousel, Limits, Media


def add_carousel(work: Work, part: Carousel) -> None:
    limits = work.limits
    if limits.cards < 1 or (limits.alike_cards and not alike(part.cards)):
        one_by_one(work, part)
        return
    found: list[Ready] = []
    for card in part.cards:
        fitted = ready(
            from_buttons(card.buttons, one_line(card.title)), limits.card_buttons, limits.button_title, limits
        )
        if fitted is None:
            one_by_one(work, part)
            return
        found.append(fitted)
    cards = [native(work, card, fitted) for card, fitted in zip(part.cards, found, strict=True)]
    for some in several(cards, limits):
        work.out.append(Carousel(cards=tuple(some)))


def alike(cards: Sequence[Card]) -> bool:
    kinds = {tuple(bool(button.url) for button in card.buttons) for card in cards}
    return len(cards) > 1 and len(kinds) == 1 and kinds != {()} and all(card.image for card in cards)


def several(cards: Sequence[Card], limits: Limits) -> Iterator[Sequence[Card]]:
    """In carousels of as many as the channel takes, the last two evened out where one card is no carousel."""
    most = limits.cards
    while cards:
        taken = most - 1 if limits.alike_cards and len(cards) == most + 1 and most > 2 else most
        yield cards[:taken]
        cards = cards[taken:]


def native(work: Work, card: Card, found: Ready) -> Card:
    opened(work, found)
    return replace(
        card,
        title=work.short(card.title, work.limits.card_title, "card_title", work.limits.title_unit),
        subtitle=work.short(card.subtitle, work.limits.card_subtitle, "card_subtitle", work.limits.title_unit),
        buttons=buttons(found),
    )


def one_by_one(work: Work, part: Carousel) -> None:
    work.lose("carousel", "cards")
    for card in part.cards:
        text = card_text(card)
        if card.image and "image" in work.limits.media:
            text = pictured(work, card, text)
        elif card.image:
            work.lose("card_image", "link")
            text = "\n".join(filter(None, (text, work.absolute(card.image))))
        if card.buttons:
            offer(work, "buttons", from_buttons(card.buttons, one_line(card.title)), text)
        else:
            work.say(text)


def pictured(work: Work, card: Card, text: str) -> str:
    """The picture, captioned with the card's words when no buttons need to stand under them; the words still to say."""
    limits, text = work.limits, work.typeset(text)
    captioned = not card.buttons and limits.caption > 0 and fits(text, limits.caption, limits.unit)
    alt = text if captioned else work.short(card.alt, limits.caption, "caption")
    work.out.append(Media(url=card.image, media="image", alt=alt))
    return "" if captioned else text
