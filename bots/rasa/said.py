"""What a Rasa bot or action said, as actions. Pure.

A message of Rasa's REST channel, or a response of an action server, is an object with some of `text`, `image`,
`buttons`, `elements`, `attachment`, `custom`. A custom payload is Parley's when it has `parley` (an action, a part, or
a list of them) or is itself one with its `kind`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from orchestrator import answers
from orchestrator.bot_server import dict_of, list_of
from orchestrator.errors import BotFailed, Malformed
from orchestrator.facts import parley_items
from orchestrator.types import Action

KINDS = {"image": "image", "video": "video", "audio": "audio", "gif": "gif"}
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """`who` is what errors call the bot."""

    who: str
    markdown: bool = False
    unknown: Literal["refuse", "ignore"] = "refuse"

    def actions(self, messages: Any) -> tuple[Action, ...]:
        """Raises BotFailed, naming what came and never its words."""
        found = list_of([] if messages is None else messages, "messages", self.who)
        items = [item for message in found for item in self.items(dict_of(message, "a message", self.who))]
        try:
            return answers.from_value(items)
        except Malformed as error:
            raise BotFailed(f"{self.who} answered rubbish: {error}") from None

    def items(self, message: Json) -> Iterator[Json]:
        parts = [*self.words(message), *self.media(message)]
        if parts:
            yield {"kind": "say", "parts": parts}
        if message.get("custom"):
            yield from self.custom(message["custom"])

    def words(self, message: Json) -> Iterator[Json]:
        text, buttons = message.get("text") or "", message.get("buttons") or []
        if buttons:
            yield choices(text, [dict_of(each, "a button", self.who) for each in list_of(buttons, "buttons", self.who)])
        elif text:
            yield {"kind": "text", "text": text, "markdown": self.markdown}

    def media(self, message: Json) -> Iterator[Json]:
        if message.get("image"):
            yield {"kind": "media", "media": "image", "url": message["image"]}
        if message.get("elements"):
            yield self.carousel(message["elements"])
        if message.get("attachment"):
            yield self.attachment(message["attachment"])

    def carousel(self, elements: Any) -> Json:
        """The generic template of Messenger, which Rasa took its elements from."""
        found = [dict_of(each, "an element", self.who) for each in list_of(elements, "elements", self.who)]
        return {"kind": "carousel", "cards": [self.card(each) for each in found]}

    def card(self, element: Json) -> Json:
        buttons = [button(dict_of(each, "a button", self.who)) for each in element.get("buttons") or []]
        link = element.get("item_url") or dict(element.get("default_action") or {}).get("url")
        if link and not buttons:
            buttons = [{"title": element.get("title"), "url": link}]
        return {
            "title": element.get("title"),
            "subtitle": element.get("subtitle") or "",
            "image": element.get("image_url") or "",
            "buttons": buttons,
        }

    def attachment(self, found: Any) -> Json:
        """A link, or `{"type": "image", "payload": {"src": …}}`; a generic template is a carousel."""
        if isinstance(found, str):
            return {"kind": "media", "media": "file", "url": found}
        what = dict_of(found, "an attachment", self.who)
        inside = what.get("payload") or {}
        payload = inside if isinstance(inside, dict) else {"src": inside}
        if payload.get("elements"):
            return self.carousel(payload["elements"])
        return {
            "kind": "media",
            "media": KINDS.get(str(what.get("type")), "file"),
            "url": payload.get("src") or payload.get("url") or what.get("url") or "",
            "name": payload.get("title") or payload.get("name") or "",
            "alt": payload.get("alt") or "",
        }

    def custom(self, found: Any) -> Iterator[Json]:
        items = list(parley_items(found))
        yield from items
        if not items and self.unknown == "refuse":
            keys = ", ".join(sorted(map(str, found))[:5]) if isinstance(found, dict) else type(found).__name__
            raise BotFailed(
                f"{self.who} sent a custom payload that is none of Parley's ({keys}): give it 'parley' or the 'kind' "
                "of a part, or set unknown_custom = 'ignore'"
            )


def choices(text: str, buttons: list[Json]) -> Json:
    """Up to three stay in the thread; more, or links, as the channel shows buttons best."""
    found = [button(each) for each in buttons]
    if len(found) > 3 and all(each["payload"] for each in found):
        return {"kind": "quick_replies", "text": text, "choices": found}
    return {"kind": "buttons", "text": text, "buttons": found}


def button(found: Mapping[str, Any]) -> Json:
    title = found.get("title") or ""
    link = found.get("url") or ""
    return {"title": title, "payload": "" if link else found.get("payload") or title, "url": link}
