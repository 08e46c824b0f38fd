"""Offering choices: as quick replies, buttons, a list, or numbered text, whatever the channel has that is nearest."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from orchestrator.fit.choices import Offer, all_offers, carried, key, open_choices, titles
from orchestrator.fit.measure import SMALLEST, one_line
from orchestrator.fit.numbers import number
from orchestrator.fit.work import Work
from orchestrator.fit.written import link
from orchestrator.types import Button, Buttons, Choice, Limits, ListPicker, QuickReplies

SEVERAL = 3
"""More messages of choices than these are worse to read than one numbered text."""

Wanted = Literal["quick_replies", "buttons", "list"]
Ready = list[tuple[Offer, str, str]]
"""Each offer with the title and the payload the channel can take."""


class Form(Protocol):
    def __call__(self, work: Work, offers: Sequence[Offer], text: str, opener: str) -> bool:
        """Offer in this form, or change nothing and return False when the channel can't."""
        ...


def offer(work: Work, wanted: Wanted, offers: Sequence[Offer], text: str, opener: str = "") -> None:
    """Offer in the form that is wanted, or the nearest there is. `opener` is the title of the button of a list."""
    if wanted == "buttons" and as_buttons(work, offers, text, opener):
        return
    text, offers = written_links(work, text, offers)
    if not offers:
        work.say(text)
        return
    for form, attempt in NEAREST[wanted]:
        if attempt(work, offers, text, opener):
            if form != wanted:
                work.lose(wanted, form)
            return
    if as_several(work, wanted, offers, text, opener):
        return
    work.lose(wanted, "numbered_text")
    as_numbers(work, offers, text)


def written_links(work: Work, text: str, offers: Sequence[Offer]) -> tuple[str, list[Offer]]:
    """The text with the pages that buttons would have opened, and the offers that are left."""
    links = [one for one in offers if one.url]
    if links:
        work.lose("link_button", "link")
    lines = [text, *(link(one.title, work.absolute(one.url)) for one in links)]
    return "\n".join(filter(None, lines)), [one for one in offers if not one.url]


def ready(offers: Sequence[Offer], most: int, longest: int, limits: Limits) -> Ready | None:
    """None when the channel does not take so many, such payloads, or links."""
    if len(offers) > most or not linkable(offers, limits):
        return None
    shown = titles(offers, longest, limits.title_unit or limits.unit)
    if shown is None:
        return None
    found = []
    for one, title in zip(offers, shown, strict=True):
        payload = carried(one.payload, limits.payload)
        if payload is None:
            return None
        found.append((one, title, payload))
    return found


def linkable(offers: Sequence[Offer], limits: Limits) -> bool:
    """Whether the channel has buttons for the pages among them."""
    if not any(one.url for one in offers):
        return True
    return limits.link_buttons and (len(offers) == 1 or not limits.lone_link)


def buttons(found: Ready) -> tuple[Button, ...]:
    return tuple(
        Button(title=title, url=one.url) if one.url else Button(title=title, payload=payload)
        for one, title, payload in found
    )


def as_buttons(work: Work, offers: Sequence[Offer], text: str, opener: str) -> bool:
    found = ready(offers, work.limits.buttons, work.limits.button_title, work.limits)
    if not found:
        return False
    text = under(work, described(work, offers, text), found, work.limits.button_text)
    work.out.append(Buttons(buttons=buttons(found), text=text))
    lose_images(work, offers)
    opened(work, found)
    return True


def as_quick_replies(work: Work, offers: Sequence[Offer], text: str, opener: str) -> bool:
    found = ready(offers, work.limits.quick_replies, work.limits.quick_reply_title, work.limits)
    if not found:
        return False
    text = under(work, described(work, offers, text), found, work.limits.quick_reply_text)
    choices = (Choice(title=title, payload=payload, image=one.image) for one, title, payload in found)
    work.out.append(QuickReplies(choices=tuple(choices), text=text))
    opened(work, found)
    return True


