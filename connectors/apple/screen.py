"""The stand-in's eye: what Apple refuses of a message, and what a person sees of one."""

from collections.abc import Mapping
from typing import Any

from connectors.apple.events import FORM, PLACE
from orchestrator.incoming import media_kind
from orchestrator.ports import Shown
from orchestrator.types import Choice, Form, FormField, ListPicker, Media, Part, QuickReplies, Text


def valid(message: Mapping[str, Any]) -> bool:
    match message.get("type"):
        case "text":
            return bool(message.get("body")) and flat(message["body"])
        case "interactive":
            return interactive(message.get("interactiveData", {}))
        case "typing_start" | "typing_end":
            return True
    return False


def flat(text: str) -> bool:
    """Of the Basic Multilingual Plane."""
    return all(ord(character) < 0x10000 for character in text)


def interactive(found: Mapping[str, Any]) -> bool:
    data = found.get("data", {})
    if not (found.get("bid") and data.get("requestIdentifier") and data.get("version")):
        return False
    if "quick-reply" in data:
        items = data["quick-reply"]["items"]
        return 2 <= len(items) <= 5 and all(each["title"] and flat(each["title"]) for each in items)
    if not found.get("receivedMessage", {}).get("title"):
        return False
    if "listPicker" in data:
        return all(section["items"] for section in data["listPicker"]["sections"])
    if "event" in data:
        return bool(data["event"]["timeslots"])
    return "dynamic" in data and linked(data["dynamic"]["data"])


def linked(form: Mapping[str, Any]) -> bool:
    """Every page leads to another one or submits."""
    names = {page["pageIdentifier"] for page in form["pages"]}
    ends = (page.get("submitForm") or page.get("nextPageIdentifier") in names for page in form["pages"])
    return form["startPageIdentifier"] in names and all(ends)


def shown(message: Mapping[str, Any], seen: str) -> Shown:
    """`seen` is where the stand-in opens files."""
    files = tuple(attached(each, seen) for each in message.get("attachments", ()))
    text = message.get("body", "").replace(PLACE, "")
    words: tuple[Part, ...] = (Text(text=text),) if text else ()
    data = message.get("interactiveData", {})
    parts = (part_of(data),) if data else words + files
    mine = str(message["sourceId"]).startswith("urn:mbid:")
    return Shown(id=str(message["id"]), mine=mine, parts=parts)


def attached(file: Mapping[str, Any], seen: str) -> Media:
    url = f"{seen}/{file['url'].rpartition('/')[2]}"
    return Media(url=url, media=media_kind(file["mimeType"]), name=file["name"], mime=file["mimeType"])


def part_of(found: Mapping[str, Any]) -> Part:
    data = found["data"]
    bubble = found.get("receivedMessage", {})
    title, label = bubble.get("title", ""), bubble.get("subtitle", "")
    if "quick-reply" in data:
        reply = data["quick-reply"]
        return QuickReplies(text=reply.get("summaryText", ""), choices=tuple(map(choice, reply["items"])))
    if "listPicker" in data:
        items = [item for section in data["listPicker"]["sections"] for item in section["items"]]
        return ListPicker(text=title, choices=tuple(map(choice, items)), button=label)
    if "event" in data:
        slots = data["event"]["timeslots"]
        choices = (Choice(title=each.get("startTime", ""), payload=each["identifier"]) for each in slots)
        return ListPicker(text=title, choices=tuple(choices))
    dynamic = data.get("dynamic", {})
    pages = dynamic.get("data", {}).get("pages", [])
    name = str(data.get("requestIdentifier", "")).removeprefix(FORM).rpartition(":")[0]
    return Form(id=name, title=title, fields=tuple(map(field, pages)), submit=label)


def choice(item: Mapping[str, Any]) -> Choice:
    return Choice(title=item["title"], payload=item["identifier"], description=item.get("subtitle", ""))


def field(page: Mapping[str, Any]) -> FormField:
    return FormField(name=page["pageIdentifier"], label=page["title"])
