"""Botpress: users and conversations made once, messages both ways, nothing said twice."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from bots import botpress
from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import BotFailed
from orchestrator.ports import Bot, Files
from orchestrator.types import (
    Action,
    Button,
    Card,
    Carousel,
    Choice,
    HandOff,
    ListPicker,
    Location,
    Media,
    QuickReplies,
    Returned,
    Say,
    SetSlots,
    Tap,
    Text,
    Typing,
)
from tests.support import bot_clouds
from tests.support.bot_clouds import BOTPRESS_KEY
from tests.support.clock import ManualClock
from tests.support.turns import NOON, asked, slots_after, turn, words


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    opened = HttpClient()
    await opened.open()
    yield opened
    await opened.close()


def make(client: HttpClient, url: str, **more: Any) -> Bot:
    quick = {"quiet_seconds": 0.03, "poll_seconds": 0.01, "webhook_id": "hook-1", "encryption_key": BOTPRESS_KEY}
    settings = botpress.Settings.model_validate({"api": url, **quick, **more})
    return botpress.create(settings, clock=ManualClock(NOON), http=client, files=cast(Files, None))


def told(actions: list[Action]) -> list[Action]:
    return [action for action in actions if not isinstance(action, SetSlots | Typing)]


def said(*parts: Any) -> list[Action]:
    return [Say(parts=(part,)) for part in parts]


MUG = {
    "type": "card",
    "title": "Mug",
    "imageUrl": "https://shop.example/m.png",
    "actions": [
        {"action": "postback", "label": "Buy", "value": "buy-mug"},
        {"action": "url", "label": "See", "value": "https://shop.example/"},
        {"action": "say", "label": "More"},
    ],
}
CARD = Card(
    title="Mug",
    image="https://shop.example/m.png",
    buttons=(
        Button(title="Buy", payload="buy-mug"),
        Button(title="See", url="https://shop.example/"),
        Button(title="More", payload="More"),
    ),
)
OPTIONS = [{"label": "Small", "value": "s"}, {"label": "Large", "value": "l"}]
CHOICES = (Choice(title="Small", payload="s"), Choice(title="Large", payload="l"))
READ: list[tuple[dict[str, Any], list[Action]]] = [
    ({"type": "text", "text": "Hi"}, said(Text(text="Hi", markdown=True))),
    ({"type": "markdown", "markdown": "**Hi**"}, said(Text(text="**Hi**", markdown=True))),
    (
        {"type": "image", "imageUrl": "https://shop.example/m.png"},
        said(Media(url="https://shop.example/m.png", media="image")),
    ),
    (
        {"type": "file", "fileUrl": "https://shop.example/r.pdf", "title": "Receipt"},
        said(Media(url="https://shop.example/r.pdf", media="file", name="Receipt")),
    ),
    (
        {"type": "location", "latitude": 1.5, "longitude": 2, "title": "Shop"},
        said(Location(latitude=1.5, longitude=2, name="Shop")),
    ),
    (MUG, said(Carousel(cards=(CARD,)))),
    ({"type": "carousel", "items": [MUG, MUG]}, said(Carousel(cards=(CARD, CARD)))),
    ({"type": "choice", "text": "Which?", "options": OPTIONS}, said(QuickReplies(text="Which?", choices=CHOICES))),
    ({"type": "dropdown", "text": "Which?", "options": OPTIONS}, said(ListPicker(text="Which?", choices=CHOICES))),
    (
        {
            "type": "bloc",
            "items": [{"type": "text", "payload": {"text": "One"}}, {"type": "text", "payload": {"text": "Two"}}],
        },
        said(Text(text="One", markdown=True), Text(text="Two", markdown=True)),
    ),
    ({"type": "custom", "parley": {"kind": "hand_off", "team": "orders"}}, [HandOff(team="orders")]),
]


@pytest.mark.parametrize(("payload", "expected"), READ)
async def test_messages_are_read(client: HttpClient, payload: dict[str, Any], expected: list[Action]) -> None:
    async with bot_clouds.botpress(lambda _: [{"payload": payload}]) as cloud:
        assert told(await asked(make(client, cloud.url), turn("hi"))) == expected


async def test_a_conversation_goes_on_and_says_nothing_twice(client: HttpClient) -> None:
    def echo(given: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"payload": {"type": "text", "text": f"echo {given['payload']['text']}"}}]

    async with bot_clouds.botpress(echo) as cloud:
        bot = make(client, cloud.url)
        first = await asked(bot, turn("one", profile={"name": "Ann"}))
        slots = slots_after({}, first)
        assert slots == {"botpress:guide": True}
        second = await asked(make(client, cloud.url), turn("two", slots=slots))
        assert (words(first), words(second)) == (["echo one"], ["echo two"])
    assert cloud.users == {"parley-customer-1"}
    assert list(cloud.said) == ["parley-conversation-1"]
    assert cloud.asked[0]["metadata"]["parleyTurn"]["profile"] == {"name": "Ann"}


async def test_metadata_hands_off(client: HttpClient) -> None:
    message = {"payload": {"type": "text", "text": "One moment"}, "metadata": {"parley": [{"kind": "hand_off"}]}}
    async with bot_clouds.botpress(lambda _: [message]) as cloud:
        assert told(await asked(make(client, cloud.url), turn("hi")))[-1] == HandOff()


async def test_taps_files_and_openings(client: HttpClient) -> None:
    note = Returned(handoff_id="h", agent="ada", note="Refunded", at=NOON)
    picture = Media(url="https://parley.example/x.png", media="image")
    async with bot_clouds.botpress(lambda _: [{"payload": {"type": "text", "text": "ok"}}]) as cloud:
        bot = make(client, cloud.url, greeting="hello")
        await asked(bot, turn(Tap(payload="buy-mug", title="Buy"), returned=note))
        await asked(bot, turn(picture))
        await asked(bot, turn())
        assert await asked(make(client, cloud.url), turn()) == []
    assert [each["payload"] for each in cloud.asked] == [
        {"type": "text", "text": "buy-mug"},
        {"type": "image", "imageUrl": picture.url},
        {"type": "text", "text": "hello"},
    ]
    assert cloud.asked[0]["metadata"]["parleyTurn"]["colleague_said"] == "Refunded"


async def test_a_wrong_key_and_a_flood(client: HttpClient) -> None:
    async with bot_clouds.botpress(lambda _: [{"payload": {"type": "text", "text": "x"}}] * 60) as cloud:
        with pytest.raises(BotFailed, match="credentials") as caught:
            await asked(make(client, cloud.url, encryption_key="another-key-that-is-long-enough-for-hs256"), turn("hi"))
        assert "another-key" not in str(caught.value)
        with pytest.raises(BotFailed, match="more than 50"):
            await asked(make(client, cloud.url), turn("hi"))


BAD: list[dict[str, Any]] = [
    {"payload": "x"},
    {},
    {"payload": {"type": "text", "text": 5}},
    {"payload": {"type": "image", "imageUrl": "javascript:x"}},
    {"payload": {"type": "carousel", "items": [5]}},
    {"payload": {"type": "location"}},
]


@pytest.mark.parametrize("message", BAD)
async def test_rubbish_is_refused(client: HttpClient, message: dict[str, Any]) -> None:
    async with bot_clouds.botpress(lambda _: [message]) as cloud:
        with pytest.raises(BotFailed):
            await asked(make(client, cloud.url), turn("hi"))
