"""A Rasa server as a bot: what it is sent, how its tracker is kept in step, what it may say."""

from collections.abc import AsyncIterator
from typing import Any, cast

import orjson
import pytest

from bots import rasa
from bots.rasa.bot import RasaBot
from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import BotFailed, Misconfigured
from orchestrator.ports import Files
from orchestrator.types import (
    Action,
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    FormAnswer,
    HandOff,
    HistoryLine,
    Language,
    Media,
    NotUnderstood,
    QuickReplies,
    Returned,
    Say,
    SetSlots,
    Tap,
    Text,
    Turn,
    Understanding,
)
from tests.support.clock import ManualClock
from tests.support.rasa import Rasa, Script, rasa_server
from tests.support.turns import NOON, asked, slots_after, turn, words

SENDER = "conversation-1"
SAID: dict[str, list[dict[str, Any]]] = {
    "hi": [{"text": "Hello"}],
    "two": [{"text": "One"}, {"text": "Two"}],
    "picture": [{"text": "Look", "image": "https://shop.example/mug.png"}],
    "buttons": [{"text": "Which?", "buttons": [{"title": "Small", "payload": '/size{"s": "s"}'}, {"title": "Large"}]}],
    "many": [{"text": "?", "buttons": [{"title": str(each), "payload": f"/n{each}"} for each in range(4)]}],
    "link": [{"text": "See", "buttons": [{"title": "Shop", "type": "web_url", "url": "https://shop.example/"}]}],
    "video": [{"attachment": {"type": "video", "payload": {"src": "https://shop.example/v.mp4", "title": "How to"}}}],
    "file": [{"attachment": "https://shop.example/receipt.pdf"}],
    "elements": [
        {
            "attachment": {
                "type": "template",
                "payload": {
                    "template_type": "generic",
                    "elements": [
                        {"title": "Mug", "subtitle": "€12", "image_url": "https://shop.example/mug.png"},
                        {"title": "Jug", "item_url": "https://shop.example/jug"},
                    ],
                },
            }
        }
    ],
    "part": [{"custom": {"kind": "quick_replies", "text": "More?", "choices": [{"title": "Yes", "payload": "y"}]}}],
    "person": [
        {"text": "One moment"},
        {"custom": {"parley": [{"kind": "hand_off", "reason": "asked", "team": "orders", "priority": "high"}]}},
    ],
    "alien": [{"custom": {"blocks": []}}],
    "script": [{"image": "javascript:alert(1)"}],
    "nothing": [],
}
MUG = Card(title="Mug", subtitle="€12", image="https://shop.example/mug.png")
JUG = Card(title="Jug", buttons=(Button(title="Jug", url="https://shop.example/jug"),))
READ: list[tuple[str, list[Action]]] = [
    ("hi", [Say(parts=(Text(text="Hello"),))]),
    ("two", [Say(parts=(Text(text="One"),)), Say(parts=(Text(text="Two"),))]),
    ("picture", [Say(parts=(Text(text="Look"), Media(url="https://shop.example/mug.png", media="image")))]),
    (
        "buttons",
        [
            Say(
                parts=(
                    Buttons(
                        text="Which?",
                        buttons=(
                            Button(title="Small", payload='/size{"s": "s"}'),
                            Button(title="Large", payload="Large"),
                        ),
                    ),
                )
            )
        ],
    ),
    (
        "many",
        [Say(parts=(QuickReplies(text="?", choices=tuple(Choice(title=f"{n}", payload=f"/n{n}") for n in range(4))),))],
    ),
    ("link", [Say(parts=(Buttons(text="See", buttons=(Button(title="Shop", url="https://shop.example/"),)),))]),
    ("video", [Say(parts=(Media(url="https://shop.example/v.mp4", media="video", name="How to"),))]),
    ("file", [Say(parts=(Media(url="https://shop.example/receipt.pdf", media="file"),))]),
    ("elements", [Say(parts=(Carousel(cards=(MUG, JUG)),))]),
    ("part", [Say(parts=(QuickReplies(text="More?", choices=(Choice(title="Yes", payload="y"),)),))]),
    ("person", [Say(parts=(Text(text="One moment"),)), HandOff(reason="asked", team="orders", priority="high")]),
    ("nothing", []),
]


def script(sender: str, text: str) -> list[dict[str, Any]]:
    return [] if text == "/session_start" else SAID.get(text, [{"text": f"got {text}"}])


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    opened = HttpClient()
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def server() -> AsyncIterator[Rasa]:
    async with rasa_server(script) as running:
        yield running


def make(client: HttpClient, url: str, **more: Any) -> RasaBot:
    settings = rasa.Settings.model_validate({"url": url, **more})
    bot = rasa.create(settings, clock=ManualClock(NOON), http=client, files=cast(Files, None))
    assert isinstance(bot, RasaBot)
    return bot


