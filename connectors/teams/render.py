"""Our parts as activities: text, hero and adaptive cards, suggested actions, attachments.

learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference, adaptivecards.io 1.5
"""

from collections.abc import Sequence
from typing import Any

from connectors.teams.events import CHOICE, FIELD, OURS
from orchestrator import markup
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

Json = dict[str, Any]
HERO = "application/vnd.microsoft.card.hero"
ADAPTIVE = "application/vnd.microsoft.card.adaptive"
CONSENT = "application/vnd.microsoft.teams.card.file.consent"
INFO = "application/vnd.microsoft.teams.card.file.info"
IMAGES = frozenset({"image/png", "image/jpeg", "image/jpg", "image/gif"})


def activity(part: Part, *, personal: bool) -> Json:
    """`personal`: a chat between two, the only place where suggested actions are shown."""
    match part:
        case Text(text=text, markdown=True):
            # XML is Teams' word for a subset of HTML: its markdown swallows single line breaks.
            return message(markup.to_html(text)) | {"textFormat": "xml"}
        case Buttons(buttons=buttons, text=text):
            return cards([hero({"text": text} if text else {}, buttons)], summary=text)
        case QuickReplies(choices=choices, text=text) if personal:
            return message(text) | {"suggestedActions": {"actions": [suggestion(each) for each in choices]}}
        case QuickReplies(choices=choices, text=text):
            buttons = tuple(Button(title=each.title, payload=each.payload) for each in choices)
            return cards([hero({"text": text} if text else {}, buttons)], summary=text)
        case ListPicker():
            return cards([adaptive(picker(part), [submit(part.button or "OK", {"list": 1})])], summary=part.text)
        case Carousel(cards=shown):
            summary = " / ".join(each.title for each in shown)
            return cards([card(each) for each in shown], summary=summary) | {"attachmentLayout": "carousel"}
        case Form(id=form, submit=label):
            return cards([adaptive(form_body(part), [submit(label or "OK", {"form": form})])], summary=part.title)
        case Media(media="image", url=url, alt=alt, name=name):
            picture = {"contentType": image_type(part), "contentUrl": url, "name": name or alt or "image"}
            return message(alt) | {"attachments": [picture]}
        case Media(url=url, alt=alt, name=name):
            return cards(
                [hero({"text": alt} if alt else {}, (Button(title=(name or url)[:60], url=url),))], summary=name
            )
    return message(next((str(said) for key in SPOKEN if (said := getattr(part, key, ""))), part.kind))


SPOKEN = ("text", "title", "note", "name", "address", "payload", "what")
"""What says most of a part that `fit` never hands on here."""


def message(text: str) -> Json:
    return {"type": "message", "text": text, "textFormat": "plain"}


def cards(attachments: Sequence[Json], *, summary: str) -> Json:
    """`summary` is what notifications say of cards."""
    found: Json = {"type": "message", "attachments": list(attachments)}
    return found | ({"summary": summary[:200]} if summary else {})


def hero(content: Json, buttons: Sequence[Button]) -> Json:
    return {"contentType": HERO, "content": content | {"buttons": [button(each) for each in buttons]}}


def card(shown: Card) -> Json:
    content: Json = {"title": shown.title}
    if shown.subtitle:
        content["subtitle"] = shown.subtitle
    if shown.image:
        content["images"] = [{"url": shown.image} | ({"alt": shown.alt} if shown.alt else {})]
    return hero(content, shown.buttons)


def button(shown: Button) -> Json:
    """messageBack: the chat shows the title, we get the payload."""
    if shown.url:
        return {"type": "openUrl", "title": shown.title, "value": shown.url}
    value = {OURS: {"payload": shown.payload, "title": shown.title}}
    back = {"text": shown.title, "displayText": shown.title, "value": value}
    return {"type": "messageBack", "title": shown.title} | back


def suggestion(choice: Choice) -> Json:
    """imBack, the one kind that Teams suggests, sends words; the engine knows which choice they mean."""
    return {"type": "imBack", "title": choice.title, "value": choice.title}