def as_list(work: Work, offers: Sequence[Offer], text: str, opener: str) -> bool:
    limits = work.limits
    found = ready(offers, limits.list_rows, limits.list_title, limits)
    if not found:
        return False
    spare = limits.list_description < SMALLEST
    rows = tuple(
        Choice(
            title=title,
            payload=payload,
            description="" if spare else work.short(one.description, limits.list_description, "description"),
            image=one.image,
        )
        for one, title, payload in found
    )
    text = under(work, described(work, offers, text) if spare else text, found, limits.list_text)
    button = work.short(one_line(opener), limits.button_title, "list_button", limits.title_unit)
    work.out.append(ListPicker(choices=rows, text=text, button=button))
    opened(work, found)
    return True


def as_several(work: Work, wanted: Wanted, offers: Sequence[Offer], text: str, opener: str) -> bool:
    """In a few messages of buttons or lists, the text over the first. Never of quick replies: the next takes them."""
    forms = [(form, attempt, room(form, work.limits)) for form, attempt in NEAREST[wanted] if form != "quick_replies"]
    for form, attempt, most in sorted(forms, key=lambda each: -each[2]):
        if most and len(offers) <= most * SEVERAL and lasting(form, offers, work.limits):
            share = -(-len(offers) // -(-len(offers) // most))
            for start in range(0, len(offers), share):
                attempt(work, offers[start : start + share], "" if start else text, opener)
            work.lose(wanted, f"several_{form}")
            return True
    return False


def room(form: Wanted, limits: Limits) -> int:
    return limits.buttons if form == "buttons" else limits.list_rows


def lasting(form: Wanted, offers: Sequence[Offer], limits: Limits) -> bool:
    """Whether each of them, in whichever of the messages, is told from all others by its title."""
    longest = limits.button_title if form == "buttons" else limits.list_title
    found = ready(offers, len(offers), longest, limits)
    return bool(found) and all(title == one.title for one, title, _ in found or ())


def as_numbers(work: Work, offers: Sequence[Offer], text: str) -> None:
    """A line each. Titles that are numbers themselves would make "2" mean two things: those get bullets instead."""
    first = numbering(work, offers)
    lines = [text]
    for index, one in enumerate(offers):
        said = f"{one.title} {work.dash} {one.description}" if one.description else one.title
        lines.append(f"{first + index}. {said}" if first else f"{work.bullet} {said}")
    work.choices += open_choices(offers, [one.title for one in offers], work.message_id, first)
    if first:
        work.number = first + len(offers)
    lose_images(work, offers)
    work.say("\n".join(filter(None, lines)))


def numbering(work: Work, offers: Sequence[Offer]) -> int:
    """The first number; 0 for none, where titles are numbers and each names one choice of the whole message."""
    if not any(number(one.title) not in (0, n) for n, one in enumerate(offers, work.number)):
        return work.number
    named = Counter(key(one.title) for one in all_offers(work.parts))
    if all(named[key(one.title)] == 1 for one in offers):
        return 0
    return max([work.number, *(number(one.title) + 1 for one in all_offers(work.parts))])


def under(work: Work, text: str, found: Ready, longest: int) -> str:
    return work.last_of(text, " / ".join(title for _, title, _ in found), longest)


def opened(work: Work, found: Ready) -> None:
    work.opened([one for one, _, _ in found], [title for _, title, _ in found])


def described(work: Work, offers: Sequence[Offer], text: str) -> str:
    """The text with the descriptions that the form has no room for."""
    lines = [f"{work.bullet} {one.title} {work.dash} {one.description}" for one in offers if one.description]
    if lines:
        work.lose("description", "text")
    return "\n".join(filter(None, [text, *lines]))


def lose_images(work: Work, offers: Sequence[Offer]) -> None:
    if any(one.image for one in offers):
        work.lose("choice_image", "nothing")


NEAREST: Mapping[Wanted, Sequence[tuple[Wanted, Form]]] = {
    "quick_replies": (("quick_replies", as_quick_replies), ("buttons", as_buttons), ("list", as_list)),
    "buttons": (("buttons", as_buttons), ("quick_replies", as_quick_replies), ("list", as_list)),
    "list": (("list", as_list), ("buttons", as_buttons), ("quick_replies", as_quick_replies)),
}
