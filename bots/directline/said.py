"""Activities of the Bot Framework as actions: messages, cards, suggested actions, events. Pure.

github.com/microsoft/botframework-sdk/tree/main/specs: botframework-activity.md, botframework-cards.md;
adaptivecards.io/explorer
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from orchestrator import answers
from orchestrator.bot_server import dict_of, list_of
from orchestrator.errors import BotFailed, Malformed
from orchestrator.facts import parley_items
from orchestrator.incoming import media_kind
from orchestrator.types import Action

Json = dict[str, Any]
POSTBACK = "postback:"
"""Payloads that begin so carry JSON that goes back to the bot as an activity's `value`."""
CARD = "application/vnd.microsoft.card."
ADAPTIVE = "application/vnd.microsoft.card.adaptive"
HANDOFF = "handoff.initiate"
MOST_ELEMENTS = 200
DEEPEST = 12
INPUTS = {"Input.Number": "number", "Input.Date": "date", "Input.ChoiceSet": "select"}
STYLES = {"email": "email", "tel": "phone"}


@dataclass(frozen=True, slots=True)
class Reader:
    who: str

    def actions(self, activities: Any) -> tuple[Action, ...]:
        """Raises BotFailed, naming what came and never its words."""
        found = [self.object(each, "an activity") for each in list_of(activities, "activities", self.who)]
        try:
            return answers.from_value([item for activity in found for item in self.items(activity)])
        except Malformed as error:
            raise BotFailed(f"{self.who} answered rubbish: {error}") from None

    def object(self, value: Any, name: str) -> Json:
        return dict_of(value, name, self.who)

    def objects(self, value: Any, name: str) -> list[Json]:
        return [self.object(each, name) for each in list_of(value or [], name, self.who)]

    def items(self, activity: Json) -> Iterator[Json]:
        channel = activity.get("channelData")
        yield from parley_items(channel)
        match activity.get("type"):
            case "message":
                parts = list(self.parts(activity))
                if parts:
                    yield {"kind": "say", "parts": parts}
            case "typing":
                yield {"kind": "typing"}
            case "event" if activity.get("name") == HANDOFF:
                yield self.hand_off(activity.get("value"))
            case "handoff":
                yield self.hand_off(activity.get("value"))
            case "endOfConversation":
                yield {"kind": "close"}

    def hand_off(self, value: Any) -> Json:
        """Copilot Studio's context (learn.microsoft.com/microsoft-copilot-studio/configure-generic-handoff)."""
        context = value if isinstance(value, dict) else {}
        topic, message = context.get("va_LastTopic"), context.get("va_AgentMessage")
        wish: Json = {"kind": "hand_off"}
        if isinstance(topic, str) and topic:
            wish["reason"] = f"in the topic {topic[:200]!r}"
        if isinstance(message, str):
            wish["summary"] = message[:2000]
        return wish

    def parts(self, activity: Json) -> Iterator[Json]:
        text = activity.get("text") or ""
        suggested = self.object(activity.get("suggestedActions") or {}, "suggested actions")
        actions = self.objects(suggested.get("actions"), "an action")
        offered = [choice(each) for each in actions if each.get("type") != "openUrl"]
        if text and not offered:
            yield {"kind": "text", "text": text, "markdown": activity.get("textFormat", "markdown") == "markdown"}
        yield from self.attachments(activity)
        links = [button(each) for each in actions if each.get("type") == "openUrl"]
        if links:
            yield {"kind": "buttons", "buttons": links}
        if offered:
            yield {"kind": "quick_replies", "text": text, "choices": offered}

    def attachments(self, activity: Json) -> Iterator[Json]:
        """Cards that stand together are one carousel, whatever their layout."""
        cards: list[Json] = []
        for found in self.objects(activity.get("attachments"), "an attachment"):
            kind = str(found.get("contentType") or "")
            if kind == ADAPTIVE:
                yield from Adaptive(self).parts(self.object(found.get("content"), "a card"))
            elif kind.startswith(CARD):
                cards.append(self.card(self.object(found.get("content"), "a card")))
            elif found.get("contentUrl"):
                media = media_kind(kind)
                yield {
                    "kind": "media",
                    "media": media,
                    "mime": kind,
                    "url": found["contentUrl"],
                    "name": found.get("name") or "",
                }
        if cards:
            yield {"kind": "carousel", "cards": cards}

    def card(self, content: Json) -> Json:
        """Hero, thumbnail, receipt, sign-in, media: all have a title, a text and buttons."""
        images = self.objects(content.get("images"), "an image")
        image = images[0] if images else self.object(content.get("image") or {}, "an image")
        words = [content.get("subtitle"), content.get("text")]
        return {
            "title": content.get("title") or content.get("text") or "…",
            "subtitle": "\n".join(str(each) for each in words if each and content.get("title")),
            "image": image.get("url") or "",
            "alt": image.get("alt") or "",
            "buttons": [button(each) for each in self.objects(content.get("buttons"), "a button")],
        }


