"""Parts as messages of LINE's (developers.line.biz/en/reference/messaging-api/#message-objects)."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from orchestrator.errors import SendFailed
from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    ListPicker,
    Location,
    Media,
    Part,
    QuickReplies,
    Text,
)

Json = dict[str, Any]
MOST_MESSAGES = 5
BUTTONS_TEXT, CONFIRM_TEXT, BUTTONS_ACTIONS = 160, 240, 4
TITLE, TEXT_UNDER_TITLE, COLUMN_ACTIONS = 40, 60, 3
ALT, FLEX_ALT = 400, 1500
PLACE = 100
OPENED = ("https://", "http://", "tel:", "line:")
"""What a button of LINE's may lead to."""
RESERVED = "!#$%&'()*+,/:;=?@[]~"


def messages(parts: Sequence[Part], seconds: Mapping[str, float], preview: str) -> list[Json]:
    """`seconds` are the lengths of recordings by address, `preview` stands for a film. Raises SendFailed."""
    found = [message for part in parts for message in of(part, seconds, preview)]
    if len(found) > MOST_MESSAGES:
        raise SendFailed(f"line takes {MOST_MESSAGES} messages at once, not {len(found)}", retryable=False)
    return found


def of(part: Part, seconds: Mapping[str, float], preview: str) -> list[Json]:
    match part:
        case Text():
            return [text(part.text)]
        case QuickReplies(choices=choices):
            return [{**text(part.text), "quickReply": {"items": [item(choice) for choice in choices]}}]
        case Buttons(buttons=buttons):
            return [keyed(part.text, buttons)]
        case ListPicker(choices=choices):
            return [keyed(part.text, [Button(title=one.title, payload=one.payload) for one in choices])]
        case Carousel(cards=cards):
            return [carousel(cards)]
        case Location():
            return [location(part)]
        case Media():
            return media(part, seconds, preview)
        case _:
            raise SendFailed(f"line can't show a {part.kind!r} as it is: it has to be fitted", retryable=False)


def text(words: str) -> Json:
    return {"type": "text", "text": words or "…"}


def item(choice: Choice) -> Json:
    icon = {"imageUrl": choice.image} if choice.image.startswith("https://") else {}
    return {"type": "action", **icon, "action": postback(choice.title, choice.payload)}


def postback(title: str, payload: str) -> Json:
    return {"type": "postback", "label": title, "data": payload, "displayText": title}


def action(button: Button) -> Json:
    if not button.url:
        return postback(button.title, button.payload)
    return {"type": "uri", "label": button.title, "uri": quote(button.url, safe=RESERVED)}


def keyed(words: str, buttons: Sequence[Button]) -> Json:
    """A template where it fits; else a flex bubble, which has room for more. Other pages are written out."""
    opened = [one for one in buttons if not one.url or one.url.startswith(OPENED)]
    written = [f"{one.title}: {one.url}" for one in buttons if one not in opened]
    words = "\n".join(filter(None, [words, *written])) or "…"
    if not opened:
        return text(words)
    actions = [action(one) for one in opened]
    if len(actions) == 2 and wide(words) <= CONFIRM_TEXT and not any(one.url for one in opened):
        return template(words, {"type": "confirm", "text": words, "actions": actions})
    if len(actions) <= BUTTONS_ACTIONS and wide(words) <= BUTTONS_TEXT:
        return template(words, {"type": "buttons", "text": words, "actions": actions})
    return flex(words, bubble("", words, "", actions))


def template(alt: str, inside: Json) -> Json:
    return {"type": "template", "altText": cut(alt, ALT), "template": inside}


def flex(alt: str, contents: Json) -> Json:
    return {"type": "flex", "altText": cut(alt, FLEX_ALT), "contents": contents}


