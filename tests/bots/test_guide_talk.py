"""Conversations with the demo shop's guide: what is said, asked, kept and handed on, turn by turn."""

from dataclasses import replace
from typing import Any

import pytest

from bots.guide.bot import GuideBot, Settings, create
from bots.guide.flow import STANDING
from orchestrator.errors import BotFailed, Misconfigured
from orchestrator.types import (
    Buttons,
    Carousel,
    HandOff,
    HistoryLine,
    ListPicker,
    Location,
    Media,
    NotUnderstood,
    PassTo,
    QuickReplies,
    Returned,
    Say,
    Tap,
    Unsupported,
)
from tests.bots.conftest import SHOP
from tests.support.guide import CART, PAGE, PICTURE, Chat
from tests.support.turns import NOON, asked, turn, words

# ------------------------------------------------------------------ answers


async def test_an_answer_uses_the_cart(chat: Chat) -> None:
    first, _ = await chat.says("Hello, how much costs the sending?")
    assert first == "With “Standard”, shipping costs €4.95. Your total is then €119.95."
    rows = chat.one(ListPicker).choices
    assert [(row.title, row.description) for row in rows] == [
        ("Standard", "€4.95"),
        ("Express", "€9.95"),
        ("Pick-up point", "€0.00"),
    ]
    assert rows[1].payload == "flow:change_shipping:shipping_choice=Express"


async def test_free_shipping_is_called_free(chat: Chat) -> None:
    free = {**PAGE, "cart": {**CART, "shipping": {"method": "pickup", "label": "Pick-up point", "price": 0}}}
    (first, *_) = await chat.says("how much is shipping?", context=free)
    assert first == "With “Pick-up point”, shipping is free. Your total is €119.95."


async def test_without_a_page_there_is_still_an_answer(shop: GuideBot) -> None:
    chat = Chat(shop, context={})
    assert await chat.says("how much is shipping?") == [
        "Standard shipping costs €4.95, express €9.95, and a parcel to a pick-up point is free."
    ]
    assert [choice.payload for choice in chat.one(QuickReplies).choices] == ["intent:delivery_time", "intent:pick_up"]


async def test_the_cart_is_shown_as_cards(chat: Chat) -> None:
    assert await chat.says("what's in my cart?") == [
        "This is in your cart:",
        "Goods €115.00, shipping €4.95, total €119.95.",
    ]
    mug, lamp = chat.one(Carousel).cards
    assert (mug.title, mug.subtitle, mug.image) == ("Stoneware mug", "2 × €18.00", "/demo/img/mug-01.png")
    assert lamp.image == "", "a picture from the page that is no web address is left out"


async def test_an_empty_cart_is_called_empty(chat: Chat) -> None:
    empty = {**PAGE, "cart": {**CART, "items": [], "subtotal": 0, "total": 0}}
    assert await chat.says("show me my cart", context=empty) == [
        "Your cart is still empty. Shall I show you what others like?"
    ]


async def test_products_are_recommended_with_pictures(chat: Chat) -> None:
    await chat.says("What do you recommend?")
    cards = chat.one(Carousel).cards
    assert len(cards) == 8
    assert all(card.image and card.alt and card.buttons[0].payload.startswith("flow:sizes:product=") for card in cards)


async def test_pictures_of_the_guide_exist(shop: GuideBot) -> None:
    """Those of the page are the page's; ours are beside the guide."""
    ours = [product.image for product in shop.guide.product if product.image.startswith("/demo/media/")]
    assert ours
    assert all((SHOP / "media" / image.removeprefix("/demo/media/")).is_file() for image in ours)


async def test_the_shop_is_on_the_map(chat: Chat) -> None:
    await chat.says("where is your shop?")
    place = chat.one(Location)
    assert (place.latitude, place.name) == (51.9181, "Parley demo shop")


async def test_a_product_named_in_the_question_is_shown_at_once(chat: Chat) -> None:
    assert await chat.says("You teach me a photo of the cup?") == ["Here you are: Stoneware mug, €18.00"]
    assert chat.one(Media).url == "/demo/img/mug-01.png"
    assert await chat.says("how big is the rug?") == [
        "The wool throw measures 130 × 180 cm and weighs 900 g. Pure new wool, with fringes."
    ]


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"cart": None, "shipping_options": None, "page": None},
        {"cart": "five", "shipping_options": 7},
        {"cart": {"items": "x", "total": {}, "shipping": []}, "shipping_options": [1, None, "x", {}]},
        {"cart": {"items": [None, 5, {"name": ["x"]}], "total": "1e999999999"}},
        {"cart": {"items": [{"name": "x" * 9999, "price": "free", "quantity": -1}] * 999}, "shipping_options": [[]]},
    ],
)
async def test_a_page_may_pass_anything(chat: Chat, context: dict[str, Any]) -> None:
    for text in ("how much is shipping", "what's in my cart", "change to express", "how long does it take", "receipt"):
        assert await chat.says(text, context=context)


