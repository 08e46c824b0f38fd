"""Limits that some platforms set on the texts over choices, on links among buttons and on the cards of a carousel."""

import pytest

from orchestrator import fit
from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    Limits,
    ListPicker,
    Media,
    Part,
    QuickReplies,
    Text,
)

META = Limits(
    text=60, quick_replies=3, quick_reply_text=40, buttons=3, button_text=30, link_buttons=True, lone_link=True,
    list_rows=10, list_text=50, cards=3, card_buttons=2, alike_cards=True, media=frozenset({"image"}),
)  # fmt: skip
LONG = "One is here. Two is a bit longer. Three ends it."
YES = Choice(title="Yes", payload="y")
BUY = Button(title="Buy", payload="b")
SITE = Button(title="Site", url="https://a.example")


def out(*parts: Part) -> list[Part]:
    return [part for one in fit.shape(parts, META).renderings for part in one.parts]


def card(title: str, *buttons: Button, image: str = "/a.png") -> Card:
    return Card(title=title, image=image, buttons=buttons or (BUY,))


@pytest.mark.parametrize(
    ("part", "longest"),
    [
        (Buttons(text=LONG, buttons=(BUY,)), 30),
        (QuickReplies(text=LONG, choices=(YES,)), 40),
        (ListPicker(text=LONG * 2, choices=(YES,)), 50),
    ],
)
def test_a_text_too_long_to_stand_over_choices_goes_before_them(part: Part, longest: int) -> None:
    *before, last = out(part)
    assert all(isinstance(piece, Text) for piece in before)
    assert type(last) is type(part)
    assert before
    assert 0 < len(last.text) <= longest  # type: ignore[union-attr]
    said = "".join(piece.text for piece in [*before, last])  # type: ignore[union-attr]
    assert "".join(said.split()) == "".join(part.text.split())  # type: ignore[union-attr]


def test_a_line_too_long_to_stand_over_buttons_stays_its_own() -> None:
    line = Text(text=LONG)
    assert out(line, Buttons(buttons=(BUY,))) == [line, Buttons(text="Buy", buttons=(BUY,))]


def test_a_link_has_a_button_of_its_own_or_is_written_out() -> None:
    assert out(Buttons(text="Well?", buttons=(SITE,))) == [Buttons(text="Well?", buttons=(SITE,))]
    assert out(Buttons(text="Well?", buttons=(SITE, BUY))) == [
        Buttons(text="Well?\nSite: https://a.example", buttons=(BUY,)),
    ]


@pytest.mark.parametrize(
    "cards",
    [
        (card("Alone"),),
        (card("One"), card("Two", image="")),
        (card("One"), card("Two", BUY, BUY)),
        (card("One"), card("Two", SITE)),
        (Card(title="One", image="/a.png"), Card(title="Two", image="/a.png")),
        (card("One", BUY, SITE), card("Two", BUY, SITE)),
    ],
)
def test_cards_that_are_not_alike_are_told_one_by_one(cards: tuple[Card, ...]) -> None:
    shown = out(Carousel(cards=cards))
    assert not any(isinstance(part, Carousel) for part in shown)
    assert any(isinstance(part, Media) for part in shown)


def test_no_card_is_left_alone() -> None:
    sizes = [
        [len(part.cards) for part in out(Carousel(cards=tuple(card(f"{n}") for n in range(count))))]  # type: ignore[union-attr]
        for count in (2, 3, 4, 5, 7)
    ]
    assert sizes == [[2], [3], [2, 2], [3, 2], [3, 2, 2]]
