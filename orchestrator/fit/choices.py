"""Choices a message offers: their titles at the length a channel shows, their payloads at the length it carries."""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from orchestrator.fit.measure import ELLIPSIS, SMALLEST, Unit, cut, fits, one_line, size
from orchestrator.fit.numbers import folded
from orchestrator.types import Button, Buttons, Carousel, Choice, ListPicker, OpenChoice, Part, QuickReplies, Tap

TOKEN = "~"
SHORTEST_TOKEN = 6
UNTITLED = 40
"""Characters of a payload that stand in for a missing title."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing the customer may choose, or a page to open (`url`). `aka` are other names, such as its card's title."""

    title: str
    payload: str
    description: str = ""
    image: str = ""
    url: str = ""
    aka: tuple[str, ...] = ()


def open_choices(offers: Sequence[Offer], shown: Sequence[str], message_id: str, first: int = 0) -> list[OpenChoice]:
    """As the customer may name them: by what was shown, by number from `first` on (0: none were shown), and by their
    full titles and other names where these mean one choice only."""
    found = []
    taken = {key(title) for title in shown}
    aliases = Counter(key(alias) for one in offers for alias in {one.title, *one.aka})
    for index, (one, title) in enumerate(zip(offers, shown, strict=True)):
        names = [
            title,
            *(alias for alias in (one.title, *one.aka) if key(alias) not in taken and aliases[key(alias)] == 1),
        ]
        found += [
            OpenChoice(
                title=name,
                payload=one.payload,
                number=first + index if first and not place else 0,
                message_id=message_id,
            )
            for place, name in enumerate(dict.fromkeys(names))
        ]
    return found


def from_choices(choices: Sequence[Choice]) -> list[Offer]:
    return [
        Offer(name(one.title, one.payload), one.payload or one.title, one_line(one.description), one.image)
        for one in choices
    ]


def from_buttons(buttons: Sequence[Button], card: str = "") -> list[Offer]:
    """On a card, "Buy" may also be called "Buy Red shirt", or by the card's title when it is the only choice there."""
    alone = sum(not button.url for button in buttons) == 1
    offers = []
    for button in buttons:
        title = name(button.title, button.url or button.payload)
        aka = (f"{title} {card}", f"{card} {title}", *([card] if alone else [])) if card and not button.url else ()
        payload = "" if button.url else button.payload or button.title
        offers.append(Offer(title, payload, url=button.url, aka=aka))
    return offers


def all_offers(parts: Sequence[Part]) -> Iterator[Offer]:
    """Everything a message offers, whatever the form."""
    for part in parts:
        match part:
            case QuickReplies() | ListPicker():
                yield from from_choices(part.choices)
            case Buttons():
                yield from from_buttons(part.buttons)
            case Carousel():
                for card in part.cards:
                    yield from from_buttons(card.buttons, one_line(card.title))


def name(title: str, payload: str) -> str:
    return one_line(title) or cut(one_line(payload), UNTITLED, "characters") or ELLIPSIS


def titles(offers: Sequence[Offer], limit: int, unit: Unit) -> list[str] | None:
    """One title each, within the limit and all different; None when the limit leaves no room for that."""
    shown: list[str] = []
    taken: set[str] = set()
    for offer in offers:
        title = distinct(offer.title, limit, unit, taken)
        if title is None:
            return None
        taken.add(key(title))
        shown.append(title)
    return shown


def distinct(title: str, limit: int, unit: Unit, taken: set[str]) -> str | None:
    if limit < SMALLEST:
        return None
    short = cut(title, limit, unit)
    for count in range(2, len(taken) + 3):
        if key(short) not in taken:
            return short
        mark = f" ({count})"
        room = limit - size(mark, unit)
        if room < SMALLEST:
            return None
        short = cut(title, room, unit) + mark
        if not fits(short, limit, unit):
            return None
    return None


def key(title: str) -> str:
    return folded(title) or title


def carried(payload: str, limit: int) -> str | None:
    """The payload, or a token in its place when the channel can't carry it; None when not even that fits."""
    # Telegram counts bytes, others characters: counted in bytes it is within both.
    if fits(payload, limit, "bytes"):
        return payload
    return token(payload, limit) if limit >= SHORTEST_TOKEN else None


def token(payload: str, limit: int) -> str:
    """The same for the same payload, always: the customer's tap finds its way back through the open choices."""
    digest = hashlib.blake2b(payload.encode("utf-8", "surrogatepass"), digest_size=20).digest()
    return (TOKEN + base64.b32encode(digest).decode().lower())[: min(limit, 33)]


def restore(choices: Sequence[OpenChoice], tap: Tap) -> Tap:
    """A tap on a token with the payload it stands for, one without a title with its choice's; others as they came."""
    short = tap.payload.startswith(TOKEN) and len(tap.payload) >= SHORTEST_TOKEN
    for choice in reversed(choices):
        if short and tap.payload == token(choice.payload, len(tap.payload)):
            whole = replace(tap, payload=choice.payload, message_id=tap.message_id or choice.message_id)
            return titled(choices, choice, whole)
        if not tap.title and tap.payload == choice.payload:
            return titled(choices, choice, tap)
    return tap


def titled(choices: Sequence[OpenChoice], chosen: OpenChoice, tap: Tap) -> Tap:
    """Of a choice's names the first is what was shown."""
    named = (one.title for one in choices if (one.payload, one.message_id) == (chosen.payload, chosen.message_id))
    return tap if tap.title else replace(tap, title=next(named))