async def test_words_of_the_page_are_never_read_as_variables(chat: Chat) -> None:
    sneaky = {**PAGE, "cart": {**CART, "items": [{"name": "{profile.secret} {{x}}", "quantity": 1, "price": 1}]}}
    await chat.says("what's in my cart?", context=sneaky, profile={"secret": "hidden"})
    assert chat.one(Carousel).cards[0].title == "{profile.secret} {{x}}"


async def test_small_talk(chat: Chat) -> None:
    for said, expected in (
        ("thank you very much", "You're welcome!"),
        ("goodbye", "Goodbye"),
        ("hello", "Hello!"),
        ("and what do I do now", "I'm the shop's assistant"),
        ("what happens now?", "I'm the shop's assistant"),
    ):
        assert (await chat.says(said))[0].startswith(expected)
        assert not chat.has(NotUnderstood)


# ------------------------------------------------------------------ openings


async def test_a_greeting_when_the_chat_is_opened(chat: Chat) -> None:
    assert (await chat.says())[0].startswith("Hello, welcome to the shop!")
    assert (await chat.says(profile={"name": "Ann"}))[0].startswith("Hello Ann, welcome to the shop!")
    history = (HistoryLine(role="customer", text="hi", at=NOON),)
    assert (await chat.says(history=history))[0].startswith("Welcome back!")
    assert len(chat.one(QuickReplies).choices) == 4


async def test_an_agents_return_is_known_once(chat: Chat) -> None:
    chat.slots = {STANDING: {"flow": "receipt", "step": "email", "tries": 0, "at": NOON.isoformat()}}
    returned = Returned(handoff_id="h1", agent="agent-7", note="Refund of €18 is done.", at=NOON)
    first, second, *_ = await chat.says("and how much is shipping?", returned=returned)
    assert "told me what you two have settled" in first
    assert "Refund" not in first, "a note to the bot is not for the customer"
    assert second.startswith("With “Standard”")
    assert chat.standing is None, "what the bot asked before the agent came is over"
    assert len(await chat.says(returned=replace(returned, note=""))) == 1
    assert "handed our chat back" in words(chat.actions)[0]


# ------------------------------------------------------------------ several things at once


async def test_a_burst_is_answered_together(chat: Chat) -> None:
    said = await chat.says("Hello!", "do you take credit cards", "and how long does delivery take? thanks")
    assert len(said) == 2
    assert said[0].startswith("You can pay by credit")
    assert chat.has(ListPicker)


async def test_the_same_question_twice_is_answered_once(chat: Chat) -> None:
    assert len(await chat.says("where is your shop?", "where is the shop", Tap(payload="intent:where"))) == 1


async def test_a_crowd_of_questions_gets_three_answers(chat: Chat) -> None:
    said = await chat.says(
        *("where is your shop?", "when are you open?", "is VAT included?", "is there a warranty?", "how do I wash it?")
    )
    assert len(said) == 3


async def test_a_wish_for_a_person_in_a_crowd_is_heard(chat: Chat) -> None:
    await chat.says("where is your shop?", "when are you open?", "is VAT included?", "I want to talk to a person")
    assert chat.has(HandOff)


async def test_after_asking_for_a_person_the_bot_says_no_more(chat: Chat) -> None:
    await chat.says("I want to talk to a person", Tap(payload="intent:hours"))
    assert isinstance(chat.actions[-1], HandOff)


async def test_a_cart_without_end_is_cut(chat: Chat) -> None:
    many = {**PAGE, "cart": {**CART, "items": [{"name": f"No. {n}", "quantity": 1, "price": 1} for n in range(999)]}}
    await chat.says("what's in my cart?", context=many)
    assert len(chat.one(Carousel).cards) == 30


async def test_hundreds_of_taps_in_one_turn_stay_within_bounds(chat: Chat) -> None:
    taps = [Tap(payload=f"flow:{name}") for name in ("receipt", "sizes", "picture", "damaged") * 100]
    await chat.says(*taps)
    assert len(chat.actions) <= 20


# ------------------------------------------------------------------ not understood


async def test_nothing_like_it_gets_the_fallback(chat: Chat) -> None:
    assert (await chat.says("my dog has fleas"))[0].startswith("I'm sorry, I didn't understand that.")
    assert chat.has(NotUnderstood)


