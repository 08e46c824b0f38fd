"""Our parts as Block Kit (docs.slack.dev/reference/block-kit)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from connectors.slack import forms
from connectors.slack.actions import LINK
from connectors.slack.forms import plain
from connectors.slack.words import escaped
from orchestrator import markup
from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    Form,
    ListPicker,
    Media,
    Part,
    QuickReplies,
    Text,
)

Block = dict[str, Any]
SECTION = 3000
BLOCKS = 50
ROOM = 12_000
"""Characters of blocks in one message: over about 13 200 Slack answers `msg_blocks_too_long` (slackapi/bolt-js#2509),
written down nowhere (slackapi/bolt-js#2867)."""

CHOICE = "parley:choice"


def text_of(part: Part) -> str:
    """What notifications and screen readers say, and all there is to a plain text."""
    match part:
        case Text(text=text, markdown=markdown):
            return markup.to_slack(text) if markdown else escaped(text)
        case Buttons(text=text) | QuickReplies(text=text) | ListPicker(text=text):
            return escaped(text) or " / ".join(escaped(title) for title in titles(part))
        case Carousel(cards=cards):
            return " / ".join(escaped(card.title) for card in cards)
        case Form(title=title, fields=fields):
            return escaped(title or ", ".join(field.label or field.name for field in fields))
        case Media(alt=alt, name=name):
            return escaped(alt or name)
    return escaped(next((str(said) for key in SPOKEN if (said := getattr(part, key, ""))), part.kind))


SPOKEN = ("text", "title", "note", "name", "address", "payload", "what")
"""What says most of a part that `fit` never hands on here."""


def titles(part: Buttons | QuickReplies | ListPicker) -> list[str]:
    return [each.title for each in (part.buttons if isinstance(part, Buttons) else part.choices)]


def blocks(part: Part, *, form: str = "", carousel: bool = True) -> list[Block]:
    """None for plain words. `form` is the form as its button carries it; `carousel`: whether Slack's own is used."""
    match part:
        case Buttons(buttons=found, text=text):
            return [*sections(escaped(text)), {"type": "actions", "elements": list(map(button, *numbered(found)))}]
        case QuickReplies(choices=choices, text=text):
            offered = [Button(title=each.title, payload=each.payload) for each in choices]
            return [*sections(escaped(text)), {"type": "actions", "elements": list(map(button, *numbered(offered)))}]
        case ListPicker(choices=choices, text=text, button=label):
            return [*sections(escaped(text)), *selects(choices, label)]
        case Carousel(cards=cards):
            return [slides(cards)] if carousel else [block for card in cards for block in card_sections(card)]
        case Form():
            return form_blocks(part, form)
        case Media(media="image" | "gif", url=url, alt=alt, name=name):
            return [{"type": "image", "image_url": url, "alt_text": (alt or name or "…")[:2000]}]
    return []


def numbered(found: Sequence[Button]) -> tuple[Sequence[Button], range]:
    return found, range(len(found))


def sections(text: str) -> list[Block]:
    """Escaping may have made the text longer than a section holds."""
    return [{"type": "section", "text": mrkdwn(piece)} for piece in pieces(text, SECTION)] if text.strip() else []


def mrkdwn(text: str) -> Block:
    # Verbatim: Slack must not make links of its own out of names and channels.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def pieces(text: str, most: int) -> Iterator[str]:
    """Cut at a line's or word's end, never inside an escaped character."""
    while len(text) > most:
        end = max(text.rfind("\n", 0, most), text.rfind(" ", 0, most))
        if end < most // 2:
            end = most
            start = text.rfind("&", most - 5, most)
            if start != -1 and ";" not in text[start:most]:
                end = start
        yield text[:end]
        text = text[end:].lstrip("\n ")
    if text:
        yield text


def button(shown: Button, number: int) -> Block:
    """`action_id`s differ within a block. The title goes along as it is, in case Slack shortens it."""
    if shown.url:
        found: Block = {"action_id": f"{LINK}:{number}", "url": shown.url}
    else:
        found = {"action_id": f"{CHOICE}:{number}", "value": shown.payload}
    return {"type": "button", "text": plain(shown.title, 75)} | found


def selects(choices: Sequence[Choice], label: str) -> list[Block]:
    """One menu, or several where one would be over the room of a message."""
    shown = [forms.option(each) for each in choices]
    menus: list[list[Block]] = [[]]
    size = 0
    for option in shown:
        size += weight(option)
        if size > ROOM * 2 // 3 and menus[-1]:
            menus.append([])
            size = weight(option)
        menus[-1].append(option)
    return [menu(number, each, label) for number, each in enumerate(menus)]


def menu(number: int, options: list[Block], label: str) -> Block:
    found: Block = {"type": "static_select", "action_id": f"{CHOICE}:{number}", "options": options}
    return {"type": "actions", "elements": [found | {"placeholder": plain(label or "…", 150)}]}


def slides(cards: Sequence[Card]) -> Block:
    return {"type": "carousel", "elements": [slide(number, card) for number, card in enumerate(cards)]}


def slide(number: int, card: Card) -> Block:
    found: Block = {"type": "card", "title": mrkdwn(escaped(card.title)[:150])}
    if card.image:
        found["hero_image"] = picture(card)
    if card.subtitle:
        found["body"] = mrkdwn(escaped(card.subtitle)[:200])
    if card.buttons:
        first = number * 10
        found["actions"] = [button(each, first + index) for index, each in enumerate(card.buttons)]
    return found


def picture(card: Card) -> Block:
    return {"type": "image", "image_url": card.image, "alt_text": (card.alt or card.title or "…")[:2000]}


def card_sections(card: Card) -> list[Block]:
    """A card where there are no cards."""
    text = f"*{escaped(card.title)}*" + (f"\n{escaped(card.subtitle)}" if card.subtitle else "")
    found: list[Block] = [{"type": "section", "text": mrkdwn(text)}]
    if card.image:
        found[0]["accessory"] = picture(card)
    if card.buttons:
        found.append({"type": "actions", "elements": list(map(button, *numbered(card.buttons)))})
    return found


def form_blocks(form: Form, packed: str) -> list[Block]:
    """What it will ask, and the button that asks it."""
    title = f"*{escaped(form.title)}*\n" if form.title else ""
    asked = "\n".join(f"• {escaped(field.label or field.name)}" for field in form.fields)
    opener = {
        "type": "button",
        "style": "primary",
        "action_id": forms.OPEN,
        "text": plain(form.title or form.submit or "…", 75),
        "value": packed,
    }
    return [*sections(title + asked), {"type": "actions", "elements": [opener]}]


def pages(found: Sequence[Block]) -> list[list[Block]]:
    """The blocks as messages that Slack takes."""
    made: list[list[Block]] = [[]]
    size = 0
    for block in found:
        size += weight(block)
        if made[-1] and (size > ROOM or len(made[-1]) == BLOCKS):
            made.append([])
            size = weight(block)
        made[-1].append(block)
    return made


def weight(block: Mapping[str, Any]) -> int:
    return len(orjson.dumps(block).decode())
