"""The stand-in's eye: what a person sees of an activity."""

from collections.abc import Mapping
from typing import Any

from connectors.teams import render
from connectors.teams.events import FIELD, OURS
from orchestrator.ports import Shown
from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    Form,
    FormField,
    ListPicker,
    Media,
    Part,
    QuickReplies,
    Text,
)


def shown(activity: Mapping[str, Any]) -> Shown:
    text = activity.get("text", "")
    suggested = activity.get("suggestedActions", {}).get("actions", [])
    parts: list[Part] = []
    if suggested:
        choices = tuple(Choice(title=each["title"], payload=each["value"]) for each in suggested)
        parts.append(QuickReplies(text=text, choices=choices))
    elif text:
        parts.append(Text(text=text))
    attachments = activity.get("attachments", [])
    if activity.get("attachmentLayout") == "carousel":
        parts.append(Carousel(cards=tuple(card(each["content"]) for each in attachments)))
    else:
        parts += [part_of(each) for each in attachments]
    mine = not str(activity["from"]["id"]).startswith("28:")
    return Shown(id=f"{activity['conversation']['id']}:{activity['id']}", mine=mine, parts=tuple(parts))


def part_of(attachment: Mapping[str, Any]) -> Part:
    content = attachment.get("content", {})
    match attachment["contentType"]:
        case render.HERO:
            return Buttons(text=content.get("text", ""), buttons=tuple(map(button, content.get("buttons", []))))
        case render.ADAPTIVE:
            return adaptive(content)
    name = attachment.get("name", "")
    return Media(url=attachment.get("contentUrl", ""), media=kind(attachment["contentType"]), name=name)


def kind(mime: str) -> Any:
    return "image" if mime.startswith("image/") else "file"


def adaptive(content: Mapping[str, Any]) -> Part:
    action = content["actions"][0]
    texts = [each["text"] for each in content["body"] if each["type"] == "TextBlock"]
    inputs = [each for each in content["body"] if each["type"] != "TextBlock"]
    title = unescaped(texts[0]) if texts else ""
    ours = action["data"][OURS]
    if "form" in ours:
        fields = tuple(FormField(name=each["id"].removeprefix(FIELD), label=each["label"]) for each in inputs)
        return Form(id=ours["form"], title=title, fields=fields, submit=action["title"])
    rows = tuple(Choice(title=each["title"], payload=each["value"]) for each in inputs[0]["choices"])
    return ListPicker(text=title, choices=rows, button=action["title"])


def unescaped(text: str) -> str:
    for sign in "*_[]`\\":
        text = text.replace(f"\\{sign}", sign)
    return text.replace("\n\n", "\n")


def card(content: Mapping[str, Any]) -> Card:
    images = content.get("images", [{}])
    return Card(
        title=content.get("title", ""),
        subtitle=content.get("subtitle", ""),
        image=images[0].get("url", ""),
        buttons=tuple(map(button, content.get("buttons", []))),
    )


def button(shown: Mapping[str, Any]) -> Button:
    if shown["type"] == "openUrl":
        return Button(title=shown["title"], url=shown["value"])
    return Button(title=shown["title"], payload=shown["value"][OURS]["payload"])
