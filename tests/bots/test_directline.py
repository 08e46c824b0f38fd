"""Direct Line 3.0: conversations, watermarks, activities both ways, cards, handing off."""

from collections.abc import AsyncIterator
from typing import Any, cast

import orjson
import pytest

from bots import directline
from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import BotFailed, BotTimeout, Misconfigured
from orchestrator.ports import Bot, Files
from orchestrator.types import (
    Action,
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    Close,
    Form,
    FormAnswer,
    FormField,
    HandOff,
    Media,
    NotUnderstood,
    QuickReplies,
    Returned,
    Say,
    SetSlots,
    Tap,
    Text,
    Typing,
)
from tests.support import bot_clouds
from tests.support.bot_clouds import SECRET
from tests.support.clock import ManualClock
from tests.support.turns import NOON, asked, slots_after, turn, words

HERO = "application/vnd.microsoft.card.hero"
ADAPTIVE = "application/vnd.microsoft.card.adaptive"


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    opened = HttpClient()
    await opened.open()
    yield opened
    await opened.close()


def make(client: HttpClient, url: str, **more: Any) -> Bot:
    quick = {"quiet_seconds": 0.03, "poll_seconds": 0.01, "secret": SECRET}
    settings = directline.Settings.model_validate({"api": url, **quick, **more})
    return directline.create(settings, clock=ManualClock(NOON), http=client, files=cast(Files, None))


def told(actions: list[Action]) -> list[Action]:
    return [action for action in actions if not isinstance(action, SetSlots | Typing)]


def back(**value: Any) -> str:
    return "postback:" + orjson.dumps(value).decode()


BUTTONS = [
    {"type": "imBack", "title": "Small", "value": "small"},
    {"type": "openUrl", "title": "Shop", "value": "https://shop.example/"},
    {"type": "postBack", "title": "Buy", "value": {"sku": 7}},
]
OFFERED = (
    Button(title="Small", payload="small"),
    Button(title="Shop", url="https://shop.example/"),
    Button(title="Buy", payload=back(value={"sku": 7})),
)
MUG = {
    "title": "Mug",
    "subtitle": "€12",
    "text": "Blue",
    "images": [{"url": "https://shop.example/m.png", "alt": "a mug"}],
    "buttons": BUTTONS,
}
FORM = {
    "type": "AdaptiveCard",
    "body": [
        {"type": "TextBlock", "text": "Your receipt"},
        {
            "type": "ColumnSet",
            "columns": [
                {
                    "type": "Column",
                    "items": [
                        {"type": "Input.Text", "id": "email", "label": "E-mail", "style": "email", "isRequired": True}
                    ],
                }
            ],
        },
        {"type": "Input.ChoiceSet", "id": "size", "label": "Size", "choices": [{"title": "Large", "value": "l"}]},
    ],
    "actions": [{"type": "Action.Submit", "title": "Send", "data": {"form": "receipt"}}],
}
PLAIN_CARD = {
    "body": [
        {"type": "TextBlock", "text": "Order **PD-1**"},
        {"type": "FactSet", "facts": [{"title": "Total", "value": "€12"}]},
        {"type": "Image", "url": "https://shop.example/m.png", "altText": "a mug"},
        {
            "type": "ActionSet",
            "actions": [{"type": "Action.OpenUrl", "title": "Track", "url": "https://shop.example/t"}],
        },
    ],
    "actions": [{"type": "Action.Submit", "title": "Cancel", "data": {"do": "cancel"}}],
}
READ: list[tuple[list[dict[str, Any]], list[Action]]] = [
    ([{"text": "**Hi**"}], [Say(parts=(Text(text="**Hi**", markdown=True),))]),
    ([{"text": "Hi", "textFormat": "plain"}], [Say(parts=(Text(text="Hi"),))]),
    (
        [{"text": "Which?", "suggestedActions": {"actions": BUTTONS}}],
        [
            Say(
                parts=(
                    Buttons(buttons=(OFFERED[1],)),
                    QuickReplies(
                        text="Which?",
                        choices=(
                            Choice(title="Small", payload="small"),
                            Choice(title="Buy", payload=back(value={"sku": 7})),
                        ),
                    ),
                )
            )
        ],
    ),
    (
        [{"attachmentLayout": "carousel", "attachments": [{"contentType": HERO, "content": MUG}] * 2}],
        [
            Say(
                parts=(
                    Carousel(
                        cards=(
                            Card(
                                title="Mug",
                                subtitle="€12\nBlue",
                                image="https://shop.example/m.png",
                                alt="a mug",
                                buttons=OFFERED,
                            ),
                        )
                        * 2
                    ),
                )
            )
        ],
    ),
    (
        [{"attachments": [{"contentType": "image/png", "contentUrl": "https://shop.example/m.png", "name": "m.png"}]}],
        [Say(parts=(Media(url="https://shop.example/m.png", media="image", mime="image/png", name="m.png"),))],
    ),
    (
        [{"attachments": [{"contentType": ADAPTIVE, "content": FORM}]}],
        [
            Say(
                parts=(
                    Form(
                        id=back(form="receipt"),
                        title="Your receipt",
                        submit="Send",
                        fields=(
                            FormField(name="email", label="E-mail", type="email"),
                            FormField(
                                name="size",
                                label="Size",
                                type="select",
                                required=False,
                                options=(Choice(title="Large", payload="l"),),
                            ),
                        ),
                    ),
                )
            )
        ],
    ),
    (
        [{"attachments": [{"contentType": ADAPTIVE, "content": PLAIN_CARD}]}],
        [
            Say(
                parts=(
                    Media(url="https://shop.example/m.png", media="image", alt="a mug"),
                    Buttons(
                        text="Order **PD-1**\nTotal: €12",
                        buttons=(
                            Button(title="Cancel", payload=back(value={"do": "cancel"})),
                            Button(title="Track", url="https://shop.example/t"),
                        ),
                    ),
                )
            )
        ],
    ),
    (
        [
            {"text": "One moment"},
            {
                "type": "event",
                "name": "handoff.initiate",
                "value": {"va_LastTopic": "Refunds", "va_AgentMessage": "Upset"},
            },
            {"type": "endOfConversation"},
        ],
        [
            Say(parts=(Text(text="One moment", markdown=True),)),
            HandOff(reason="in the topic 'Refunds'", summary="Upset"),
        ],
    ),
    ([{"type": "endOfConversation"}], [Close()]),
    (
        [{"type": "trace"}, {"text": "x", "channelData": {"parley": {"kind": "not_understood"}}}],
        [NotUnderstood(), Say(parts=(Text(text="x", markdown=True),))],
    ),
]


