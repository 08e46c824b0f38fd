"""Parts as messages of Viber's (developers.viber.com/docs/api/rest-bot-api/#send-message)."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from orchestrator import markup
from orchestrator.errors import SendFailed
from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    ListPicker,
    Location,
    Media,
    Part,
    QuickReplies,
    Text,
)

Body = dict[str, Any]
Sizes = Mapping[str, int]
"""Bytes of files by address, where they are known."""

COLUMNS, CARD_ROWS = 6, 7
PICTURE_ROWS = 3
HALF = 11
"""Characters that can be read on a button of half the width."""
LONGEST_TRACKED = 4000
SILENT_SINCE, RICH_SINCE = 6, 7
"""API versions of the user's application that know `Silent` buttons, and rich media."""
PICTURES = frozenset({"", "image/jpeg", "image/jpg", "image/png"})
LARGEST_VIDEO, LARGEST_FILE = 26_000_000, 50_000_000


def bodies(parts: Sequence[Part], sizes: Sizes) -> list[Body]:
    """Raises SendFailed for what no rendering for Viber holds."""
    return [body for part in parts for body in of(part, sizes)]


def of(part: Part, sizes: Sizes) -> list[Body]:
    match part:
        case Text():
            return [text(markup.to_whatsapp(part.text) if part.markdown else part.text)]
        case Media():
            return media(part, sizes)
        case Location():
            named = "\n".join(filter(None, (part.name, part.address)))
            place = {"type": "location", "location": {"lat": part.latitude, "lon": part.longitude}}
            return [*([text(named)] if named else []), place]
        case Buttons(buttons=buttons):
            return [keyed(part.text, buttons)]
        case QuickReplies(choices=choices) | ListPicker(choices=choices):
            return [keyed(part.text, [Button(title=one.title, payload=one.payload) for one in choices])]
        case Carousel():
            return [carousel(part)]
        case _:
            raise SendFailed(f"viber can't show a {part.kind!r} as it is: it has to be fitted", retryable=False)


def text(words: str) -> Body:
    return {"type": "text", "text": words}


def media(part: Media, sizes: Sizes) -> list[Body]:
    """Only a picture may have words under it; others come after theirs. A file needs its size."""
    mime = part.mime.partition(";")[0].strip().lower()
    size = part.size or sizes.get(part.url, 0)
    if part.media == "image" and mime in PICTURES:
        return [{"type": "picture", "text": part.alt, "media": part.url}]
    before = [text(part.alt)] if part.alt else []
    if part.media == "gif":
        return [*before, {"type": "url", "media": part.url}]
    if part.media == "video" and 0 < size <= LARGEST_VIDEO:
        return [*before, {"type": "video", "media": part.url, "size": size}]
    if 0 < size <= LARGEST_FILE:
        name = (part.name or part.url.partition("?")[0].rpartition("/")[2] or "file")[-256:]
        return [*before, {"type": "file", "media": part.url, "size": size, "file_name": name}]
    return [text("\n".join(filter(None, (part.alt or part.name, part.url))))]


def sized(parts: Sequence[Part]) -> list[str]:
    """Addresses whose size has to be known."""
    return [part.url for part in parts if isinstance(part, Media) and part.media != "gif" and not part.size]


def keyed(words: str, buttons: Sequence[Button]) -> Body:
    """Silent: else the user would read the payload as what they said."""
    keys = [{**key(one), "Columns": columns, "Rows": 1} for one, columns in zip(buttons, widths(buttons), strict=True)]
    keyboard = {"Type": "keyboard", "DefaultHeight": False, "Buttons": keys}
    return {**text(words or "…"), "keyboard": keyboard, "min_api_version": SILENT_SINCE, **tracking(buttons)}


def widths(buttons: Sequence[Button]) -> list[int]:
    """Two short ones side by side."""
    found: list[int] = []
    for index, one in enumerate(buttons):
        before = index > 0 and found[-1] == COLUMNS // 2 and found.count(COLUMNS // 2) % 2 == 1
        after = index + 1 < len(buttons) and len(buttons[index + 1].title) <= HALF
        short = len(one.title) <= HALF and (before or after)
        found.append(COLUMNS // 2 if short else COLUMNS)
    return found


def key(button: Button) -> Body:
    words = {"Text": html.escape(button.title, quote=False)}
    if button.url:
        return {"ActionType": "open-url", "ActionBody": button.url, **words}
    return {"ActionType": "reply", "ActionBody": button.payload, "Silent": True, **words}


def tracking(buttons: Sequence[Button]) -> Body:
    """What comes back with the answer, so that a payload is known for a tap: as many titles as there is room for."""
    titles = {one.payload: one.title for one in buttons if not one.url}
    while titles:
        data = orjson.dumps({"taps": titles}).decode()
        if len(data) <= LONGEST_TRACKED:
            return {"tracking_data": data}
        titles.popitem()
    return {}


def carousel(part: Carousel) -> Body:
    rows = [row for card in part.cards for row in card_rows(card)]
    taps = [button for card in part.cards for button in card.buttons]
    rich = {
        "Type": "rich_media",
        "ButtonsGroupColumns": COLUMNS,
        "ButtonsGroupRows": CARD_ROWS,
        "BgColor": "#FFFFFF",
        "Buttons": rows,
    }
    said = "\n".join(" — ".join(filter(None, (card.title, card.subtitle))) for card in part.cards)
    whole = {"type": "rich_media", "alt_text": said[:7000], "rich_media": rich, "min_api_version": RICH_SINCE}
    return whole | tracking(taps)


def card_rows(card: Card) -> list[Body]:
    """Each card fills its rows exactly: where one is short, the next would begin in it."""
    picture = PICTURE_ROWS if card.image else 0
    first = next((one.url for one in card.buttons if one.url), "")
    opens = {"ActionType": "open-url", "ActionBody": first} if first else {"ActionType": "none", "ActionBody": ""}
    rows: list[Body] = []
    if card.image:
        rows.append({"Columns": COLUMNS, "Rows": picture, **opens, "Image": card.image})
    words = f"<b>{html.escape(card.title, quote=False)}</b>"
    if card.subtitle:
        words += f"<br>{html.escape(card.subtitle, quote=False)}"
    left = CARD_ROWS - picture - len(card.buttons)
    said = {"Text": words, "TextHAlign": "left", "TextVAlign": "middle"}
    rows.append({"Columns": COLUMNS, "Rows": left, **opens, **said})
    rows += [{"Columns": COLUMNS, "Rows": 1, **key(one)} for one in card.buttons]
    return rows
