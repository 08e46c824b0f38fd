"""Amazon Lex V2: requests signed as AWS wants them, session attributes kept, answers read."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, cast

import orjson
import pytest

from bots import lex
from bots.lex.sign import Keys, signed
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
    NotUnderstood,
    QuickReplies,
    Returned,
    Say,
    SetSlots,
    Tap,
    Text,
)
from tests.support import bot_clouds
from tests.support.bot_clouds import ACCESS, SECRET
from tests.support.clock import ManualClock
from tests.support.turns import NOON, asked, slots_after, turn, words

BUTTONS = [{"text": "Small", "value": "size-s"}, {"text": "Large", "value": "size-l"}]
MUG = {"title": "Mug", "subtitle": "€12", "imageUrl": "https://shop.example/mug.png", "buttons": BUTTONS[:1]}
READ: list[tuple[list[dict[str, Any]], list[Action]]] = [
    ([{"contentType": "PlainText", "content": "Hello"}], [Say(parts=(Text(text="Hello"),))]),
    (
        [{"contentType": "SSML", "content": "<speak>One &amp; <b>two</b></speak>"}],
        [Say(parts=(Text(text="One & two"),))],
    ),
    ([{"contentType": "CustomPayload", "content": "just words"}], [Say(parts=(Text(text="just words"),))]),
    (
        [
            {
                "contentType": "CustomPayload",
                "content": orjson.dumps({"parley": {"kind": "hand_off", "team": "orders"}}).decode(),
            }
        ],
        [HandOff(team="orders")],
    ),
    (
        [{"contentType": "ImageResponseCard", "imageResponseCard": {"title": "Which?", "buttons": BUTTONS}}],
        [
            Say(
                parts=(
                    QuickReplies(
                        text="Which?",
                        choices=(Choice(title="Small", payload="size-s"), Choice(title="Large", payload="size-l")),
                    ),
                )
            )
        ],
    ),
    (
        [{"contentType": "ImageResponseCard", "imageResponseCard": MUG}] * 2,
        [
            Say(
                parts=(
                    Carousel(
                        cards=(
                            Card(
                                title="Mug",
                                subtitle="€12",
                                image="https://shop.example/mug.png",
                                buttons=(Button(title="Small", payload="size-s"),),
                            ),
                        )
                        * 2
                    ),
                )
            )
        ],
    ),
    ([], []),
]


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    opened = HttpClient()
    await opened.open()
    yield opened
    await opened.close()


def make(client: HttpClient, url: str, **more: Any) -> Bot:
    given = {"region": "eu-west-1", "bot_id": "BOT1", "alias_id": "ALIAS1", "access_key": ACCESS, "secret_key": SECRET}
    settings = lex.Settings.model_validate({**given, "api": url, **more})
    return lex.create(settings, clock=ManualClock(NOON), http=client, files=cast(Files, None))


def told(actions: list[Action]) -> list[Action]:
    return [action for action in actions if not isinstance(action, SetSlots)]


VECTORS = [
    ("GET", "https://example.amazonaws.com/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("POST", "https://example.amazonaws.com/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
]


@pytest.mark.parametrize(("method", "url", "signature"), VECTORS)
def test_signatures_are_those_aws_publishes(method: str, url: str, signature: str) -> None:
    """get-vanilla and post-vanilla of AWS' test suite for Signature Version 4."""
    at = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    keys = Keys(access=ACCESS, secret=SECRET)
    headers = signed(keys, method, url, {}, b"", region="us-east-1", service="service", now=at)
    assert headers["authorization"].endswith(f"SignedHeaders=host;x-amz-date, Signature={signature}")
    assert SECRET not in repr(keys)


@pytest.mark.parametrize(("messages", "expected"), READ)
async def test_messages_are_read(client: HttpClient, messages: list[dict[str, Any]], expected: list[Action]) -> None:
    async with bot_clouds.lex(lambda _: {"messages": messages}) as cloud:
        assert told(await asked(make(client, cloud.url), turn("hi"))) == expected


async def test_where_it_is_sent_and_with_what(client: HttpClient) -> None:
    async with bot_clouds.lex(lambda _: {"messages": []}) as cloud:
        bot = make(
            client,
            cloud.url,
            session_token="a-session",
            locales={"en": "en_GB", "es": "es_ES"},
            language="",
            attributes={"who": "profile.name", "cart": "context.cart"},
        )
        said = turn("x" * 2000, profile={"name": "Ann"}, context={"cart": {"total": 5}}, bot_language="es")
        await asked(bot, said)
        await asked(bot, turn(Tap(payload="size-s", title="Small"), conversation_id="a b:c/d"))
    (path, first), (other, second) = cloud.asked
    assert path == "/bots/BOT1/botAliases/ALIAS1/botLocales/es_ES/sessions/conversation-1/text"
    assert other.endswith("/en_GB/sessions/a-b-c-d/text")
    assert first["sessionState"]["sessionAttributes"] == {"who": "Ann", "cart": '{"total":5}'}
    assert len(first["text"]) == 1024
    assert second["text"] == "size-s"


