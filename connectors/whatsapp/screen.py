"""What a user sees of a WhatsApp message, for its stand-in: read back from the JSON that was sent."""

from collections.abc import Mapping
from typing import Any

from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    Form,
    ListPicker,
    Location,
    Media,
    MediaKind,
    Part,
    Template,
    Text,
    Unsupported,
)

Json = Mapping[str, Any]
FILES: Mapping[str, MediaKind] = {
    "image": "image",
    "video": "video",
    "audio": "audio",
    "document": "file",
    "sticker": "image",
}


def parts(message: Json) -> tuple[Part, ...]:
    kind = str(message.get("type"))
    content: Json = message.get(kind) or {}
    match kind:
        case "text":
            return (Text(text=content["body"]),)
        case "location":
            return (
                Location(
                    **{key: content[key] for key in ("latitude", "longitude", "name", "address") if key in content}
                ),
            )
        case "interactive":
            return (interactive(content),)
        case "template":
            return (template(content),)
        case _ if kind in FILES:
            return (file(kind, content),)
    return (Unsupported(what=kind),)


def file(kind: str, content: Json) -> Media:
    """A file that was uploaded has its id in place of a link."""
    where = content.get("link") or f"ref:{content.get('id')}"
    return Media(url=where, media=FILES[kind], name=content.get("filename", ""), alt=content.get("caption", ""))


def interactive(content: Json) -> Part:
    words, action = content["body"]["text"], content["action"]
    match content["type"]:
        case "button":
            found = tuple(reply(button["reply"]) for button in action["buttons"])
            return Buttons(text=words, buttons=found)
        case "list":
            rows = [row for section in action["sections"] for row in section["rows"]]
            return ListPicker(text=words, button=action["button"], choices=tuple(map(choice, rows)))
        case "cta_url":
            return Buttons(text=words, buttons=(opening(action),))
        case "carousel":
            return Carousel(cards=tuple(map(card, action["cards"])))
        case "flow":
            parameters = action["parameters"]
            return Form(id=parameters.get("flow_token", ""), fields=(), title=words, submit=parameters["flow_cta"])
    return Unsupported(what=content["type"])


def reply(found: Json) -> Button:
    return Button(title=found["title"], payload=found["id"])


def choice(row: Json) -> Choice:
    return Choice(title=row["title"], payload=row["id"], description=row.get("description", ""))


def opening(action: Json) -> Button:
    return Button(title=action["parameters"]["display_text"], url=action["parameters"]["url"])


def card(found: Json) -> Card:
    title, _, subtitle = found.get("body", {}).get("text", "").partition("\n")
    action = found["action"]
    shown = tuple(reply(button["quick_reply"]) for button in action.get("buttons", ())) or (opening(action),)
    return Card(title=title.strip("*"), subtitle=subtitle, image=found["header"]["image"]["link"], buttons=shown)


def template(content: Json) -> Template:
    values = {}
    for component in content.get("components", ()):
        for index, parameter in enumerate(component["parameters"], 1):
            key = parameter.get("parameter_name") or str(index)
            values[key] = str(parameter.get(parameter["type"]))
    return Template(name=content["name"], language=content["language"]["code"], values=values)