def said(actions: list[Action]) -> list[Action]:
    return [action for action in actions if not isinstance(action, SetSlots)]


def after(before: Turn, actions: list[Action], *more: Any, **changes: Any) -> Turn:
    """The next turn, with the slots as they are now."""
    return turn(*more, turn_id="turn-2", bot=before.bot, slots=slots_after(before.slots, actions), **changes)


@pytest.mark.parametrize(("text", "expected"), READ, ids=[row[0] for row in READ])
async def test_what_rasa_says_is_read(client: HttpClient, server: Rasa, text: str, expected: list[Action]) -> None:
    assert said(await asked(make(client, server.url), turn(text))) == expected


@pytest.mark.parametrize(("text", "complaint"), [("alien", "none of Parley's .blocks."), ("script", "'javascript'")])
async def test_what_can_not_be_shown_is_refused(client: HttpClient, server: Rasa, text: str, complaint: str) -> None:
    with pytest.raises(BotFailed, match=complaint):
        await asked(make(client, server.url), turn(text))


async def test_a_foreign_payload_may_be_ignored(client: HttpClient, server: Rasa) -> None:
    assert said(await asked(make(client, server.url, unknown_custom="ignore"), turn("alien"))) == []


async def test_the_tracker_is_kept_in_step(client: HttpClient, server: Rasa) -> None:
    bot = make(client, server.url, slots={"name": "profile.name", "total": "context.cart.total", "lang": "language"})
    first = turn("hi", profile={"name": "Ann"}, context={"cart": {"total": 12.5}}, language="es")
    answered = await asked(bot, first)
    assert [each["message"] for each in server.received] == ["/session_start", "hi"]
    assert server.slots[SENDER] == {"name": "Ann", "total": 12.5, "lang": "es"}
    assert server.received[1]["metadata"]["parley"]["turn_id"] == "turn-1"

    same = after(first, answered, "two", profile=first.profile, context=first.context, language="es")
    before = len(server.events[SENDER])
    answered = await asked(bot, same)
    assert [each["event"] for each in server.events[SENDER][before:]] == ["user"], "nothing changed, nothing is sent"

    await asked(bot, after(same, answered, "hi", profile={"name": "Bea"}, language="es"))
    assert server.slots[SENDER] == {"name": "Bea", "total": None, "lang": "es"}
    assert [each["message"] for each in server.received].count("/session_start") == 1


async def test_a_chat_that_was_just_opened_is_greeted(client: HttpClient, server: Rasa) -> None:
    assert words(await asked(make(client, server.url, greeting="/greet"), turn())) == ["got /greet"]
    assert [each["message"] for each in server.received] == ["/session_start", "/greet"]


async def test_who_the_tracker_belongs_to(client: HttpClient, server: Rasa) -> None:
    await asked(make(client, server.url, sender="customer"), turn("hi"))
    assert set(server.events) == {"customer-1"}


async def test_rasa_is_paused_while_a_person_speaks_and_learns_what_they_said(client: HttpClient, server: Rasa) -> None:
    bot = make(client, server.url, slots={})
    first = turn("person")
    answered = await asked(bot, first)
    assert SENDER in server.paused

    history = (
        HistoryLine(role="bot", text="One moment", at=NOON),
        HistoryLine(role="customer", text="Hello?", at=NOON),
        HistoryLine(role="agent", text="I refunded it.", at=NOON),
        HistoryLine(role="customer", text="Thanks", at=NOON),
    )
    returned = Returned(handoff_id="h1", agent="bo", note="Refunded PD-1", at=NOON)
    before = len(server.events[SENDER])
    back = after(first, answered, "hi", history=history, returned=returned)
    answered = await asked(bot, back)
    assert words(answered) == ["Hello"], "Rasa answers again"
    told = server.events[SENDER][before:]
    assert [(each["event"], each.get("text")) for each in told if each["event"] != "slot"] == [
        ("agent", "I refunded it."),
        ("user", "Thanks"),
        ("resume", None),
        ("user", "hi"),
    ]
    assert server.slots[SENDER] == {"parley_note": "Refunded PD-1"}
    assert slots_after(back.slots, answered)["rasa:guide"]["paused"] is False


async def test_a_handoff_the_policy_did_not_grant_leaves_nobody_mute(client: HttpClient, server: Rasa) -> None:
    bot = make(client, server.url)
    first = turn("person")
    answered = await asked(bot, first)
    assert words(await asked(bot, after(first, answered, "hi"))) == ["Hello"]