class Adaptive:
    """An adaptive card: what it says, shows and asks, without its layout."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.seen = 0

    def parts(self, card: Json) -> Iterator[Json]:
        elements = list(self.elements(card.get("body"), 0))
        text = "\n".join(words for each in elements if (words := worded(each)))
        actions = [*self.reader.objects(card.get("actions"), "an action"), *self.actions(elements)]
        fields = [field(each) for each in elements if str(each.get("type", "")).startswith("Input.") and each.get("id")]
        for each in elements:
            if each.get("type") == "Image" and each.get("url"):
                yield {"kind": "media", "media": "image", "url": each["url"], "alt": each.get("altText") or ""}
        if fields:
            yield self.form(card, text, fields, actions)
        elif buttons := [button(each) for each in actions]:
            yield {"kind": "buttons", "text": text, "buttons": buttons}
        elif text:
            yield {"kind": "text", "text": text, "markdown": True}

    def elements(self, body: Any, depth: int) -> Iterator[Json]:
        """Every element, containers and columns opened. Raises BotFailed for one without end."""
        for each in self.reader.objects(body, "an element"):
            self.seen += 1
            if self.seen > MOST_ELEMENTS or depth > DEEPEST:
                raise BotFailed(f"{self.reader.who} answered with a card without end")
            yield each
            for inner in ("items", "columns"):
                if isinstance(each.get(inner), list):
                    yield from self.elements(each[inner], depth + 1)

    def actions(self, elements: list[Json]) -> Iterator[Json]:
        for each in elements:
            if each.get("type") == "ActionSet":
                yield from self.reader.objects(each.get("actions"), "an action")

    def form(self, card: Json, text: str, fields: list[Json], actions: list[Json]) -> Json:
        """What the submit action carries goes back with the values: it is kept in the form's id."""
        submit = next((each for each in actions if each.get("type") in ("Action.Submit", "Action.Execute")), {})
        data = submit.get("data") if isinstance(submit.get("data"), dict) else {}
        return {
            "kind": "form",
            "id": f"{POSTBACK}{orjson.dumps(data).decode()}",
            "title": text[:200] or str(card.get("speak") or ""),
            "submit": submit.get("title") or "",
            "fields": fields,
        }


def worded(element: Json) -> str:
    match element.get("type"):
        case "TextBlock":
            return str(element.get("text") or "")
        case "RichTextBlock":
            runs = element.get("inlines")
            found = runs if isinstance(runs, list) else []
            return "".join(str(each.get("text", "")) if isinstance(each, dict) else str(each) for each in found)
        case "FactSet":
            facts = element.get("facts")
            found = [each for each in facts if isinstance(each, dict)] if isinstance(facts, list) else []
            return "\n".join(f"{each.get('title', '')}: {each.get('value', '')}" for each in found)
    return ""


def field(element: Json) -> Json:
    kind = INPUTS.get(str(element.get("type")), STYLES.get(str(element.get("style", "")).lower(), "text"))
    listed = element.get("choices")
    choices = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    if kind == "select" and not choices:
        kind = "text"
    return {
        "name": element["id"],
        "label": element.get("label") or element.get("placeholder") or element.get("title") or element["id"],
        "type": kind,
        "required": bool(element.get("isRequired")),
        "placeholder": element.get("placeholder") or "",
        "options": [{"title": each.get("title"), "payload": str(each.get("value", ""))} for each in choices],
    }


def button(action: Json) -> Json:
    """A card action, or an adaptive card's."""
    if action.get("type") in (
        "openUrl",
        "signin",
        "Action.OpenUrl",
        "downloadFile",
        "playAudio",
        "playVideo",
        "showImage",
    ):
        return {"title": action.get("title") or "", "url": action.get("url") or action.get("value") or ""}
    return {"title": action.get("title") or "", "payload": payload(action)}


def choice(action: Json) -> Json:
    return {"title": action.get("title") or str(action.get("value") or ""), "payload": payload(action)}


def payload(action: Json) -> str:
    """Words for imBack; what goes back unseen, for the others, as JSON."""
    value = action.get("data") if str(action.get("type", "")).startswith("Action.") else action.get("value")
    if action.get("type") in ("imBack", None) and isinstance(value, str):
        return value
    text = action.get("text") or action.get("displayText") or ""
    return POSTBACK + orjson.dumps({"value": value, **({"text": text} if text else {})}).decode()