@pytest.mark.parametrize(("activities", "expected"), READ)
async def test_activities_are_read(
    client: HttpClient, activities: list[dict[str, Any]], expected: list[Action]
) -> None:
    async with bot_clouds.directline(lambda _: activities) as cloud:
        assert told(await asked(make(client, cloud.url), turn("hi"))) == expected


async def test_a_conversation_goes_on_and_says_nothing_twice(client: HttpClient) -> None:
    async with bot_clouds.directline(lambda asked: [{"text": f"echo {asked['text']}"}]) as cloud:
        bot = make(client, cloud.url)
        first = await asked(bot, turn("one", profile={"name": "Ann"}))
        slots = slots_after({}, first)
        assert slots == {"directline:guide": {"id": "conversation-1", "watermark": "2"}}
        second = await asked(make(client, cloud.url), turn("two", slots=slots))
        assert (words(first), words(second)) == (["echo one"], ["echo two"])
        assert len(cloud.said) == 1
    assert SECRET not in str(first)
    sent = cloud.asked[0]
    assert (sent["from"], sent["locale"]) == ({"id": "dl_customer-1", "name": "Ann"}, "en")
    assert sent["channelData"]["parleyTurn"]["turn_id"] == "turn-1"


async def test_a_late_answer_to_an_earlier_turn_is_not_said(client: HttpClient) -> None:
    async with bot_clouds.directline(lambda asked: [{"text": f"echo {asked['text']}"}]) as cloud:
        bot = make(client, cloud.url)
        slots = slots_after({}, await asked(bot, turn("one")))
        before = cloud.said["conversation-1"][0]["id"]
        cloud.say("conversation-1", {"type": "message", "from": {"id": "bot"}, "replyToId": before, "text": "late"})
        cloud.say("conversation-1", {"type": "message", "from": {"id": "bot"}, "text": "by the way"})
        assert words(await asked(bot, turn("two", slots=slots))) == ["by the way", "echo two"]


async def test_a_conversation_that_is_over_begins_anew(client: HttpClient) -> None:
    async with bot_clouds.directline(lambda asked: [{"text": "ok"}]) as cloud:
        bot = make(client, cloud.url)
        slots = slots_after({}, await asked(bot, turn("one")))
        cloud.over.add("conversation-1")
        again = await asked(bot, turn("two", slots=slots))
        assert words(again) == ["ok"]
        assert slots_after({}, again)["directline:guide"]["id"] == "conversation-2"