def bubble(title: str, words: str, image: str, actions: Sequence[Json]) -> Json:
    lines: list[Json] = []
    if title:
        lines.append({"type": "text", "text": title, "weight": "bold", "size": "lg", "wrap": True})
    if words:
        lines.append({"type": "text", "text": words, "wrap": True})
    whole: Json = {"type": "bubble"}
    if lines:
        whole["body"] = {"type": "box", "layout": "vertical", "spacing": "md", "contents": lines}
    if image:
        picture = {"type": "image", "url": image, "size": "full", "aspectRatio": "20:13", "aspectMode": "cover"}
        whole["hero"] = picture
    if actions:
        keys = [{"type": "button", "style": "link", "height": "sm", "action": one} for one in actions]
        whole["footer"] = {"type": "box", "layout": "vertical", "spacing": "sm", "contents": keys}
    return whole


def carousel(cards: Sequence[Card]) -> Json:
    """A template where all cards are alike, as LINE wants them there; else flex bubbles."""
    alt = "\n".join(" — ".join(filter(None, (card.title, card.subtitle))) for card in cards)
    if alike(cards):
        return template(alt, {"type": "carousel", "columns": [column(card) for card in cards]})
    bubbles = [bubble(card.title, words_of(card), secure(card.image), actions_of(card)) for card in cards]
    return flex(alt, bubbles[0] if len(bubbles) == 1 else {"type": "carousel", "contents": bubbles})


def alike(cards: Sequence[Card]) -> bool:
    counts = {len(actions_of(card)) for card in cards}
    pictures = {bool(secure(card.image)) for card in cards}
    fits = all(wide(card.title) <= TITLE and 0 < wide(words_of(card)) <= TEXT_UNDER_TITLE for card in cards)
    return fits and len(counts) == len(pictures) == 1 and 1 <= min(counts) <= COLUMN_ACTIONS


def column(card: Card) -> Json:
    picture = {"thumbnailImageUrl": secure(card.image)} if secure(card.image) else {}
    return {**picture, "title": card.title, "text": words_of(card), "actions": actions_of(card)}


def actions_of(card: Card) -> list[Json]:
    return [action(one) for one in card.buttons if not one.url or one.url.startswith(OPENED)]


def words_of(card: Card) -> str:
    written = [f"{one.title}: {one.url}" for one in card.buttons if one.url and not one.url.startswith(OPENED)]
    return "\n".join(filter(None, [card.subtitle, *written]))


def secure(url: str) -> str:
    """LINE loads pictures by https only."""
    return url if url.startswith("https://") else ""


def location(part: Location) -> Json:
    """Both names are wanted."""
    numbers = f"{part.latitude:.5f}, {part.longitude:.5f}"
    title = part.name or part.address or numbers
    return {
        "type": "location",
        "title": cut(title, PLACE),
        "address": cut(part.address or numbers, PLACE),
        "latitude": part.latitude,
        "longitude": part.longitude,
    }


def media(part: Media, seconds: Mapping[str, float], preview: str) -> list[Json]:
    """The words come after what they are about."""
    words = [text(part.alt)] if part.alt else []
    if not part.url.startswith("https://"):
        return [linked(part)]
    if part.media == "image":
        return [{"type": "image", "originalContentUrl": part.url, "previewImageUrl": part.url}, *words]
    if part.media == "video" and preview:
        return [{"type": "video", "originalContentUrl": part.url, "previewImageUrl": preview}, *words]
    if part.media == "audio" and seconds.get(part.url, 0) > 0:
        length = max(int(seconds[part.url] * 1000), 1)
        return [{"type": "audio", "originalContentUrl": part.url, "duration": length}, *words]
    return [linked(part)]


def linked(part: Media) -> Json:
    return text("\n".join(filter(None, (part.alt or part.name, part.url))))


def wide(words: str) -> int:
    """In UTF-16 code units, as LINE counts."""
    return len(words.encode("utf-16-le", "surrogatepass")) // 2


def cut(words: str, most: int) -> str:
    """For what stands in for a message in a notification."""
    if wide(words) <= most:
        return words
    return words.encode("utf-16-le", "surrogatepass")[: 2 * (most - 1)].decode("utf-16-le", "ignore") + "…"
