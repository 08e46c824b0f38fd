"""Messages of Botpress as actions (botpress.com/docs/api-reference/chat-api). Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orchestrator import answers
from orchestrator.bot_server import dict_of, list_of
from orchestrator.errors import BotFailed, Malformed
from orchestrator.facts import parley_items
from orchestrator.types import Action

Json = dict[str, Any]
FILES = {"image": "imageUrl", "audio": "audioUrl", "video": "videoUrl", "file": "fileUrl"}
DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Reader:
    who: str

    def actions(self, messages: Any) -> tuple[Action, ...]:
        """Raises BotFailed, naming what came and never its words."""
        found = [self.object(each, "a message") for each in list_of(messages, "messages", self.who)]
        try:
            return answers.from_value([item for message in found for item in self.items(message)])
        except Malformed as error:
            raise BotFailed(f"{self.who} answered rubbish: {error}") from None

    def object(self, value: Any, name: str) -> Json:
        return dict_of(value, name, self.who)

    def objects(self, value: Any, name: str) -> list[Json]:
        return [self.object(each, name) for each in list_of(value or [], name, self.who)]

    def items(self, message: Json) -> Iterator[Json]:
        yield from self.payload(self.object(message.get("payload"), "a payload"), 0)
        yield from parley_items(message.get("metadata"))

    def payload(self, found: Json, depth: int) -> Iterator[Json]:
        kind = found.get("type")
        match kind:
            case "text":
                yield {"kind": "text", "text": found.get("text"), "markdown": True}
            case "markdown":
                yield {"kind": "text", "text": found.get("markdown"), "markdown": True}
            case "image" | "audio" | "video" | "file":
                name = found.get("title") or ""
                yield {"kind": "media", "media": kind, "url": found.get(FILES[str(kind)]) or "", "name": name}
            case "location":
                place = {"name": found.get("title") or "", "address": found.get("address") or ""}
                yield {
                    "kind": "location",
                    "latitude": found.get("latitude"),
                    "longitude": found.get("longitude"),
                    **place,
                }
            case "card":
                yield {"kind": "carousel", "cards": [self.card(found)]}
            case "carousel":
                yield {
                    "kind": "carousel",
                    "cards": [self.card(each) for each in self.objects(found.get("items"), "a card")],
                }
            case "choice" | "dropdown":
                options = self.objects(found.get("options"), "an option")
                choices = [{"title": each.get("label"), "payload": each.get("value")} for each in options]
                shape = "quick_replies" if kind == "choice" else "list"
                yield {"kind": shape, "text": found.get("text") or "", "choices": choices}
            case "bloc" if depth < DEEPEST:
                for each in self.objects(found.get("items"), "an item"):
                    inner = self.object(each.get("payload") or {}, "a payload")
                    yield from self.payload({"type": each.get("type"), **inner}, depth + 1)
            case _:
                yield from parley_items(found)

    def card(self, found: Json) -> Json:
        return {
            "title": found.get("title"),
            "subtitle": found.get("subtitle") or "",
            "image": found.get("imageUrl") or "",
            "buttons": [button(each) for each in self.objects(found.get("actions"), "an action")],
        }


def button(action: Json) -> Json:
    label, value = action.get("label") or "", action.get("value") or ""
    link = action.get("action") == "url"
    return {"title": label, "url": value if link else "", "payload": "" if link else value or label}