async def test_copilot_studio_gives_a_token_for_each_conversation(client: HttpClient) -> None:
    async with bot_clouds.directline(lambda asked: [{"text": "ok"}]) as cloud:
        bot = make(client, cloud.url, secret="", token_endpoint=f"{cloud.url}/token")
        first = await asked(bot, turn("one"))
        assert "token-" not in str(first), "a token is never kept where somebody reads"
        slots = slots_after({}, first)
        assert words(await asked(bot, turn("two", slots=slots))) == ["ok"]
        assert len(cloud.said) == 1
        other = make(client, cloud.url, secret="", token_endpoint=f"{cloud.url}/token")
        assert words(await asked(other, turn("three", slots=slots))) == ["ok"], "another process begins anew"
        assert len(cloud.said) == 2


async def test_what_is_tapped_and_filled_in_goes_back(client: HttpClient) -> None:
    note = Returned(handoff_id="h", agent="ada", note="Refunded", at=NOON)
    picture = Media(url="https://parley.example/x.png", media="image", mime="image/png")
    async with bot_clouds.directline(lambda asked: [{"text": "ok"}]) as cloud:
        bot = make(client, cloud.url, greeting_event="startConversation")
        await asked(bot, turn(Tap(payload=back(value={"sku": 7}, text="Buy it"), title="Buy")))
        await asked(bot, turn(Tap(payload="small", title="Small")))
        await asked(bot, turn(FormAnswer(form_id=back(form="receipt"), values={"email": "a@b.example"})))
        await asked(bot, turn(Tap(payload="postback:{rubbish", title="?")))
        await asked(bot, turn("hi", picture, returned=note))
        await asked(bot, turn())
    buy, small, form, rubbish, returned, picture_sent, opened = cloud.asked
    assert (buy["value"], buy["text"]) == ({"sku": 7}, "Buy it")
    assert small["text"] == "small"
    assert form["value"] == {"form": "receipt", "email": "a@b.example"}
    assert rubbish["value"] is None
    assert (returned["name"], returned["value"]["note"]) == ("parley.returned", "Refunded")
    assert picture_sent["attachments"][0]["contentUrl"] == picture.url
    assert (opened["type"], opened["name"]) == ("event", "startConversation")


async def test_a_bot_that_says_nothing_runs_out_of_time(client: HttpClient) -> None:
    async with bot_clouds.directline(lambda _: []) as cloud:
        clock = ManualClock(NOON)
        settings = directline.Settings.model_validate({"api": cloud.url, "secret": SECRET, "poll_seconds": 0.01})
        bot = directline.create(settings, clock=clock, http=client, files=cast(Files, None))
        stream = asked(bot, turn("hi", seconds=0.0001))
        with pytest.raises(BotTimeout):
            await stream


async def test_a_flood_is_refused(client: HttpClient) -> None:
    async with bot_clouds.directline(lambda _: [{"text": "x"}] * 200) as cloud:
        with pytest.raises(BotFailed, match="more than 100"):
            await asked(make(client, cloud.url), turn("hi"))


DEEP: dict[str, Any] = {"type": "TextBlock", "text": "x"}
for _ in range(20):
    DEEP = {"type": "Container", "items": [DEEP]}
BAD: list[dict[str, Any]] = [
    {"text": 5},
    {"attachments": "x"},
    {"attachments": [{"contentType": HERO}]},
    {"attachments": [{"contentType": "image/png", "contentUrl": "javascript:x"}]},
    {"attachments": [{"contentType": ADAPTIVE, "content": {"body": [DEEP]}}]},
    {"attachments": [{"contentType": ADAPTIVE, "content": {"body": [{"type": "TextBlock", "text": "x"}] * 300}}]},
    {"suggestedActions": {"actions": [5]}},
]


@pytest.mark.parametrize("activity", BAD)
async def test_rubbish_is_refused(client: HttpClient, activity: dict[str, Any]) -> None:
    async with bot_clouds.directline(lambda _: [activity]) as cloud:
        with pytest.raises(BotFailed):
            await asked(make(client, cloud.url), turn("hi"))


@pytest.mark.parametrize("given", [{}, {"secret": "a", "token_endpoint": "https://x.example"}])
def test_one_key_is_needed(given: dict[str, str]) -> None:
    with pytest.raises(Misconfigured, match="either"):
        directline.create(
            directline.Settings.model_validate(given),
            clock=ManualClock(NOON),
            http=cast(Any, None),
            files=cast(Files, None),
        )
