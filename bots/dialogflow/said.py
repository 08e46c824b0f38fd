"""What Dialogflow answered, as actions: messages of CX and ES, rich content of Dialogflow Messenger. Pure.

cloud.google.com/dialogflow/cx/docs/reference/rest/v3/ResponseMessage, …/es/docs/reference/rest/v2/Message,
…/cx/docs/concept/integration/dialogflow-messenger/fulfillment
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from orchestrator import answers
from orchestrator.bot_server import dict_of, list_of
from orchestrator.errors import BotFailed, Malformed
from orchestrator.facts import parley_items
from orchestrator.types import Action

Json = dict[str, Any]
EVENT = "event:"
"""Payloads that begin so are sent back as an event instead of words."""
MOST_TEXTS = 20


@dataclass(frozen=True, slots=True)
class Reader:
    who: str

    def actions(self, messages: Any) -> tuple[Action, ...]:
        """Raises BotFailed, naming what came and never its words."""
        found = [self.object(each, "a message") for each in list_of(messages or [], "messages", self.who)]
        try:
            return answers.from_value([item for message in found for item in self.items(message)])
        except Malformed as error:
            raise BotFailed(f"{self.who} answered rubbish: {error}") from None

    def object(self, value: Any, name: str) -> Json:
        return dict_of(value, name, self.who)

    def objects(self, value: Any, name: str) -> list[Json]:
        return [self.object(each, name) for each in list_of(value or [], name, self.who)]

    def items(self, message: Json) -> Iterator[Json]:
        for name, read in self.kinds().items():
            if message.get(name) is not None:
                yield from read(self.object(message[name], name))

    def kinds(self) -> dict[str, Callable[[Json], Iterator[Json]]]:
        return {
            "text": self.text,
            "payload": self.payload,
            "quickReplies": self.quick_replies,
            "card": self.card,
            "image": lambda found: iter([media(found.get("imageUri"), found.get("accessibilityText"))]),
            "liveAgentHandoff": self.hand_off,
        }

    def text(self, found: Json) -> Iterator[Json]:
        for each in list_of(found.get("text") or [], "texts", self.who)[:MOST_TEXTS]:
            yield {"kind": "text", "text": each}

    def quick_replies(self, found: Json) -> Iterator[Json]:
        replies = list_of(found.get("quickReplies") or [], "replies", self.who)
        if replies:
            choices = [{"title": each, "payload": each} for each in replies]
            yield {"kind": "quick_replies", "text": found.get("title") or "", "choices": choices}

    def card(self, found: Json) -> Iterator[Json]:
        buttons = [
            button(each.get("text"), each.get("postback")) for each in self.objects(found.get("buttons"), "a button")
        ]
        one = {
            "title": found.get("title"),
            "subtitle": found.get("subtitle") or "",
            "image": found.get("imageUri") or "",
        }
        yield {"kind": "carousel", "cards": [{**one, "buttons": buttons}]}

    def hand_off(self, found: Json) -> Iterator[Json]:
        """Metadata is the agent designer's own: what has Parley's names is taken."""
        metadata = self.object(found.get("metadata") or {}, "metadata")
        wish: Json = {name: metadata[name] for name in ("reason", "team", "priority", "summary") if name in metadata}
        yield {"kind": "hand_off", **wish}

    def payload(self, found: Json) -> Iterator[Json]:
        ours = list(parley_items(found))
        yield from ours
        if not ours:
            for row in list_of(found.get("richContent") or [], "rich content", self.who):
                for each in self.objects(row if isinstance(row, list) else [row], "rich content"):
                    yield from self.rich(each)

    def rich(self, found: Json) -> Iterator[Json]:
        match found.get("type"):
            case "chips":
                yield from self.chips(found)
            case "info" | "accordion":
                image = self.object(found.get("image") or {}, "an image")
                source = self.object(image.get("src") or {}, "a source")
                link = found.get("actionLink") or ""
                title = found.get("title") or ""
                yield {
                    "kind": "carousel",
                    "cards": [
                        {
                            "title": title,
                            "subtitle": found.get("subtitle") or found.get("text") or "",
                            "image": source.get("rawUrl") or "",
                            "buttons": [{"title": title, "url": link}] if link else [],
                        }
                    ],
                }
            case "image":
                yield media(found.get("rawUrl"), found.get("accessibilityText"))
            case "button":
                yield {"kind": "buttons", "buttons": [button(found.get("text"), found.get("link"), self.event(found))]}
            case "list":
                yield {
                    "kind": "list",
                    "choices": [
                        {
                            "title": found.get("title"),
                            "payload": self.event(found) or found.get("title"),
                            "description": found.get("subtitle") or "",
                        }
                    ],
                }
            case "description":
                lines = list_of(found.get("text") or [], "lines", self.who)
                words = "\n".join(str(line) for line in [found.get("title") or "", *lines] if line)
                yield {"kind": "text", "text": words}

    def chips(self, found: Json) -> Iterator[Json]:
        options = self.objects(found.get("options"), "an option")
        links = [{"title": each.get("text"), "url": each["link"]} for each in options if each.get("link")]
        choices = [{"title": each.get("text"), "payload": each.get("text")} for each in options if not each.get("link")]
        if links:
            yield {"kind": "buttons", "buttons": links}
        if choices:
            yield {"kind": "quick_replies", "choices": choices}

    def event(self, found: Json) -> str:
        event = self.object(found.get("event") or {}, "an event")
        name = event.get("event") or event.get("name")
        return f"{EVENT}{name}" if isinstance(name, str) and name else ""


def media(url: Any, alt: Any) -> Json:
    return {"kind": "media", "media": "image", "url": url or "", "alt": alt or ""}


def button(title: Any, target: Any, payload: str = "") -> Json:
    link = target if isinstance(target, str) and target.startswith(("https://", "http://", "tel:", "mailto:")) else ""
    return {"title": title, "url": link, "payload": "" if link else payload or target or title}
