"""The demo shop's flows: questions one after another, each answer checked, whatever the customer does in between."""

from datetime import timedelta

import pytest

from bots.guide.bot import GuideBot
from bots.guide.flow import STANDING
from orchestrator.types import (
    Form,
    FormAnswer,
    HandOff,
    ListPicker,
    Media,
    NotUnderstood,
    Part,
    QuickReplies,
    SetProfile,
    SetSlots,
    Tap,
)
from tests.support.guide import PICTURE, Chat
from tests.support.turns import NOON, PLAIN, words


async def test_a_flow_asks_checks_and_finishes(chat: Chat) -> None:
    assert (await chat.says("Where it is my request?"))[0].startswith("I'll look it up.")
    assert chat.standing == ("order_status", "order_number")
    assert await chat.says("it is twelve") == [
        "That doesn't look like one of our order numbers. They look like this: PD-1234"
    ]
    assert chat.has(NotUnderstood)
    assert (await chat.says("sorry, pd 1002 I think"))[0] == (
        "Order PD-1002 is on its way and should be with you on Friday."
    )
    assert chat.slots == {"order_number": "PD-1002"}


async def test_what_was_said_already_is_not_asked(chat: Chat) -> None:
    assert (await chat.says("Where is my order PD-1003?"))[0].startswith("Order PD-1003 was delivered on Monday.")
    assert chat.standing is None


async def test_an_unknown_order_is_not_invented(chat: Chat) -> None:
    assert (await chat.says("where is my order PD-9999?"))[0].startswith("I can't find an order PD-9999.")


async def test_a_flow_gives_up_after_three_wrong_answers(chat: Chat) -> None:
    await chat.says("where is my order?")
    for _ in range(2):
        assert (await chat.says("hmm hmm"))[0].startswith("That doesn't look like")
    assert (await chat.says("hmm hmm"))[0].startswith("We're not getting anywhere")
    assert [choice.payload for choice in chat.one(QuickReplies).choices] == ["intent:person"]
    assert chat.standing is None


@pytest.mark.parametrize("said", ["cancel", "Cancel, please", "forget it", "Leave it.", "never mind"])
async def test_a_flow_can_be_left(chat: Chat, said: str) -> None:
    await chat.says("where is my order?")
    assert await chat.says(said) == ["All right, we'll leave that. What else can I do for you?"]
    assert chat.standing is None


async def test_another_question_is_answered_and_the_flow_goes_on(chat: Chat) -> None:
    await chat.says("where is my order?")
    said = await chat.says("when are you open?")
    assert said[0].startswith("The shop is open")
    assert said[1] == "Back to where we were:"
    assert said[2].startswith("I'll look it up.")
    assert (await chat.says("PD-1001"))[0].startswith("Order PD-1001 is being packed")


async def test_another_flow_takes_over(chat: Chat) -> None:
    await chat.says("where is my order?")
    await chat.says("please send me the receipt by email")
    assert chat.standing == ("receipt", "email")
    assert len(chat.actions) == 2, "the other flow asks once"


async def test_a_person_can_be_had_in_the_middle_of_a_flow(chat: Chat) -> None:
    await chat.says("where is my order?")
    await chat.says("I want to talk to a person")
    assert chat.one(HandOff).reason == "The customer asked for a person"
    assert chat.standing is None


async def test_a_tap_elsewhere_leaves_the_flow(chat: Chat) -> None:
    await chat.says("where is my order?")
    await chat.says(Tap(payload="intent:hours"))
    assert chat.standing is None


async def test_an_answer_among_several_lines_is_found(chat: Chat) -> None:
    await chat.says("where is my order?")
    assert (await chat.says("wait a moment", "PD-1001", "and do you gift wrap?"))[0].startswith("Order PD-1001")
    assert words(chat.actions)[1].startswith("Yes, in recycled paper")


async def test_a_form_is_shown_checked_and_answered(chat: Chat) -> None:
    assert await chat.says("I want the receipt by post") == ["Where shall I send the receipt?"]
    form = chat.one(Form)
    assert (form.id, form.submit) == ("receipt", "Send")
    assert [(field.name, field.type, field.label) for field in form.fields] == [("email", "email", "E-mail address")]
    assert (await chat.says(FormAnswer(form_id="receipt", values={"email": "ann"})))[0].startswith(
        "That doesn't look like"
    )
    assert chat.has(Form)
    assert (await chat.says(FormAnswer(form_id="receipt", values={"email": " ann@mail.example "}))) == [
        "Thank you! As soon as you have placed your order, the receipt for €119.95 goes to ann@mail.example."
    ]
    assert chat.one(SetProfile).profile == {"email": "ann@mail.example"}
    assert chat.slots == {"email": "ann@mail.example"}


async def test_a_form_can_be_answered_by_typing(chat: Chat) -> None:
    await chat.says("I need a receipt")
    assert "goes to ann@mail.example" in (await chat.says("it's ann@mail.example, thanks"))[0]


async def test_without_forms_the_flow_asks_in_words(shop: GuideBot) -> None:
    chat = Chat(shop, channel=PLAIN)
    assert await chat.says("I need a receipt") == ["Which e-mail address shall I send the receipt to?"]
    assert "goes to ann@mail.example" in (await chat.says("ann@mail.example"))[0]


async def test_a_form_that_comes_late_is_still_good(chat: Chat) -> None:
    assert (
        "goes to bo@mail.example"
        in (await chat.says(FormAnswer(form_id="receipt", values={"email": "bo@mail.example"})))[0]
    )


