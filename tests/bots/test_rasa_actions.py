"""Actions written for rasa-sdk, on the SDK's real server: the ready ones, a developer's own, and rubbish."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import aiohttp
import pytest

from bots.rasa import without
from bots.rasa.said import Reader
from bots.rasa.without import ActionsBot
from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import BotFailed
from orchestrator.ports import Files
from orchestrator.types import (
    Action,
    Carousel,
    Close,
    FormAnswer,
    HandOff,
    Intent,
    Language,
    Location,
    NotUnderstood,
    Say,
    SetProfile,
    SetSlots,
    Tap,
    Turn,
    Understanding,
)
from tests.support.clock import ManualClock
from tests.support.command import run
from tests.support.rasa import action_server, sdk_python
from tests.support.turns import NOON, asked, slots_after, turn, words

OWN = """
from rasa_sdk import Action
from rasa_sdk.events import AllSlotsReset, FollowupAction, SessionEnded, SlotSet


class Order(Action):
    def name(self):
        return "action_order"

    async def run(self, dispatcher, tracker, domain):
        number = next(tracker.get_latest_entity_values("number"), None) or tracker.get_slot("number")
        dispatcher.utter_message(text=f"Order {number}", buttons=[{"title": "Cancel", "payload": "/cancel"}])
        dispatcher.utter_message(response="utter_ask_more", name="Ann")
        return [SlotSet("number", number), FollowupAction("action_count")]


class Count(Action):
    def name(self):
        return "action_count"

    def run(self, dispatcher, tracker, domain):
        return [SlotSet("count", (tracker.get_slot("count") or 0) + 1)]


class Circle(Action):
    def name(self):
        return "action_circle"

    def run(self, dispatcher, tracker, domain):
        return [FollowupAction("action_circle")]


class Forget(Action):
    def name(self):
        return "action_forget"

    def run(self, dispatcher, tracker, domain):
        return [AllSlotsReset(), SessionEnded()]


class Broken(Action):
    def name(self):
        return "action_broken"

    def run(self, dispatcher, tracker, domain):
        raise RuntimeError("my secret words")
