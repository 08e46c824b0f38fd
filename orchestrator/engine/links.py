"""Addresses for those who are not on our server: a platform can't open "/media/…"."""

from orchestrator.copies import replace
from orchestrator.types import Button, Buttons, Card, Carousel, ListPicker, Media, Part, QuickReplies, Rendering


def absolute(rendering: Rendering, base: str) -> Rendering:
    """The rendering with every path below our public URL `base` (no slash at its end) made a whole URL."""
    parts = tuple(part_of(part, base) for part in rendering.parts)
    return rendering if parts == rendering.parts else replace(rendering, parts=parts)


def part_of(part: Part, base: str) -> Part:
    match part:
        case Media(url=url):
            return replace(part, url=whole(url, base))
        case Buttons(buttons=buttons):
            return replace(part, buttons=tuple(button_of(button, base) for button in buttons))
        case Carousel(cards=cards):
            return replace(part, cards=tuple(card_of(card, base) for card in cards))
        case QuickReplies(choices=choices) | ListPicker(choices=choices):
            return replace(part, choices=tuple(replace(each, image=whole(each.image, base)) for each in choices))
        case _:
            return part


def card_of(card: Card, base: str) -> Card:
    buttons = tuple(button_of(button, base) for button in card.buttons)
    return replace(card, image=whole(card.image, base), buttons=buttons)


def button_of(button: Button, base: str) -> Button:
    return replace(button, url=whole(button.url, base))


def whole(url: str, base: str) -> str:
    return base + url if url.startswith("/") and not url.startswith("//") else url
