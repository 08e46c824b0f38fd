"""What a model may do besides talking: only what the settings name, with arguments that are checked. Pure.

A model can be talked into anything a customer writes. So what it may do is decided here: a tool that was not offered is
refused, teams, bots and slots have to be those of the settings, and links lead only to the owner's hosts.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bots.openai.settings import Settings
from bots.openai.wire import Call
from orchestrator import answers
from orchestrator.errors import Malformed
from orchestrator.types import Action, Close, HandOff, NotUnderstood, PassTo, SetSlots

LINK = re.compile(r"\[([^\]\n]*)\]\(\s*<?([^)\s>]*)[^)]*\)?|\b(?:https?://|www\.)[^\s<>\])]*", re.IGNORECASE)
GONE = "(link removed)"


class Wanted(BaseModel):
    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)


class HandOffWanted(Wanted):
    reason: str = Field("", max_length=500)
    summary: str = Field("", max_length=2000)
    team: str = Field("", max_length=63)
    priority: Literal["low", "normal", "high"] | None = None


class Reply(Wanted):
    title: str = Field(min_length=1, max_length=80)
    payload: str = Field("", max_length=200)


class QuickRepliesWanted(Wanted):
    text: str = Field("", max_length=1000)
    replies: list[Reply] = Field(min_length=1, max_length=13)


class ShownCard(Wanted):
    title: str = Field(min_length=1, max_length=80)
    subtitle: str = Field("", max_length=300)
    image: str = Field("", max_length=2000)
    link: str = Field("", max_length=2000)
    link_title: str = Field("", max_length=40)


class CardsWanted(Wanted):
    cards: list[ShownCard] = Field(min_length=1, max_length=10)


class SlotsWanted(Wanted):
    slots: dict[str, str | int | float | bool | None] = Field(max_length=50)


class PassWanted(Wanted):
    bot: str = Field(max_length=63)


class Nothing(Wanted):
    pass


ABOUT: Mapping[str, tuple[type[BaseModel], str]] = {
    "hand_off": (HandOffWanted, "Ask for a human colleague: when the customer wants one, or you can't help."),
    "quick_replies": (QuickRepliesWanted, "Offer short answers to tap, under your words."),
    "show_cards": (CardsWanted, "Show things side by side, with a picture or link where the data has one."),
    "set_slots": (SlotsWanted, "Note what the customer told you."),
    "pass_to": (PassWanted, "Let another bot answer instead."),
    "close": (Nothing, "End the conversation: only once the customer has said that they are done."),
    "not_understood": (Nothing, "Tell that you could not make sense of what was said or have no answer."),
}
LONGEST_VALUE = 500


class Refused(Exception):
    """What the model is told about a call that can't be done."""


class Tools:
    """`hosts` are those that may be linked to; "*" for any."""

    def __init__(self, settings: Settings, hosts: Collection[str]) -> None:
        self.settings = settings
        self.hosts = hosts
        self.doing: dict[str, Callable[[Any], Action]] = {
            "hand_off": self.hand_off,
            "quick_replies": self.quick_replies,
            "show_cards": self.show_cards,
            "set_slots": self.set_slots,
            "pass_to": self.pass_to,
            "close": lambda _: Close(),
            "not_understood": lambda _: NotUnderstood(),
        }

    def offered(self) -> list[dict[str, Any]]:
        return [{"type": "function", "function": self.described(name)} for name in self.settings.tools]

    def described(self, name: str) -> dict[str, Any]:
        model, about = ABOUT[name]
        if name == "set_slots":
            about += " Slots: " + "; ".join(f"{slot}: {what}" for slot, what in self.settings.slots.items())
        if name == "pass_to":
            about += f" Bots: {', '.join(self.settings.bots)}."
        if name == "hand_off" and self.settings.teams:
            about += f" Teams: {', '.join(self.settings.teams)}."
        schema = model.model_json_schema()
        schema.setdefault("properties", {})
        return {"name": name, "description": about, "parameters": schema}

    def done(self, call: Call) -> Action:
        """The action a call stands for. Raises Refused, in words for the model."""
        if call.name not in self.settings.tools:
            raise Refused(f"there is no tool {call.name[:60]!r}")
        model, _ = ABOUT[call.name]
        try:
            return self.doing[call.name](model.model_validate(orjson.loads(call.arguments or "{}")))
        except orjson.JSONDecodeError:
            raise Refused("the arguments are not JSON") from None
        except ValidationError as error:
            found = error.errors(include_input=False, include_url=False, include_context=False)[:3]
            wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found)
            raise Refused(f"the arguments don't fit: {wrong}") from None
        except Malformed as error:
            raise Refused(str(error)) from None

    def hand_off(self, wanted: HandOffWanted) -> Action:
        team = wanted.team if wanted.team in self.settings.teams else ""
        return HandOff(reason=wanted.reason, team=team, priority=wanted.priority, summary=wanted.summary)

    def quick_replies(self, wanted: QuickRepliesWanted) -> Action:
        choices = [{"title": self.safe(each.title), "payload": each.payload or each.title} for each in wanted.replies]
        return said({"kind": "quick_replies", "text": self.safe(wanted.text), "choices": choices})

    def show_cards(self, wanted: CardsWanted) -> Action:
        return said({"kind": "carousel", "cards": [self.card(each) for each in wanted.cards]})

    def card(self, wanted: ShownCard) -> dict[str, Any]:
        link = wanted.link if self.allowed(wanted.link) else ""
        return {
            "title": self.safe(wanted.title),
            "subtitle": self.safe(wanted.subtitle),
            "image": wanted.image if self.allowed(wanted.image) else "",
            "buttons": [{"title": wanted.link_title or wanted.title[:40], "url": link}] if link else [],
        }

    def set_slots(self, wanted: SlotsWanted) -> Action:
        unknown = sorted(set(wanted.slots) - set(self.settings.slots))
        if unknown:
            raise Refused(f"there is no slot {unknown[0][:60]!r}")
        return SetSlots(slots={name: short(value) for name, value in wanted.slots.items()})

    def pass_to(self, wanted: PassWanted) -> Action:
        if wanted.bot not in self.settings.bots:
            raise Refused(f"there is no bot {wanted.bot[:60]!r}")
        return PassTo(bot=wanted.bot)

    def safe(self, text: str) -> str:
        """Without links to anywhere else: what a customer pasted must not come back as ours."""
        return text if "*" in self.hosts else LINK.sub(self.kept, text)

    def kept(self, found: re.Match[str]) -> str:
        title, target = found[1], found[2]
        if target is None:
            return found[0] if self.allowed(found[0]) else GONE
        return found[0] if self.allowed(target) else title

    def allowed(self, url: str) -> bool:
        if not url or "*" in self.hosts:
            return bool(url)
        if url.lower().startswith(("mailto:", "tel:")) or (url.startswith("/") and not url.startswith("//")):
            return True
        host = host_of(url if "://" in url else f"https://{url}")
        return any(host == known or host.endswith(f".{known}") for known in self.hosts)


def said(part: dict[str, Any]) -> Action:
    """Raises Malformed."""
    return answers.from_value([part])[0]


def short(value: Any) -> Any:
    return value[:LONGEST_VALUE] if isinstance(value, str) else value


def host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower().removeprefix("www.")
    except ValueError:
        return ""


def hosts_in(*texts: str) -> set[str]:
    """Every host the owner's own texts link to."""
    found = (match[2] or match[0] for text in texts for match in LINK.finditer(text))
    return {host for url in found if (host := host_of(url if "://" in url else f"https://{url}"))}
