"""What a user of the stand-in sees of LINE's message objects, and what LINE would not take."""

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    Location,
    Media,
    Part,
    QuickReplies,
    Text,
)

Json = Mapping[str, Any]


class Refusal(Exception):
    def __init__(self, status: int, said: str, **more: Any) -> None:
        super().__init__(said)
        self.status = status
        self.more = more


def check(ok: object, place: str) -> None:
    if not ok:
        details = [{"message": "is invalid", "property": place}]
        raise Refusal(400, "The request body has 1 error(s)", details=details)


def wide(text: Any, least: int, most: int) -> bool:
    return isinstance(text, str) and least <= len(text.encode("utf-16-le")) // 2 <= most


def secure(url: Any) -> bool:
    return isinstance(url, str) and url.startswith("https://") and len(url) <= 2000


def parts(message: Json) -> tuple[Part, ...]:
    """Raises Refusal."""
    match message.get("type"):
        case "text":
            check(wide(message.get("text"), 1, 5000), "text")
            return (quick(message) if "quickReply" in message else Text(text=message["text"]),)
        case "template":
            check(wide(message.get("altText"), 1, 400), "altText")
            return (template(message["template"]),)
        case "flex":
            check(wide(message.get("altText"), 1, 1500), "altText")
            return (flex(message["contents"]),)
        case "location":
            check(wide(message.get("title"), 1, 100) and wide(message.get("address"), 1, 100), "title")
            return (Location(latitude=message["latitude"], longitude=message["longitude"], name=message["title"]),)
        case "image" | "video" as kind:
            check(secure(message.get("originalContentUrl")) and secure(message.get("previewImageUrl")), kind)
            return (Media(url=message["originalContentUrl"], media=kind),)
        case "audio":
            check(secure(message.get("originalContentUrl")) and message.get("duration", 0) > 0, "audio")
            return (Media(url=message["originalContentUrl"], media="audio"),)
        case _:
            raise Refusal(400, "The request body has 1 error(s)")


def quick(message: Json) -> QuickReplies:
    items = message["quickReply"]["items"]
    check(1 <= len(items) <= 13, "quickReply.items")
    found = [action(item["action"]) for item in items]
    return QuickReplies(
        text=message["text"], choices=tuple(Choice(title=one.title, payload=one.payload) for one in found)
    )


def action(given: Json) -> Button:
    check(wide(given.get("label"), 1, 20), "action.label")
    if given["type"] == "uri":
        check(str(given["uri"]).startswith(("https://", "http://", "tel:", "line:")), "action.uri")
        check(len(given["uri"]) <= 1000 and given["uri"].isascii(), "action.uri")
        return Button(title=given["label"], url=given["uri"])
    check(given["type"] == "postback" and wide(given.get("data"), 1, 300), "action.data")
    check(wide(given.get("displayText", "x"), 1, 300), "action.displayText")
    return Button(title=given["label"], payload=given["data"])


def actions(given: Sequence[Json]) -> tuple[Button, ...]:
    return tuple(action(one) for one in given)


def template(given: Json) -> Part:
    match given["type"]:
        case "confirm":
            check(wide(given["text"], 1, 240) and len(given["actions"]) == 2, "template.confirm")
            return Buttons(text=given["text"], buttons=actions(given["actions"]))
        case "buttons":
            check(wide(given["text"], 1, 160) and 1 <= len(given["actions"]) <= 4, "template.buttons")
            return Buttons(text=given["text"], buttons=actions(given["actions"]))
        case "carousel":
            columns = given["columns"]
            alike = {(len(one["actions"]), "thumbnailImageUrl" in one, "title" in one) for one in columns}
            check(1 <= len(columns) <= 10 and len(alike) == 1, "template.columns")
            return Carousel(cards=tuple(map(column, columns)))
        case _:
            raise Refusal(400, "The request body has 1 error(s)")


def column(given: Json) -> Card:
    short = "title" in given or "thumbnailImageUrl" in given
    check(wide(given["text"], 1, 60 if short else 120) and 1 <= len(given["actions"]) <= 3, "columns.text")
    check(wide(given.get("title", "x"), 1, 40) and secure(given.get("thumbnailImageUrl", "https://")), "columns.title")
    return Card(
        title=given.get("title", ""),
        subtitle=given["text"],
        image=given.get("thumbnailImageUrl", ""),
        buttons=actions(given["actions"]),
    )


def flex(given: Json) -> Part:
    if given["type"] == "carousel":
        check(1 <= len(given["contents"]) <= 12, "contents")
        return Carousel(cards=tuple(map(bubble, given["contents"])))
    found = bubble(given)
    if found.title or found.image:
        return Carousel(cards=(found,))
    return Buttons(text=found.subtitle, buttons=found.buttons)


def bubble(given: Json) -> Card:
    check(len(str(given).encode()) <= 30_000, "bubble")
    body = given["body"]["contents"] if "body" in given else ()
    lines = [one["text"] for one in body if one.get("weight") != "bold"]
    titles = [one["text"] for one in body if one.get("weight") == "bold"]
    check(all(wide(line, 1, 100_000) for line in (*lines, *titles)) and (body or "body" not in given), "body")
    hero = given.get("hero", {}).get("url", "")
    check(not hero or secure(hero), "hero.url")
    footer = given.get("footer", {}).get("contents", [])
    return Card(
        title="".join(titles),
        subtitle="\n".join(lines),
        image=hero,
        buttons=tuple(action(one["action"]) for one in footer),
    )
