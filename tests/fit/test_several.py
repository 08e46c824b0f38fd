"""More choices than a message of the channel holds, media it does not take, and how long all that may take."""

from collections.abc import Callable
from time import process_time

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
    Tap,
    Text,
)

CHAT = Limits(buttons=3, list_rows=10)


def out(*parts: Part, limits: Limits = CHAT) -> list[Part]:
    return [part for one in fit.shape(parts, limits).renderings for part in one.parts]


def buttons(count: int, title: str = "Choice {}") -> Buttons:
    return Buttons(text="Which?", buttons=tuple(Button(title=title.format(n), payload=f"p{n}") for n in range(count)))


def test_more_buttons_than_fit_become_a_list_then_lists_then_numbers() -> None:
    assert [type(part) for part in out(buttons(3))] == [Buttons]
    assert [type(part) for part in out(buttons(10))] == [ListPicker]
    shown = out(buttons(24))
    assert [len(part.choices) for part in shown if isinstance(part, ListPicker)] == [8, 8, 8]
    assert shown[0].text == "Which?"  # type: ignore[union-attr]
    assert [type(part) for part in out(buttons(31))] == [Text]
    assert [(loss.what, loss.became) for loss in fit.shape((buttons(24),), CHAT).losses] == [
        ("buttons", "several_list")
    ]


def test_every_one_of_several_may_be_tapped_typed_or_misspelt() -> None:
    choices = fit.shape((buttons(24),), CHAT).choices
    assert [fit.restore(choices, Tap(payload=f"p{n}")).payload for n in range(24)] == [f"p{n}" for n in range(24)]
    assert fit.match(choices, "choice 17") == choices[17]


def test_buttons_in_two_messages_where_there_are_no_lists() -> None:
    shown = out(buttons(5), limits=Limits(buttons=3))
    assert [len(part.buttons) for part in shown if isinstance(part, Buttons)] == [3, 2]
    assert [part.text for part in shown if isinstance(part, Buttons)] == ["Which?", "Choice 3 / Choice 4"]


def test_quick_replies_never_come_in_several_messages() -> None:
    choices = tuple(Choice(title=f"Choice {n}", payload=str(n)) for n in range(5))
    assert [type(part) for part in out(QuickReplies(text="?", choices=choices), limits=Limits(quick_replies=3))] == [
        Text
    ]


def test_a_list_without_descriptions_tells_them_before() -> None:
    choices = (Choice(title="Small", payload="s", description="Fits"), Choice(title="Large", payload="l"))
    (shown,) = out(ListPicker(text="Which?", choices=choices), limits=Limits(list_rows=10, list_description=0))
    assert isinstance(shown, ListPicker)
    assert shown.text == "Which?\n• Small — Fits"
    assert [choice.description for choice in shown.choices] == ["", ""]


def test_a_caption_that_ends_a_sentence_stands_over_its_link() -> None:
    part = Media(url="https://a.example/x.png", media="image", alt="Our lamp.")
    assert out(part, limits=Limits()) == [Text(text="Our lamp.\nhttps://a.example/x.png")]


def test_titles_that_would_be_cut_to_the_same_are_numbered_instead() -> None:
    shown = out(buttons(5, "A title of which the end is cut, number {}"), limits=Limits(buttons=3))
    assert [type(part) for part in shown] == [Text]


@pytest.mark.parametrize(
    ("part", "became"),
    [
        (Media(url="/a", media="image", mime="image/png", size=100), "image"),
        (Media(url="/a", media="image", mime="IMAGE/PNG; x=y"), "image"),
        (Media(url="/a", media="image"), "image"),
        (Media(url="/a", media="image", mime="image/webp"), "file"),
        (Media(url="/a", media="image", mime="image/png", size=2000), "file"),
        (Media(url="/a", media="image", mime="image/png", size=9000), "link"),
        (Media(url="/a", media="video", size=10), "file"),
    ],
)
def test_media_of_a_type_or_size_the_channel_does_not_take(part: Media, became: str) -> None:
    limits = Limits(
        media=frozenset({"image", "file"}), media_mimes={"image": frozenset({"image/png"})},
        media_bytes={"image": 1000, "file": 5000},
    )  # fmt: skip
    (shown,) = out(part, limits=limits)
    assert (shown.media if isinstance(shown, Media) else "link") == became
    assert bool(fit.shape((part,), limits).losses) is (became != part.media)


def test_titles_counted_in_another_unit_than_texts() -> None:
    asked = Buttons(text="?", buttons=(Button(title="Подтвердить заказ", payload="y"),))
    limits = Limits(text=1000, unit="bytes", title_unit="characters", buttons=3, button_title=20)
    assert out(asked, limits=limits) == [asked]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("请联系我们的客服邮箱support@shop.example谢谢", ["请联系我们的客服邮箱", "support@shop.example谢谢"]),
        ("总价一共是人民币元整12345.67元", ["总价一共是人民币元整", "12345.67元"]),
        ("这里有一个实体写在中文里&amp;然后继续", ["这里有一个实体写在中文里", "&amp;然后继续"]),
    ],
)
def test_words_of_another_script_stay_whole(text: str, pieces: list[str]) -> None:
    limits = Limits(text=max(len(piece) for piece in pieces) + 3)
    assert out(Text(text=text), limits=limits) == [Text(text=piece) for piece in pieces]


HUGE: list[Callable[[], Part]] = [
    lambda: Text(text="word " * 100_000),
    lambda: Text(text="x" * 500_000),
    lambda: Text(text="字" * 300_000),
    lambda: Text(text="**b** " * 15_000, markdown=True),
    lambda: Text(text="e\u0301" * 100_000),
    lambda: Text(text="https://" * 60_000),
    lambda: buttons(20_000),
    lambda: buttons(20_000, "Same"),
    lambda: ListPicker(text="?", choices=tuple(Choice(title="", payload="") for _ in range(20_000))),
    lambda: Carousel(
        cards=tuple(Card(title="Same", buttons=(Button(title="Buy", payload=f"{n}"),)) for n in range(2000))
    ),
]


@pytest.mark.parametrize("number", range(len(HUGE)))
@pytest.mark.parametrize("unit", ["utf16", "gsm7"])
def test_huge_messages_take_little(number: int, unit: str) -> None:
    limits = Limits(text=1600, unit=unit, buttons=3, list_rows=10, cards=10, card_buttons=3, markup="markdown")  # type: ignore[arg-type]
    part = HUGE[number]()
    began = process_time()
    assert fit.shape((part,), limits).renderings
    assert process_time() - began < 5


def test_many_parts_take_little() -> None:
    parts = tuple(Media(url=f"/{n}", media="image") for n in range(20_000))
    began = process_time()
    assert len(fit.shape(parts, Limits()).renderings) == len(parts)
    assert process_time() - began < 5