async def test_something_like_it_gets_did_you_mean(chat: Chat) -> None:
    assert await chat.says("how does sending stuff back work") == [
        "I'm not sure I understood. Did you mean one of these?"
    ]
    choices = chat.one(QuickReplies).choices
    assert {"intent:shipping_cost", "intent:person"} <= {choice.payload for choice in choices}
    assert len(choices) <= 4
    assert all(choice.title for choice in choices)
    assert chat.has(NotUnderstood)


async def test_a_suggestion_that_is_tapped_is_answered(chat: Chat) -> None:
    assert (await chat.says(Tap(payload="intent:returns", title="Returns")))[0].startswith("You can send anything back")
    assert (await chat.says(Tap(payload="faq:jobs", title="Jobs")))[0].startswith("That's kind!")


@pytest.mark.parametrize("said", ["", "   ", "???", "🦊", "\x00\x01", "x" * 100_000, "\n" * 500, "a. " * 5000])
async def test_rubbish_is_survived(chat: Chat, said: str) -> None:
    assert await chat.says(said)
    assert chat.has(NotUnderstood)


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "nonsense",
        "intent:",
        "intent:no_such",
        "intent:order_status:x",
        "flow:no_such",
        "flow:",
        "faq:no",
        "::::",
        "x" * 5000,
    ],
)
async def test_a_forged_tap_does_no_harm(chat: Chat, payload: str) -> None:
    assert await chat.says(Tap(payload=payload))
    assert chat.standing is None


async def test_an_unknown_tap_is_read_by_its_title(chat: Chat) -> None:
    assert (await chat.says(Tap(payload="old-bot:17", title="Opening hours")))[0].startswith("The shop is open")


async def test_a_file_is_acknowledged_and_what_is_said_beside_it_counts(chat: Chat) -> None:
    assert (await chat.says(PICTURE))[0].startswith("Thank you, your file has arrived.")
    assert not chat.has(NotUnderstood)
    assert (await chat.says(PICTURE, "where is your shop?"))[0].startswith("Our shop is by the old harbour")


async def test_what_no_channel_of_ours_can_read_is_not_understood(chat: Chat) -> None:
    await chat.says(Unsupported(what="sticker"))
    assert chat.has(NotUnderstood)
    await chat.says(Location(latitude=1, longitude=2))
    assert chat.has(NotUnderstood)


# ------------------------------------------------------------------ as a Bot


async def test_the_same_turn_gets_the_same_answer(shop: GuideBot) -> None:
    again = turn("where is my order PD-1002? and do you ship to Spain?", context=PAGE)
    assert await asked(shop, again) == await asked(shop, again)


async def test_a_guide_is_opened_before_it_answers() -> None:
    bot = create(Settings(file=SHOP / "guide.toml"), clock=None, http=None, files=None)  # type: ignore[arg-type]
    assert bot.language == "en"
    with pytest.raises(BotFailed, match="not opened"):
        await asked(bot, turn("hi"))
    await bot.open()
    assert words(await asked(bot, turn("thank you")))
    await bot.close()


def test_a_guide_that_is_missing_is_refused_when_it_is_made() -> None:
    with pytest.raises(Misconfigured, match="No such file"):
        create(Settings(file=SHOP / "nowhere.toml"), clock=None, http=None, files=None)  # type: ignore[arg-type]


async def test_buttons_lead_to_answers_and_addresses(tmp_path: Any) -> None:
    path = tmp_path / "guide.toml"
    path.write_text(
        """
        [[intent]]
        name = "help"
        examples = ["help"]
        [[intent.answer]]
        text = "**Look** here, {profile.name}"
        markdown = true
        buttons = [{ title = "Page", to = "https://shop.example" }, { title = "Help", to = "intent:help" }]
        """
    )
    bot = GuideBot(path)
    await bot.open()
    said = turn("help", profile={"name": "[click](https://evil.example) *now*"})
    (action,) = await asked(bot, said)
    assert isinstance(action, Say)
    text, buttons = action.parts
    assert getattr(text, "text", "") == "**Look** here, (click)(https://evil.example) now"
    assert isinstance(buttons, Buttons)
    assert [(button.url, button.payload) for button in buttons.buttons] == [
        ("https://shop.example", ""),
        ("", "intent:help"),
    ]


async def test_an_intent_can_pass_to_another_bot(tmp_path: Any) -> None:
    path = tmp_path / "guide.toml"
    path.write_text(
        """
        [[intent]]
        name = "stock"
        examples = ["Is it in stock?"]
        answer = [{ text = "One moment.", pass_to = "warehouse" }]
        """
    )
    bot = GuideBot(path)
    await bot.open()
    actions = await asked(bot, turn("is it in stock"))
    assert words(actions) == ["One moment."]
    assert actions[-1] == PassTo(bot="warehouse")
