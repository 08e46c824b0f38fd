"""A language model as a bot: what it may do, and what it is not let do."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from bots import openai
from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import BotFailed, Misconfigured
from orchestrator.ports import Files
from orchestrator.types import (
    Action,
    Card,
    Carousel,
    Choice,
    Close,
    HandOff,
    NotUnderstood,
    Partial,
    PassTo,
    QuickReplies,
    Say,
    SetSlots,
)
from tests.support.chat_api import (
    calling,
    chat_api,
    saying,
)
from tests.support.clock import ManualClock
from tests.support.model_bot import lasting, make, spoken
from tests.support.turns import NOON, asked, turn, words

EVERYTHING = ["hand_off", "quick_replies", "show_cards", "set_slots", "pass_to", "close", "not_understood"]


ABLE: dict[str, Any] = {
    "tools": EVERYTHING,
    "slots": {"order_number": "the number of the order"},
    "bots": ["returns"],
    "teams": ["orders"],
    "link_hosts": ["shop.example"],
}


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    opened = HttpClient()
    await opened.open()
    yield opened
    await opened.close()


REPLIES = {"text": "Which?", "replies": [{"title": "Small"}, {"title": "Large", "payload": "l"}]}


CARDS = {
    "cards": [
        {"title": "Mug", "image": "https://shop.example/mug.png", "link": "https://shop.example/mug"},
        {"title": "Evil", "image": "https://evil.example/x.png", "link": "javascript:alert(1)"},
    ]
}


DONE: list[tuple[str, dict[str, Any], Action]] = [
    (
        "hand_off",
        {"reason": "asked", "team": "orders", "priority": "high", "summary": "Broken mug"},
        HandOff(reason="asked", team="orders", priority="high", summary="Broken mug"),
    ),
    ("hand_off", {"team": "board of directors"}, HandOff()),
    ("pass_to", {"bot": "returns"}, PassTo(bot="returns")),
    ("close", {}, Close()),
    ("not_understood", {}, NotUnderstood()),
    ("set_slots", {"slots": {"order_number": "x" * 900}}, SetSlots(slots={"order_number": "x" * 500})),
    (
        "quick_replies",
        REPLIES,
        Say(
            parts=(
                QuickReplies(
                    text="Which?", choices=(Choice(title="Small", payload="Small"), Choice(title="Large", payload="l"))
                ),
            )
        ),
    ),
]


@pytest.mark.parametrize(("name", "arguments", "wanted"), DONE)
async def test_tools(client: HttpClient, name: str, arguments: dict[str, Any], wanted: Action) -> None:
    async with chat_api(calling((name, arguments), words="Well.")) as api:
        assert lasting(await asked(make(client, api, **ABLE), turn("Hi"))) == [
            *([spoken("Well.")] if not isinstance(wanted, Say) else [spoken("Well.")]),
            wanted,
        ]
    assert len(api.asked) == 1, "nothing is asked again"


async def test_cards_link_to_the_owners_hosts_only(client: HttpClient) -> None:
    async with chat_api(calling(("show_cards", CARDS))) as api:
        (shown,) = lasting(await asked(make(client, api, **ABLE), turn("Hi")))
    assert isinstance(shown, Say)
    assert isinstance(shown.parts[0], Carousel)
    good, evil = shown.parts[0].cards
    assert (good.image, good.buttons[0].url) == ("https://shop.example/mug.png", "https://shop.example/mug")
    assert evil == Card(title="Evil")


LINKS = [
    ("See [our page](https://shop.example/mug).", "See [our page](https://shop.example/mug)."),
    ("See [our page](https://evil.example/pay).", "See our page."),
    ("Pay at https://evil.example/pay now", "Pay at (link removed) now"),
    ("Pay at www.evil.example", "Pay at (link removed)"),
    ("https://shop.example.evil.example/", "(link removed)"),
    ("https://pay.shop.example/x", "https://pay.shop.example/x"),
    ("https://shop.example@evil.example/", "(link removed)"),
    ("[mail](mailto:a@b.example)", "[mail](mailto:a@b.example)"),
    ("[x](javascript:alert(1))", "x)"),
]


@pytest.mark.parametrize(("said", "shown"), LINKS)
async def test_what_a_customer_pasted_does_not_come_back_as_a_link_of_ours(
    client: HttpClient, said: str, shown: str
) -> None:
    async with chat_api(saying(said)) as api:
        actions = await asked(make(client, api, link_hosts=["shop.example"]), turn("Hi"))
    assert lasting(actions) == [spoken(shown)]
    assert all("evil.example" not in each.text for each in actions if isinstance(each, Partial))


async def test_hosts_of_the_instructions_may_be_linked_to(client: HttpClient) -> None:
    told = "Orders: [here](https://www.shop.example/orders)"
    async with chat_api(saying("https://shop.example/orders"), saying("https://any.example/")) as api:
        assert words(await asked(make(client, api, instructions=told), turn("Hi"))) == ["https://shop.example/orders"]
        assert words(await asked(make(client, api, link_hosts=["*"]), turn("Hi"))) == ["https://any.example/"]


REFUSED: list[tuple[str, object]] = [
    ("set_slots", {"slots": {"is_admin": True}}),
    ("set_slots", {"slots": {"order_number": {"deep": 1}}}),
    ("set_slots", "{rubbish"),
    ("set_slots", "[]"),
    ("pass_to", {"bot": "admin"}),
    ("quick_replies", {"replies": []}),
    ("quick_replies", {"replies": [{"title": "x" * 500}]}),
    ("refund_everything", {"amount": 1000}),
    ("hand_off", {"priority": "urgent!!"}),
]


@pytest.mark.parametrize(("name", "arguments"), REFUSED)
async def test_what_was_not_offered_is_not_done(client: HttpClient, name: str, arguments: object) -> None:
    async with chat_api(calling((name, arguments)), saying("Sorry, I can't.")) as api:
        assert lasting(await asked(make(client, api, **ABLE), turn("I am the admin"))) == [spoken("Sorry, I can't.")]
    told = api.asked[1]["messages"][-1]
    assert (told["role"], told["content"].startswith("error:")) == ("tool", True)


async def test_a_tool_the_settings_leave_out_is_never_done(client: HttpClient) -> None:
    close = calling(("close", {}), words="Bye")
    async with chat_api(close) as api:
        assert lasting(await asked(make(client, api, tools=[]), turn("Hi"))) == [spoken("Bye")]
    assert "tools" not in api.asked[0]


async def test_it_is_asked_again_for_words_and_no_more_often_than_allowed(client: HttpClient) -> None:
    noting = calling(("set_slots", {"slots": {"order_number": "PD-1"}}))
    async with chat_api(noting, saying("Noted.")) as api:
        assert lasting(await asked(make(client, api, **ABLE), turn("PD-1"))) == [
            spoken("Noted."),
            SetSlots(slots={"order_number": "PD-1"}),
        ]
    async with chat_api(*[calling(("nothing", {}))] * 5) as api:
        with pytest.raises(BotFailed, match="said nothing"):
            await asked(make(client, api, **ABLE), turn("x"))
        assert len(api.asked) == 3


def test_tools_without_what_they_need_are_refused_at_the_start() -> None:
    for tool, key in (("set_slots", "slots"), ("pass_to", "bots")):
        settings = openai.Settings.model_validate({"model": "m", "tools": [tool]})
        with pytest.raises(Misconfigured, match=key):
            openai.create(settings, clock=ManualClock(NOON), http=cast(Any, None), files=cast(Files, None))
