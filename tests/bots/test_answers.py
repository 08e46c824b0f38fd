"""What a bot may answer, and what is refused, whether it came as JSON or as Python values."""

import orjson
import pytest

from orchestrator import answers
from orchestrator.errors import Malformed
from orchestrator.types import (
    Action,
    Button,
    Buttons,
    Card,
    Carousel,
    Close,
    HandOff,
    Media,
    NotUnderstood,
    PassTo,
    QuickReplies,
    Say,
    SetProfile,
    SetSlots,
    Tap,
    Text,
    Typing,
)


def said(text: str) -> Say:
    return Say(parts=(Text(text=text),))


CAROUSEL = {"kind": "carousel", "cards": [{"title": "Mug", "buttons": [{"title": "Add", "payload": "add"}]}]}

READ: list[tuple[object, tuple[Action, ...]]] = [
    ({"text": "Hello"}, (said("Hello"),)),
    (["One", "Two"], (said("One"), said("Two"))),
    ({"actions": ["One", {"kind": "say", "text": "Two"}]}, (said("One"), said("Two"))),
    ({"version": 1, "actions": []}, ()),
    (None, ()),
    ({"actions": None}, ()),
    ({"text": "  \n"}, ()),
    (
        {"actions": [{"kind": "say", "parts": [{"kind": "text", "text": ""}, {"kind": "text", "text": "x"}]}]},
        (said("x"),),
    ),
    (
        {"actions": [{"kind": "say", "text": "Hola", "language": "es"}]},
        (Say(parts=(Text(text="Hola"),), language="es"),),
    ),
    (
        {"actions": [CAROUSEL]},
        (Say(parts=(Carousel(cards=(Card(title="Mug", buttons=(Button(title="Add", payload="add"),)),)),)),),
    ),
    ({"actions": [{"kind": "typing"}, {"kind": "close"}]}, (Typing(), Close())),
    (
        {"actions": [{"kind": "set_slots", "slots": {"a": [1, {"b": None}]}}]},
        (SetSlots(slots={"a": [1, {"b": None}]}),),
    ),
    ({"actions": [{"kind": "set_profile", "profile": {"name": "Ann"}}]}, (SetProfile(profile={"name": "Ann"}),)),
    (
        {
            "actions": [
                {"kind": "hand_off", "reason": "angry", "priority": "high", "mood": "unknown fields are ignored"}
            ]
        },
        (HandOff(reason="angry", priority="high"),),
    ),
    (
        {"actions": [{"kind": "pass_to", "bot": "rasa"}, {"kind": "not_understood"}]},
        (PassTo(bot="rasa"), NotUnderstood()),
    ),
]


@pytest.mark.parametrize(("value", "actions"), READ)
def test_json_is_read(value: object, actions: tuple[Action, ...]) -> None:
    assert answers.from_json(orjson.dumps(value)) == actions


@pytest.mark.parametrize("body", [b"", b"  \n "])
def test_nothing_says_nothing(body: bytes) -> None:
    assert answers.from_json(body) == ()


DEEP = b'{"actions":[{"kind":"set_slots","slots":' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}]}"

REFUSED: list[tuple[bytes, str]] = [
    (b"<html><body>Bad gateway</body></html>", "not JSON"),
    (b'{"text": "cut off', "not JSON"),
    (b"[" * 100_000, "not JSON"),
    (b'{"text": "\\ud800"}', "not JSON"),
    (b"5", "'int'"),
    (b'{"text": 5}', "'int'"),
    (b'{"actions": {"kind": "say"}}', "'dict'"),
    (b'{"version": 2, "text": "from the future"}', "version 1"),
    (b'{"actions": [{"kind": "dance"}]}', "actions.0: .*'dance'"),
    (b'{"actions": ["ok", {"kind": "say", "parts": [{"kind": "hologram"}]}]}', "actions.1: .*'hologram'"),
    (b'{"actions": [{"text": "which kind?"}]}', "actions.0: .*kind"),
    (b'{"actions": [7]}', "'int'"),
    (b'{"actions": [{"kind": "say", "text": 5}]}', "valid string"),
    (b'{"actions": [{"kind": "hand_off", "priority": "whenever"}]}', "priority"),
    (b'{"actions": [{"kind": "tap", "payload": "forged"}]}', "only a customer"),
    (b'{"actions": [{"kind": "form_answer", "form_id": "x"}]}', "only a customer"),
    (b'{"actions": [{"kind": "media", "url": "javascript:alert(1)"}]}', "'javascript'"),
    (b'{"actions": [{"kind": "media", "url": "//elsewhere.example/x.png"}]}', "no scheme"),
    (b'{"actions": [{"kind": "buttons", "buttons": [{"title": "x", "url": "data:text/html,x"}]}]}', "'data'"),
    (b'{"actions": [{"kind": "buttons", "buttons": [{"title": "x"}]}]}', "neither"),
    (DEEP, "32 levels"),
    (orjson.dumps(["x"] * 51), "50 are the most"),
    (orjson.dumps({"text": "x" * 32_769}), "32768 are the most"),
]


@pytest.mark.parametrize(("body", "complaint"), REFUSED)
def test_rubbish_is_refused_with_its_name(body: bytes, complaint: str) -> None:
    with pytest.raises(Malformed, match=complaint):
        answers.from_json(body)


def test_errors_never_repeat_the_words() -> None:
    with pytest.raises(Malformed) as caught:
        answers.from_json(b'{"actions": [{"kind": "say", "parts": [{"kind": "text", "text": ["my card is 4111"]}]}]}')
    assert "4111" not in str(caught.value)


class Foreign:
    pass


def test_python_values_are_read() -> None:
    media = Media(url="/media/x.png", media="image")
    value = ["Hi", media, None, HandOff(reason="wish"), Say(parts=(Text(text="Bye"),))]
    expected = (said("Hi"), Say(parts=(media,)), HandOff(reason="wish"), said("Bye"))
    assert answers.from_python(value) == expected
    assert answers.from_python(tuple(value)) == expected
    assert answers.from_python(None) == ()


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (5, "'int'"),
        (b"bytes", "'bytes'"),
        ({"text": "a dict is for webhooks"}, "'dict'"),
        (Foreign(), "'Foreign'"),
        ([["nested"]], "'list'"),
        (Say(parts=(Text(text=5),)), "valid string"),  # type: ignore[arg-type]
        (Say(parts=("bare",)), "parts"),  # type: ignore[arg-type]
        (QuickReplies(choices=("bare",)), "choices"),  # type: ignore[arg-type]
        (Buttons(buttons=(Button(title="x", url="javascript:x"),)), "'javascript'"),
        (Tap(payload="x"), "only a customer"),
        (SetSlots(slots={"a": Foreign()}), "'Foreign'"),
        (SetSlots(slots={"a": {1: "x"}}), "not a string"),
        (SetSlots(slots={"a": float("nan")}), "'float'"),
        (SetSlots(slots={"a": 2**70}), "'int'"),
        (["x"] * 51, "50 are the most"),
    ],
)
def test_python_rubbish_is_refused(value: object, complaint: str) -> None:
    with pytest.raises(Malformed, match=complaint):
        answers.from_python(value)


def test_slots_that_hold_themselves_are_refused() -> None:
    slots: dict[str, object] = {}
    slots["self"] = slots
    with pytest.raises(Malformed):
        answers.from_python(SetSlots(slots=slots))