"""
INTENTS = {
    "order": "action_order",
    "circle": "action_circle",
    "forget": "action_forget",
    "broken": "action_broken",
    "lost": "action_nobody_wrote",
    "person": "action_parley_handoff",
    "who": "action_parley_profile",
    "cart": "action_parley_cart",
    "show": "action_parley_show",
}
CART = {"currency": "EUR", "total": 36.0, "items": [{"name": "Mug", "quantity": 3, "price": 12.0}]}


@pytest.fixture(scope="module")
def webhook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("actions")
    (folder / "own_actions.py").write_text(OWN, encoding="utf-8")
    with action_server(sdk_python(), folder, "--actions", "own_actions") as url:
        yield url


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    opened = HttpClient()
    await opened.open()
    yield opened
    await opened.close()


def make(client: HttpClient, url: str, **more: Any) -> ActionsBot:
    given = {"url": url, "intents": INTENTS, "responses": {"utter_ask_more": "More for {name}?"}, **more}
    settings = without.Settings.model_validate(given)
    bot = without.create(settings, clock=ManualClock(NOON), http=client, files=cast(Files, None))
    assert isinstance(bot, ActionsBot)
    return bot


def meant(intent: str, **more: Any) -> Turn:
    found = (Intent(name="unheard", score=0.6), Intent(name=intent, score=0.3))
    return turn(f"about {intent}", understanding=Understanding(language=Language(code="en"), intents=found), **more)


def without_slots(actions: list[Action]) -> list[Action]:
    return [action for action in actions if not isinstance(action, SetSlots)]


async def test_an_action_runs_and_what_follows_it(client: HttpClient, webhook: str) -> None:
    bot = make(client, webhook, slots={"count": 5})
    first = await asked(bot, turn(Tap(payload='/order{"number": "PD-1"}', title="Order")))
    assert words(first) == ["Order PD-1", "More for Ann?"]
    slots = slots_after({}, first)
    assert (slots["number"], slots["count"]) == ("PD-1", 6)

    again = await asked(bot, meant("order", slots=slots))
    assert words(again)[0] == "Order PD-1", "the tracker is the conversation's"
    assert slots_after(slots, again)["count"] == 7
    form = await asked(bot, turn("x", FormAnswer(form_id="f", values={"number": "PD-2"}), payload="action_order"))
    assert words(form)[0] == "Order PD-2"


async def test_nothing_meant_is_not_understood(client: HttpClient, webhook: str) -> None:
    assert await asked(make(client, webhook), meant("weather")) == [NotUnderstood()]
    assert await asked(make(client, webhook), turn()) == []
    assert words(await asked(make(client, webhook, default="action_order"), meant("weather")))[0] == "Order None"


async def test_slots_are_forgotten_and_the_session_ends(client: HttpClient, webhook: str) -> None:
    actions = await asked(make(client, webhook), meant("forget", slots={"rasa_actions:guide": {"number": "PD-1"}}))
    assert Close() in actions
    assert slots_after({"number": "PD-1"}, actions) == {"rasa_actions:guide": {}}


@pytest.mark.parametrize(
    ("intent", "complaint"), [("circle", "more than 10"), ("broken", "answered 500"), ("lost", "answered 404")]
)
async def test_broken_actions_fail_the_turn(client: HttpClient, webhook: str, intent: str, complaint: str) -> None:
    with pytest.raises(BotFailed, match=complaint) as caught:
        await asked(make(client, webhook), meant(intent))
    assert "secret" not in str(caught.value)


async def test_a_response_nobody_worded_is_named(client: HttpClient, webhook: str) -> None:
    with pytest.raises(BotFailed, match="'utter_ask_more'; give its text"):
        await asked(make(client, webhook, responses={}), meant("order"))


async def test_handing_off(client: HttpClient, webhook: str) -> None:
    slots = {"handoff_team": "orders", "handoff_priority": "urgent", "handoff_summary": "A broken mug"}
    actions = without_slots(await asked(make(client, webhook, slots=slots), meant("person")))
    wanted = HandOff(reason="the customer's intent 'unheard'", team="orders", priority="urgent", summary="A broken mug")
    assert actions[0] == wanted
    unsure = await asked(make(client, webhook, slots={"handoff_priority": "whenever"}), meant("person"))
    assert unsure[0] == HandOff(reason="the customer's intent 'unheard'")


async def test_the_profile_goes_both_ways(client: HttpClient, webhook: str) -> None:
    slots = {"profile_name": None, "profile_email": "ann@mail.example", "other": 1}
    actions = await asked(make(client, webhook, slots=slots), meant("who", profile={"name": "Ann", "tier": "gold"}))
    assert SetProfile(profile={"email": "ann@mail.example"}) in actions
    assert slots_after({}, actions)["profile_name"] == "Ann"


async def test_the_cart(client: HttpClient, webhook: str) -> None:
    slots = {"cart_total": None, "cart_count": None}
    bot = make(client, webhook, slots=slots, responses={"utter_parley_cart_empty": "Your cart is empty."})
    actions = await asked(bot, meant("cart", context={"cart": CART}))
    shown = actions[0]
    assert isinstance(shown, Say)
    assert isinstance(shown.parts[0], Carousel)
    assert shown.parts[0].cards[0].subtitle == "3 × · 12.0 EUR"
    assert slots_after({}, actions)["cart_total"] == 36.0
    assert words(await asked(bot, meant("cart", context={"cart": {"items": "rubbish"}}))) == ["Your cart is empty."]


PLACE = {"kind": "location", "latitude": 52.1, "longitude": 5.1, "name": "Shop"}


@pytest.mark.parametrize(
    "value", [PLACE, [PLACE], '{"kind": "location", "latitude": 52.1, "longitude": 5.1, "name": "Shop"}']
)
async def test_any_part_is_shown(client: HttpClient, webhook: str, value: object) -> None:
    actions = await asked(make(client, webhook, slots={"parley_show": value}), meant("show"))
    assert actions[0] == Say(parts=(Location(latitude=52.1, longitude=5.1, name="Shop"),))
    assert slots_after({}, actions).get("parley_show") is None


@pytest.mark.parametrize("value", [None, "{rubbish", {"kind": "media", "url": "javascript:x"}, {"kind": "tap"}])
async def test_what_can_not_be_shown_is_rejected(client: HttpClient, webhook: str, value: object) -> None:
    with pytest.raises(BotFailed, match="answered 400"):
        await asked(make(client, webhook, slots={"parley_show": value}), meant("show"))


async def test_health(client: HttpClient, webhook: str) -> None:
    first, *others = await make(client, webhook).check()
    assert first.ok
    assert [each.what for each in others] == ["it has no action 'action_nobody_wrote'"]
    assert [each.ok for each in await make(client, "http://127.0.0.1:9/webhook").check()] == [False]


async def test_what_the_actions_say_is_what_the_rasa_bot_reads(webhook: str) -> None:
    """Inside Rasa the same payloads travel through its REST channel as `custom`."""
    tracker = {"sender_id": "x", "slots": {}, "latest_message": {"intent": {"name": "person"}}, "events": []}
    body = {"next_action": "action_parley_handoff", "tracker": tracker, "domain": {}, "version": "3.10.0"}
    async with aiohttp.ClientSession() as session, session.post(webhook, json=body) as response:
        found = await response.json()
    assert [event["event"] for event in found["events"]] == ["pause"]
    said = [{"custom": one["custom"]} for one in found["responses"]]
    assert Reader(who="rasa").actions(said) == (HandOff(reason="the customer's intent 'person'"),)


def test_without_the_sdk_the_command_says_what_to_install() -> None:
    done = run("rasa", "actions")
    assert (done.code, "pip install 'parley[rasa]'" in done.err) == (1, True)