@pytest.mark.parametrize("values", [{}, {"email": ""}, {"email": "x" * 9999}, {"other": "x"}, {"email": "a@b"}])
async def test_a_form_without_good_values_is_asked_again_and_then_given_up(chat: Chat, values: dict[str, str]) -> None:
    for _ in range(2):
        await chat.says(FormAnswer(form_id="receipt", values=values))
        assert chat.has(Form)
    assert (await chat.says(FormAnswer(form_id="receipt", values=values)))[0].startswith("We're not getting anywhere")
    assert "email" not in chat.slots


async def test_an_unknown_form_is_closed(chat: Chat) -> None:
    assert (await chat.says(FormAnswer(form_id="survey", values={"a": "b"})))[0].startswith("That question is closed")


async def test_choices_come_from_the_page(chat: Chat) -> None:
    await chat.says("I want to change the shipping method")
    assert [choice.title for choice in chat.one(QuickReplies).choices] == ["Standard", "Express", "Pick-up point"]
    payload = chat.one(QuickReplies).choices[1].payload
    assert "Select “Express” under “Shipping”" in (await chat.says(Tap(payload=payload, title="Express")))[0]
    assert chat.slots == {"shipping_choice": "Express"}


@pytest.mark.parametrize("said", ["Express", "the express one please", "exprés", "I'd like it to a pick-up point"])
async def test_choices_can_be_typed(chat: Chat, said: str) -> None:
    await chat.says("change the delivery method")
    await chat.says(said)
    assert chat.slots.get("shipping_choice") == ("Pick-up point" if "pick" in said else "Express")


async def test_two_choices_at_once_are_none(chat: Chat) -> None:
    await chat.says("change the delivery method")
    await chat.says("standard or express, I don't know")
    assert len(chat.one(QuickReplies).choices) == 3
    assert "shipping_choice" not in chat.slots


async def test_a_forged_choice_is_refused(chat: Chat) -> None:
    await chat.says(Tap(payload="flow:change_shipping:shipping_choice=Teleport"))
    assert "shipping_choice" not in chat.slots
    assert chat.standing == ("change_shipping", "shipping_choice")


async def test_many_choices_are_a_list(chat: Chat) -> None:
    assert await chat.says("show me a picture") == ["Which product would you like to see?"]
    assert len(chat.one(ListPicker).choices) == 8


async def test_without_choices_nothing_is_asked(shop: GuideBot) -> None:
    chat = Chat(shop, context={})
    assert await chat.says("I want to change the shipping method") == [
        "I can't see that from here. Shall I get a colleague?"
    ]
    assert chat.standing is None


async def test_damage_is_taken_down_and_handed_to_a_person(chat: Chat) -> None:
    await chat.says("my mug arrived broken")
    await chat.says("PD-1003")
    await chat.says("The handle came off.", "And the glaze is cracked.")
    assert chat.standing == ("damaged", "damage_picture")
    assert [choice.title for choice in chat.one(QuickReplies).choices] == ["I have no picture"]
    await chat.says(PICTURE)
    handoff = chat.one(HandOff)
    assert (handoff.team, handoff.priority) == ("orders", "high")
    assert handoff.summary == "Order PD-1003: The handle came off.\nAnd the glaze is cracked."
    assert chat.slots["damage_picture"] == PICTURE.url
    assert isinstance(chat.actions[0], SetSlots), "the slots come first, so that the handoff carries them"


@pytest.mark.parametrize("said", ["no", "I don't have one", "No, thanks", Tap(payload="flow:damaged:damage_picture=")])
async def test_an_optional_step_can_be_passed_over(chat: Chat, said: Part | str) -> None:
    await chat.says("my mug arrived broken")
    await chat.says("PD-1003")
    await chat.says("the handle came off")
    await chat.says(said)
    assert chat.has(HandOff)
    assert chat.slots["damage_picture"] == ""


async def test_a_file_that_is_no_picture_is_not_taken_for_one(chat: Chat) -> None:
    await chat.says("my mug arrived broken")
    await chat.says("PD-1003")
    await chat.says("the handle came off")
    await chat.says(Media(url="/media/x.pdf", media="file"))
    assert chat.standing == ("damaged", "damage_picture")


async def test_an_open_question_takes_any_words_but_the_wish_for_a_person(chat: Chat) -> None:
    await chat.says("my mug arrived broken")
    await chat.says("PD-1003")
    await chat.says("I want to speak with a person")
    assert chat.one(HandOff).reason == "The customer asked for a person"


async def test_a_flow_of_yesterday_is_forgotten(chat: Chat) -> None:
    await chat.says("where is my order?")
    await chat.says("hello", now=NOON + timedelta(days=1))
    assert words(chat.actions) == ["Hello! What can I do for you?"]


@pytest.mark.parametrize(
    "kept",
    [
        None,
        "order_status",
        5,
        {},
        {"flow": "gone", "step": "x", "tries": 0, "at": NOON.isoformat()},
        {"flow": "receipt", "step": "gone", "tries": 0, "at": NOON.isoformat()},
        {"flow": ["receipt"], "step": {}, "tries": "x", "at": []},
        {"flow": "receipt", "step": "email", "tries": "many", "at": NOON.isoformat()},
        {"flow": "receipt", "step": "email", "tries": 0, "at": "2026-11-01"},
    ],
)
async def test_strange_slots_are_survived(chat: Chat, kept: object) -> None:
    """Slots outlive the guide that wrote them: it may have been changed since, or another bot may have been there."""
    chat.slots = {STANDING: kept}
    assert (await chat.says("where is your shop?"))[0].startswith("Our shop is by the old harbour")
