"""Dialogflow CX and ES: tokens, sessions, parameters in and out, rich content, handing off."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from bots import dialogflow
from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import BotFailed, Misconfigured
from orchestrator.ports import Bot, Examined, Files
from orchestrator.types import (
    Action,
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    Close,
    HandOff,
    ListPicker,
    Media,
    NotUnderstood,
    QuickReplies,
    Returned,
    Say,
    SetSlots,
    Tap,
    Text,
)
from tests.support import bot_clouds
from tests.support.bot_clouds import Dialogflow
from tests.support.clock import ManualClock
from tests.support.turns import NOON, asked, turn, words


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    opened = HttpClient()
    await opened.open()
    yield opened
    await opened.close()


def make(client: HttpClient, cloud: Dialogflow, folder: Path, **more: Any) -> Bot:
    key = folder / "key.json"
    key.write_text(json.dumps(cloud.account()), encoding="utf-8")
    settings = dialogflow.Settings.model_validate({"agent": "agent-1", "api": cloud.url, "credentials": key, **more})
    return dialogflow.create(settings, clock=ManualClock(NOON), http=client, files=cast(Files, None))


def said(*parts: Any) -> list[Action]:
    return [Say(parts=(part,)) for part in parts]


def rich(*items: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"payload": {"richContent": [list(items)]}}]


CX: list[tuple[list[dict[str, Any]], list[Action]]] = [
    ([{"text": {"text": ["One", "Two"]}}], said(Text(text="One"), Text(text="Two"))),
    (
        [{"liveAgentHandoff": {"metadata": {"reason": "asked", "priority": "high", "other": 1}}}],
        [HandOff(reason="asked", priority="high")],
    ),
    ([{"liveAgentHandoff": {}}], [HandOff()]),
    ([{"text": {"text": ["Bye"]}}, {"endInteraction": {}}], [*said(Text(text="Bye")), Close()]),
    ([{"payload": {"parley": {"kind": "not_understood"}}}], [NotUnderstood()]),
    ([{"payload": {"kind": "location", "latitude": 1, "longitude": 2}}, {"mixedAudio": {}}], None),
    (
        rich({"type": "chips", "options": [{"text": "Yes"}, {"text": "Shop", "link": "https://shop.example/"}]}),
        said(
            Buttons(buttons=(Button(title="Shop", url="https://shop.example/"),)),
            QuickReplies(choices=(Choice(title="Yes", payload="Yes"),)),
        ),
    ),
    (
        rich(
            {
                "type": "info",
                "title": "Mug",
                "subtitle": "€12",
                "image": {"src": {"rawUrl": "https://shop.example/m.png"}},
            }
        ),
        said(Carousel(cards=(Card(title="Mug", subtitle="€12", image="https://shop.example/m.png"),))),
    ),
    (
        rich({"type": "image", "rawUrl": "https://shop.example/m.png", "accessibilityText": "a mug"}),
        said(Media(url="https://shop.example/m.png", media="image", alt="a mug")),
    ),
    (
        rich({"type": "button", "text": "Order", "event": {"event": "ORDER"}}, {"type": "divider"}),
        said(Buttons(buttons=(Button(title="Order", payload="event:ORDER"),))),
    ),
    (
        rich({"type": "list", "title": "Mugs", "subtitle": "all", "event": {"name": "MUGS"}}),
        said(ListPicker(choices=(Choice(title="Mugs", payload="event:MUGS", description="all"),))),
    ),
    (rich({"type": "description", "title": "Hours", "text": ["9 to 5"]}), said(Text(text="Hours\n9 to 5"))),
]  # type: ignore[list-item]


@pytest.mark.parametrize(("messages", "expected"), CX)
async def test_cx_answers_are_read(
    client: HttpClient, tmp_path: Path, messages: list[dict[str, Any]], expected: list[Action] | None
) -> None:
    async with bot_clouds.dialogflow(lambda _: {"responseMessages": messages}) as cloud:
        actions = await asked(make(client, cloud, tmp_path), turn("hi"))
    if expected is None:
        assert len(actions) == 1, "what nobody knows is passed over"
    else:
        assert actions == expected


ES: list[tuple[dict[str, Any], list[Action]]] = [
    ({"fulfillmentMessages": [{"text": {"text": ["One"]}}]}, said(Text(text="One"))),
    ({"fulfillmentMessages": [], "fulfillmentText": "Short"}, said(Text(text="Short"))),
    (
        {"fulfillmentMessages": [{"platform": "SLACK", "text": {"text": ["no"]}}, {"text": {"text": ["yes"]}}]},
        said(Text(text="yes")),
    ),
    (
        {"fulfillmentMessages": [{"quickReplies": {"title": "Which?", "quickReplies": ["A", "B"]}}]},
        said(QuickReplies(text="Which?", choices=(Choice(title="A", payload="A"), Choice(title="B", payload="B")))),
    ),
    (
        {
            "fulfillmentMessages": [
                {
                    "card": {
                        "title": "Mug",
                        "imageUri": "https://shop.example/m.png",
                        "buttons": [
                            {"text": "Buy", "postback": "buy mug"},
                            {"text": "See", "postback": "https://shop.example/"},
                        ],
                    }
                },
                {"image": {"imageUri": "https://shop.example/m.png", "accessibilityText": "a mug"}},
            ]
        },
        said(
            Carousel(
                cards=(
                    Card(
                        title="Mug",
                        image="https://shop.example/m.png",
                        buttons=(
                            Button(title="Buy", payload="buy mug"),
                            Button(title="See", url="https://shop.example/"),
                        ),
                    ),
                )
            ),
            Media(url="https://shop.example/m.png", media="image", alt="a mug"),
        ),
    ),
    ({"intent": {"isFallback": True}, "fulfillmentText": "Pardon?"}, [*said(Text(text="Pardon?")), NotUnderstood()]),
    ({"intent": {"liveAgentHandoff": True, "displayName": "human"}}, [HandOff(reason="the intent 'human'")]),
    ({"intent": {"endInteraction": True}}, [Close()]),
]


@pytest.mark.parametrize(("result", "expected"), ES)
async def test_es_answers_are_read(
    client: HttpClient, tmp_path: Path, result: dict[str, Any], expected: list[Action]
) -> None:
    async with bot_clouds.dialogflow(lambda _: result) as cloud:
        assert await asked(make(client, cloud, tmp_path, edition="es"), turn("hi")) == expected


async def test_what_cx_is_sent(client: HttpClient, tmp_path: Path) -> None:
    async with bot_clouds.dialogflow(
        lambda _: {"parameters": {"size": "l", "secret": 1}, "match": {"matchType": "NO_MATCH"}}
    ) as cloud:
        bot = make(
            client,
            cloud,
            tmp_path,
            location="europe-west1",
            environment="live",
            codes={"pt": "pt-BR"},
            parameters={"name": "profile.name", "none": "profile.none"},
            read_parameters=["size"],
            greeting_event="WELCOME",
            time_zone="Europe/Madrid",
        )
        note = Returned(handoff_id="h", agent="ada", note="Refunded", at=NOON)
        first = turn("x" * 500, profile={"name": "Ann"}, bot_language="pt", returned=note)
        assert await asked(bot, first) == [SetSlots(slots={"size": "l"}), NotUnderstood()]
        await asked(bot, turn())
        await asked(bot, turn(Tap(payload="event:ORDER", title="Order")))
        await asked(bot, turn(Tap(payload="Yes", title="Sí")))
    place = "/v3/projects/shop-test/locations/europe-west1/agents/agent-1/environments/live"
    assert cloud.asked[0][0] == f"{place}/sessions/conversation-1:detectIntent"
    sent = cloud.asked[0][1]
    assert sent["queryParams"]["parameters"] == {"name": "Ann", "parley_note": "Refunded"}
    assert sent["queryParams"]["timeZone"] == "Europe/Madrid"
    assert [each["queryInput"] for _, each in cloud.asked] == [
        {"text": {"text": "x" * 256}, "languageCode": "pt-BR"},
        {"event": {"event": "WELCOME"}, "languageCode": "en"},
        {"event": {"event": "ORDER"}, "languageCode": "en"},
        {"text": {"text": "Yes"}, "languageCode": "en"},
    ]
    assert cloud.grants == 1, "one token serves an hour"


async def test_what_es_is_sent(client: HttpClient, tmp_path: Path) -> None:
    async with bot_clouds.dialogflow(lambda _: {"fulfillmentText": "ok"}) as cloud:
        await asked(make(client, cloud, tmp_path, edition="es", greeting_event="WELCOME"), turn())
        await asked(make(client, cloud, tmp_path, edition="es", location="europe-west1", environment="e"), turn("hi"))
    (path, first), (other, second) = cloud.asked
    assert path == "/v2/projects/shop-test/agent/sessions/conversation-1:detectIntent"
    assert other.startswith("/v2/projects/shop-test/locations/europe-west1/agent/environments/e/users/-/sessions/")
    assert first["queryInput"] == {"event": {"name": "WELCOME", "languageCode": "en"}}
    assert second["queryInput"] == {"text": {"text": "hi", "languageCode": "en"}}
    assert second["queryParams"]["contexts"][0]["name"].endswith("/sessions/conversation-1/contexts/parley")


async def test_a_token_that_was_revoked_is_renewed(client: HttpClient, tmp_path: Path) -> None:
    async with bot_clouds.dialogflow(lambda _: {"responseMessages": [{"text": {"text": ["ok"]}}]}) as cloud:
        bot = make(client, cloud, tmp_path)
        await asked(bot, turn("hi"))
        cloud.revoked = True
        assert words(await asked(bot, turn("hi"))) == ["ok"]
        assert cloud.grants == 2


async def test_health(client: HttpClient, tmp_path: Path) -> None:
    async with bot_clouds.dialogflow(lambda _: {}) as cloud:
        bot = make(client, cloud, tmp_path)
    assert isinstance(bot, Examined)
    assert [each.ok for each in await bot.check()] == [False], "the cloud is gone"
    async with bot_clouds.dialogflow(lambda _: {}) as cloud:
        bot = make(client, cloud, tmp_path)
        assert isinstance(bot, Examined)
        assert [each.ok for each in await bot.check()] == [True]


async def test_nothing_to_say_is_not_sent(client: HttpClient, tmp_path: Path) -> None:
    async with bot_clouds.dialogflow(lambda _: {}) as cloud:
        assert await asked(make(client, cloud, tmp_path), turn()) == []
        assert not cloud.asked


KEYS = [
    "",
    "no json",
    "[]",
    '{"client_email": "x"}',
    json.dumps({"client_email": "x", "private_key": "secret-pem", "token_uri": "y"}),
]


@pytest.mark.parametrize("content", KEYS)
def test_a_key_file_that_is_none_is_refused_at_the_start(tmp_path: Path, content: str) -> None:
    key = tmp_path / "key.json"
    key.write_text(content, encoding="utf-8")
    settings = dialogflow.Settings.model_validate({"agent": "a", "credentials": key})
    with pytest.raises(Misconfigured, match=r"key\.json") as caught:
        dialogflow.create(settings, clock=ManualClock(NOON), http=cast(Any, None), files=cast(Files, None))
    assert "secret-pem" not in str(caught.value)


BAD: list[dict[str, Any]] = [
    {"responseMessages": {"a": 1}},
    {"responseMessages": ["x"]},
    {"responseMessages": [{"text": "x"}]},
    {"responseMessages": [{"text": {"text": [5]}}]},
    {"responseMessages": rich({"type": "image", "rawUrl": "javascript:x"})},
    {"responseMessages": [{"payload": {"richContent": 5}}]},
    {"responseMessages": [{"liveAgentHandoff": {"metadata": {"priority": "whenever"}}}]},
]


@pytest.mark.parametrize("result", BAD)
async def test_rubbish_is_refused(client: HttpClient, tmp_path: Path, result: dict[str, Any]) -> None:
    async with bot_clouds.dialogflow(lambda _: result) as cloud:
        with pytest.raises(BotFailed):
            await asked(make(client, cloud, tmp_path), turn("hi"))
