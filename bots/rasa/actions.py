"""Ready actions for Rasa, on rasa-sdk: handing off, the profile, the cart, and showing anything a channel can show.

Loaded by an action server: `parley rasa actions`, or `rasa run actions --actions bots.rasa.actions`. They find the
customer's side of the turn in the metadata that Parley's Rasa bot sends with every message, and answer with custom
payloads that it reads. Slots they read and set are listed in README.md; slots a domain does not have are left alone.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ConversationPaused, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import ActionExecutionRejection

from orchestrator import answers
from orchestrator.errors import Malformed

Events = list[dict[str, Any]]
PRIORITIES = ("low", "normal", "high", "urgent")
MOST_CARDS = 10


class ActionParleyHandoff(Action):  # type: ignore[misc, unused-ignore]
    """Asks for a person, and keeps Rasa quiet until Parley says that the bot has the customer back."""

    def name(self) -> str:
        return "action_parley_handoff"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]) -> Events:
        wish: dict[str, Any] = {"kind": "hand_off", "reason": reason(tracker)}
        for key in ("team", "summary"):
            if value := worded(tracker.slots.get(f"handoff_{key}")):
                wish[key] = value
        priority = tracker.slots.get("handoff_priority")
        if priority in PRIORITIES:
            wish["priority"] = priority
        say(dispatcher, [wish])
        return [ConversationPaused()]


class ActionParleyProfile(Action):  # type: ignore[misc, unused-ignore]
    """Fills empty slots `profile_<field>` from what Parley knows, and tells Parley of those that Rasa knows better."""

    def name(self) -> str:
        return "action_parley_profile"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]) -> Events:
        known, events, learned = part_of(tracker, "profile"), [], {}
        for slot in slots_of(tracker, domain):
            field = slot.removeprefix("profile_")
            value = tracker.slots.get(slot)
            if field == slot:
                continue
            if value is None and known.get(field) is not None:
                events.append(SlotSet(slot, known[field]))
            elif isinstance(value, str | int | float | bool) and value != known.get(field):
                learned[field] = value
        if learned:
            say(dispatcher, [{"kind": "set_profile", "profile": learned}])
        return events


class ActionParleyCart(Action):  # type: ignore[misc, unused-ignore]
    """Shows what is in the cart of the page, and sets `cart_total`, `cart_currency`, `cart_count` and `cart_items`."""

    def name(self) -> str:
        return "action_parley_cart"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]) -> Events:
        cart = part_of(tracker, "context").get("cart")
        found = cart if isinstance(cart, Mapping) else {}
        listed = found.get("items")
        items = [item for item in listed if isinstance(item, Mapping)] if isinstance(listed, list) else []
        cards = [card(item, str(found.get("currency") or "")) for item in items[:MOST_CARDS] if item.get("name")]
        if cards:
            say(dispatcher, [{"kind": "carousel", "cards": cards}])
        else:
            dispatcher.utter_message(response="utter_parley_cart_empty")
        values = {
            "cart_total": found.get("total"),
            "cart_currency": found.get("currency"),
            "cart_count": len(items),
            "cart_items": items,
        }
        there = set(slots_of(tracker, domain))
        return [SlotSet(slot, value) for slot, value in values.items() if slot in there]


class ActionParleyShow(Action):  # type: ignore[misc, unused-ignore]
    """Shows what the slot `parley_show` holds: a part, several, or their JSON; and empties the slot."""

    def name(self) -> str:
        return "action_parley_show"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]) -> Events:
        try:
            say(dispatcher, list(shown(tracker.slots.get("parley_show"))))
        except (Malformed, ValueError) as error:
            raise ActionExecutionRejection(self.name(), f"slot 'parley_show' can't be shown: {error}") from None
        return [SlotSet("parley_show", None)]


def say(dispatcher: CollectingDispatcher, items: list[Any]) -> None:
    dispatcher.utter_message(json_message={"parley": items})


def reason(tracker: Tracker) -> str:
    intent = (tracker.latest_message.get("intent") or {}).get("name")
    return worded(tracker.slots.get("handoff_reason")) or (f"the customer's intent {intent!r}" if intent else "")


def worded(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def part_of(tracker: Tracker, name: str) -> Mapping[str, Any]:
    """Of what Parley sent with the message; without it, of the slot that Parley keeps in step."""
    sent = (tracker.latest_message.get("metadata") or {}).get("parley") or {}
    found = sent.get(name) if isinstance(sent, Mapping) else None
    found = tracker.slots.get(f"parley_{name}") if found is None else found
    return found if isinstance(found, Mapping) else {}


def slots_of(tracker: Tracker, domain: Mapping[str, Any]) -> list[str]:
    """Those the domain has; where Rasa sent no domain, those the tracker has."""
    return list((domain or {}).get("slots") or tracker.slots)


def card(item: Mapping[str, Any], currency: str) -> dict[str, Any]:
    price, quantity = item.get("price"), item.get("quantity", 1)
    cost = f" · {price} {currency}".rstrip() if isinstance(price, int | float) else ""
    image = item.get("image") if isinstance(item.get("image"), str) else ""
    return {"title": str(item["name"])[:80], "subtitle": f"{quantity} ×{cost}", "image": image or ""}


def shown(value: Any) -> Iterator[Any]:
    """Items that Parley can show. Raises Malformed, ValueError."""
    found = json.loads(value) if isinstance(value, str) and value.lstrip()[:1] in ("{", "[") else value
    items = found if isinstance(found, list) else [found]
    if not found:
        raise ValueError("it is empty")
    answers.from_value(items)
    yield from items