def adaptive(body: Sequence[Json], actions: Sequence[Json]) -> Json:
    content = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "body": list(body),
        "actions": list(actions),
    }
    return {"contentType": ADAPTIVE, "content": content}


def submit(title: str, meaning: Json) -> Json:
    return {"type": "Action.Submit", "title": title, "data": {OURS: meaning}}


def block(text: str, **more: Any) -> list[Json]:
    return [{"type": "TextBlock", "text": escaped(text), "wrap": True} | more] if text else []


def escaped(text: str) -> str:
    """TextBlocks read markdown; a line break of ours must stay one."""
    for sign in "\\*_[]`":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", "\n\n")


def picker(part: ListPicker) -> list[Json]:
    rows = [
        (each.title + (f" — {each.description}" if each.description else ""), each.payload) for each in part.choices
    ]
    return [*block(part.text), choice_set(CHOICE, rows, required=True)]


def choice_set(name: str, rows: Sequence[tuple[str, str]], *, required: bool, label: str = "") -> Json:
    choices = [{"title": title, "value": value} for title, value in rows]
    found: Json = {"type": "Input.ChoiceSet", "id": name, "style": "compact", "choices": choices}
    return found | labelled(label, required)


def form_body(form: Form) -> list[Json]:
    return [*block(form.title, weight="Bolder", size="Medium"), *map(field, form.fields)]


def field(asked: FormField) -> Json:
    label = asked.label or asked.name
    if asked.type == "select" and asked.options:
        rows = [(each.title, each.payload or each.title) for each in asked.options]
        return choice_set(FIELD + asked.name, rows, required=asked.required, label=label)
    found: Json = {"id": FIELD + asked.name} | INPUTS.get(asked.type, {"type": "Input.Text"})
    if asked.placeholder:
        found["placeholder"] = asked.placeholder
    return found | labelled(label, asked.required)


INPUTS: dict[str, Json] = {
    "email": {"type": "Input.Text", "style": "Email", "regex": r"^[^@\s]+@[^@\s]+\.[^@\s]+$"},
    "phone": {"type": "Input.Text", "style": "Tel"},
    "number": {"type": "Input.Number"},
    "date": {"type": "Input.Date"},
}


def labelled(label: str, required: bool) -> Json:
    """Teams says nothing of an input left out unless the card has words for it: a sign all languages know."""
    found: Json = {"label": label} if label else {}
    return found | ({"isRequired": True, "errorMessage": "✳"} if required else {})


def image_type(part: Media) -> str:
    return part.mime if part.mime in IMAGES else "image/png"


def consent(part: Media, name: str, size: int, path: str) -> Json:
    """The offer of a file; accepting it brings `path` back."""
    back = {OURS: {"file": path, "name": name}}
    content = {"description": part.alt or name, "sizeInBytes": size, "acceptContext": back, "declineContext": back}
    return cards([{"contentType": CONSENT, "name": name, "content": content}], summary=name)


def uploaded(info: Json) -> Json:
    """What a person sees of a file that is in their OneDrive now."""
    content = {"uniqueId": info.get("uniqueId"), "fileType": info.get("fileType")}
    found = {"contentType": INFO, "contentUrl": info.get("contentUrl"), "name": info.get("name"), "content": content}
    return cards([found], summary=str(info.get("name") or ""))


def halves(whole: Json) -> tuple[Json, Json] | None:
    """Two activities that say the same; None for what can't be split."""
    attachments = whole.get("attachments", [])
    if len(attachments) > 1:
        middle = len(attachments) // 2
        return whole | {"attachments": attachments[:middle]}, whole | {"attachments": attachments[middle:]}
    text = whole.get("text", "")
    if attachments or len(text) < 2 or whole.get("textFormat") != "plain":
        return None
    middle = len(text) // 2
    cut = text.find(" ", middle) + 1 or middle
    head = {key: value for key, value in whole.items() if key != "suggestedActions"} | {"text": text[:cut]}
    return head, whole | {"text": text[cut:]}