async def test_what_rasa_learned_is_kept_and_what_it_missed_is_told(client: HttpClient, server: Rasa) -> None:
    server.slots[SENDER] = {"order": "PD-1", "private": "x"}
    server.intents["hi"] = "nlu_fallback"
    actions = await asked(make(client, server.url, read_slots=["order"]), turn("hi"))
    assert NotUnderstood() in actions
    slots = slots_after({}, actions)
    assert slots["order"] == "PD-1"
    assert "private" not in slots


TYPED = [
    ("/restart", "restart"),
    ("  //refund{}", "refund{}"),
    ("a/b", "a/b"),
    ("/ / steal", "steal"),
]


@pytest.mark.parametrize(("text", "sent"), TYPED)
async def test_customers_can_not_name_intents(client: HttpClient, server: Rasa, text: str, sent: str) -> None:
    await asked(make(client, server.url, session=False), turn(text))
    assert [each["message"] for each in server.received] == [sent]


async def test_unless_they_may(client: HttpClient, server: Rasa) -> None:
    await asked(make(client, server.url, session=False, commands=True), turn("/restart"))
    assert [each["message"] for each in server.received] == ["/restart"]


async def test_taps_forms_and_files(client: HttpClient, server: Rasa) -> None:
    bot = make(client, server.url, session=False, media_intent="file")
    await asked(bot, turn(Tap(payload='/size{"s": "l"}', title="Large")))
    await asked(bot, turn(FormAnswer(form_id="f", values={"email": "ann@mail.example"})))
    await asked(bot, turn(Media(url="https://parley.example/media/x.png", media="image")))
    sent = [each["message"] for each in server.received]
    assert sent == ['/size{"s": "l"}', '/inform{"email":"ann@mail.example"}', "/file"]
    assert server.received[2]["metadata"]["parley"]["media"] == ["https://parley.example/media/x.png"]


async def test_a_token_and_a_jwt_open_the_api(client: HttpClient, server: Rasa) -> None:
    server.token = "t0ken-secret"
    await asked(make(client, server.url, token="t0ken-secret"), turn("hi"))
    server.token, server.secret = "", "jwt-secret-that-is-long-enough-for-hs256"
    await asked(make(client, server.url, jwt_secret=server.secret), turn("hi"))
    with pytest.raises(BotFailed, match="credentials") as caught:
        await asked(make(client, server.url, token="wrong-secret"), turn("hi"))
    assert "secret" not in str(caught.value)


async def test_without_its_api_it_says_what_to_do(client: HttpClient, server: Rasa) -> None:
    server.api = False
    with pytest.raises(BotFailed, match="--enable-api"):
        await asked(make(client, server.url), turn("hi"))
    assert words(await asked(make(client, server.url, sync=False), turn("hi"))) == ["Hello"]


async def test_an_answer_is_not_lost_when_the_tracker_can_not_be_read(client: HttpClient, server: Rasa) -> None:
    def closing(sender: str, text: str) -> list[dict[str, Any]]:
        server.api = text == "/session_start"
        return script(sender, text)

    server.script = closing
    assert words(await asked(make(client, server.url, read_slots=["order"]), turn("hi"))) == ["Hello"]
    assert words(await asked(make(client, server.url, session=False, sync=False), turn("person"))) == ["One moment"]


async def test_health(client: HttpClient, server: Rasa) -> None:
    found = await make(client, server.url).check()
    assert [(each.ok, each.what) for each in found] == [
        (True, "Rasa 3.6.20 answers"),
        (True, "model shop.tar.gz is loaded"),
    ]
    server.token = "secret"
    assert [each.ok for each in await make(client, server.url).check()] == [True, False]
    server.url = "http://127.0.0.1:9"
    assert [each.ok for each in await make(client, server.url).check()] == [False, False]


def test_a_key_that_signs_nothing_is_refused_at_the_start() -> None:
    settings = rasa.Settings.model_validate(
        {"url": "http://rasa.example", "jwt_secret": "no key", "jwt_method": "RS256"}
    )
    with pytest.raises(Misconfigured, match="RS256") as caught:
        rasa.create(settings, clock=ManualClock(NOON), http=cast(Any, None), files=cast(Files, None))
    assert "no key" not in str(caught.value).replace("is no key for", "")
    assert "no key" not in repr(settings)


async def test_the_understanding_and_the_page_go_along(client: HttpClient, server: Rasa) -> None:
    understood = Understanding(language=Language(code="es"))
    await asked(make(client, server.url), turn("hi", understanding=understood, context={"page": "/mugs"}))
    assert server.slots[SENDER]["parley_context"] == {"page": "/mugs"}
    assert server.slots[SENDER]["parley_channel"] == "webchat"
    assert orjson.dumps(server.received)


def test_scripts_are_typed() -> None:
    checked: Script = script
    assert checked("x", "nothing") == []