async def test_the_session_goes_on(client: HttpClient) -> None:
    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        count = int(asked["sessionState"]["sessionAttributes"].get("count", "0")) + 1
        slots = {
            "size": {"value": {"interpretedValue": "large"}},
            "tags": {"values": [{"value": {"interpretedValue": "a"}}]},
            "none": None,
        }
        state = {"sessionAttributes": {"count": str(count)}, "intent": {"name": "Order", "slots": slots}}
        return {"messages": [{"contentType": "PlainText", "content": f"number {count}"}], "sessionState": state}

    async with bot_clouds.lex(answer) as cloud:
        bot = make(client, cloud.url, read_slots=["*"])
        first = await asked(bot, turn("hi"))
        slots = slots_after({}, first)
        assert slots == {"lex:guide": {"count": "1"}, "size": "large", "tags": ["a"]}
        note = Returned(handoff_id="h", agent="ada", note="Refunded", at=NOON)
        assert words(await asked(bot, turn("hi", slots=slots, returned=note))) == ["number 2"]
    assert cloud.asked[1][1]["sessionState"]["sessionAttributes"]["parley_note"] == "Refunded"


STATES: list[tuple[dict[str, Any], dict[str, Any], list[Action]]] = [
    ({}, {"intent": {"name": "FallbackIntent"}}, [NotUnderstood()]),
    ({}, {"sessionAttributes": {"parley_handoff": "upset"}}, [HandOff(reason="upset")]),
    ({}, {"sessionAttributes": {"parley_handoff": "true"}}, [HandOff()]),
    ({}, {"sessionAttributes": {"parley_handoff": "False"}}, []),
    (
        {"handoff_intents": ["Human"]},
        {"intent": {"name": "Human", "state": "Fulfilled"}},
        [HandOff(reason="the intent 'Human'")],
    ),
    ({"handoff_intents": ["Human"]}, {"intent": {"name": "Human", "state": "InProgress"}}, []),
    ({}, {"intent": None, "sessionAttributes": None}, []),
]


@pytest.mark.parametrize(("settings", "state", "expected"), STATES)
async def test_what_lex_made_of_it(
    client: HttpClient, settings: dict[str, Any], state: dict[str, Any], expected: list[Action]
) -> None:
    async with bot_clouds.lex(lambda _: {"sessionState": state}) as cloud:
        actions = await asked(make(client, cloud.url, **settings), turn("hi"))
    assert told(actions) == expected
    assert "parley_handoff" not in slots_after({}, actions)["lex:guide"], "the wish is not sent back"


async def test_an_opened_chat_is_greeted_where_that_is_wanted(client: HttpClient) -> None:
    async with bot_clouds.lex(lambda _: {}) as cloud:
        assert await asked(make(client, cloud.url), turn()) == []
        await asked(make(client, cloud.url, greeting="hello"), turn())
    assert [each["text"] for _, each in cloud.asked] == ["hello"]


async def test_a_wrong_key_is_refused(client: HttpClient) -> None:
    async with bot_clouds.lex(lambda _: {}) as cloud:
        with pytest.raises(BotFailed, match="credentials") as caught:
            await asked(make(client, cloud.url, secret_key="another-secret"), turn("hi"))
    assert "another-secret" not in str(caught.value)


BAD: list[dict[str, Any]] = [
    {"messages": {"a": 1}},
    {"messages": ["x"]},
    {"messages": [{"contentType": "PlainText", "content": 5}]},
    {"messages": [{"contentType": "ImageResponseCard"}]},
    {
        "messages": [
            {"contentType": "ImageResponseCard", "imageResponseCard": {"title": "x", "imageUrl": "javascript:x"}}
        ]
    },
    {"sessionState": [1]},
]


@pytest.mark.parametrize("answer", BAD)
async def test_rubbish_is_refused(client: HttpClient, answer: dict[str, Any]) -> None:
    async with bot_clouds.lex(lambda _: answer) as cloud:
        with pytest.raises(BotFailed):
            await asked(make(client, cloud.url), turn("hi"))
