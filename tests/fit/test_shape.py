"""The form each part takes on channels that show less than it is."""

import pytest

from orchestrator import fit
from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    Form,
    FormField,
    Limits,
    ListPicker,
    Location,
    Loss,
    Media,
    Part,
    QuickReplies,
    Tap,
    Text,
)

SMS = Limits(text=160)
RICH = Limits(
    quick_replies=13, buttons=3, link_buttons=True, list_rows=10, cards=10, card_buttons=3,
    media=frozenset({"image", "file"}), location=True, form=True, markup="markdown",
)  # fmt: skip
SIZES = (Choice(title="Small", payload="s"), Choice(title="Large", payload="l", description="For tall people"))
PAY = Button(title="Pay", payload="pay")
SITE = Button(title="Terms", url="https://shop.example/terms")


def out(*parts: Part, limits: Limits = SMS, **options: object) -> list[Part]:
    return [part for one in fit.shape(parts, limits, **options).renderings for part in one.parts]  # type: ignore[arg-type]


def lost(*parts: Part, limits: Limits = SMS) -> list[tuple[str, str]]:
    return [(loss.what, loss.became) for loss in fit.shape(parts, limits).losses]


def test_what_fits_goes_out_as_it_is() -> None:
    parts: tuple[Part, ...] = (
        Text(text="**Hi**", markdown=True),
        Media(url="/media/a.png", media="image", alt="A cat"),
        Location(latitude=1.5, longitude=2),
        QuickReplies(text="Which?", choices=SIZES[:1]),
        Buttons(text="Well?", buttons=(PAY, SITE)),
        ListPicker(text="Pick", choices=SIZES, button="Open"),
        Carousel(cards=(Card(title="Shoe", buttons=(PAY, SITE)),)),
        Form(id="f", fields=(FormField(name="a", label="A"),)),
    )
    shaped = fit.shape(parts, RICH, message_id="m1")
    assert tuple(part for one in shaped.renderings for part in one.parts) == parts
    assert shaped.losses == ()


def test_quick_replies_become_buttons_then_a_list_then_numbers() -> None:
    asked = QuickReplies(text="Which size?", choices=SIZES)
    body = "Which size?\n• Large — For tall people"
    assert out(asked, limits=Limits(quick_replies=2)) == [
        QuickReplies(text=body, choices=(SIZES[0], Choice(title="Large", payload="l")))
    ]
    assert out(asked, limits=Limits(quick_replies=1, buttons=2)) == [
        Buttons(text=body, buttons=(Button(title="Small", payload="s"), Button(title="Large", payload="l")))
    ]
    assert out(asked, limits=Limits(buttons=1, list_rows=2)) == [ListPicker(text="Which size?", choices=SIZES)]
    assert out(asked) == [Text(text="Which size?\n1. Small\n2. Large — For tall people")]
    assert lost(asked) == [("quick_replies", "numbered_text")]
    assert lost(asked, limits=Limits(buttons=2)) == [("description", "text"), ("quick_replies", "buttons")]


def test_numbers_go_on_over_all_parts_of_a_message_and_may_start_later() -> None:
    first, second = QuickReplies(text="A?", choices=SIZES[:1]), Buttons(text="B?", buttons=(PAY,))
    assert out(first, second) == [Text(text="A?\n1. Small"), Text(text="B?\n2. Pay")]
    assert out(first, first_number=5) == [Text(text="A?\n5. Small")]


def test_titles_that_are_numbers_are_not_numbered() -> None:
    guests = QuickReplies(text="Guests?", choices=tuple(Choice(title=n, payload=f"g{n}") for n in ("2", "4", "6")))
    shaped = fit.shape((guests,), SMS)
    assert shaped.renderings[0].parts == (Text(text="Guests?\n• 2\n• 4\n• 6"),)
    found = fit.match(shaped.choices, "2")
    assert found is not None
    assert found.payload == "g2"


def test_titles_that_are_numbers_and_not_unique_are_numbered_past_them() -> None:
    two = Choice(title="2", payload="a"), Choice(title="2", payload="b")
    shaped = fit.shape((QuickReplies(choices=two),), SMS)
    assert shaped.renderings[0].parts == (Text(text="3. 2\n4. 2"),)
    assert [(found.payload if (found := fit.match(shaped.choices, said)) else None) for said in ("2", "3", "4")] == [
        None,
        "a",
        "b",
    ]


def test_link_buttons_become_links_and_the_others_stay() -> None:
    both = Buttons(text="Well?", buttons=(SITE, PAY))
    assert out(both, limits=Limits(buttons=3)) == [
        Buttons(text="Well?\nTerms: https://shop.example/terms", buttons=(PAY,))
    ]
    assert out(both) == [Text(text="Well?\nTerms: https://shop.example/terms\n1. Pay")]
    assert out(Buttons(buttons=(SITE,))) == [Text(text="Terms: https://shop.example/terms")]
    assert out(Buttons(buttons=(Button(title="Map", url="/map"),)), base_url="https://shop.example/") == [
        Text(text="Map: https://shop.example/map")
    ]


def test_buttons_without_a_text_stand_under_the_line_before_or_under_their_names() -> None:
    bare = QuickReplies(choices=SIZES[:1])
    limits = Limits(quick_replies=3)
    assert out(Text(text="Which?"), bare, limits=limits) == [QuickReplies(text="Which?", choices=SIZES[:1])]
    assert out(bare, limits=limits) == [QuickReplies(text="Small", choices=SIZES[:1])]


def test_a_long_text_over_buttons_goes_ahead_of_them() -> None:
    text = "One sentence here. " * 12
    shown = out(Buttons(text=text, buttons=(PAY,)), limits=Limits(text=100, buttons=3))
    assert [part.kind for part in shown] == ["text", "text", "buttons"]
    assert isinstance(shown[2], Buttons)
    assert shown[2].text.endswith("here.")


def test_titles_are_cut_between_characters_and_kept_apart() -> None:
    family = "👨‍👩‍👧‍👦"
    choices = tuple(Choice(title=f"Delivery on {day}", payload=day) for day in ("Monday morning", "Monday evening"))
    shown = out(QuickReplies(text="?", choices=choices), limits=Limits(quick_replies=3, quick_reply_title=16))
    assert isinstance(shown[0], QuickReplies)
    assert [choice.title for choice in shown[0].choices] == ["Delivery on Mon…", "Delivery on… (2)"]
    emoji = QuickReplies(text="?", choices=(Choice(title=f"abcd{family}{family}", payload="x"),))
    shown = out(emoji, limits=Limits(quick_replies=1, quick_reply_title=15))
    assert isinstance(shown[0], QuickReplies)
    assert shown[0].choices[0].title == f"abcd{family}…"
    assert lost(emoji, limits=Limits(quick_replies=1, quick_reply_title=15)) == [("title", "cut")]


def test_a_cut_title_is_understood_in_full_and_as_shown() -> None:
    choices = tuple(Choice(title=f"Delivery on {day}", payload=day) for day in ("Monday morning", "Monday evening"))
    limits = Limits(quick_replies=3, quick_reply_title=16)
    open_choices = fit.shape((QuickReplies(text="?", choices=choices),), limits).choices
    for said in ("Delivery on… (2)", "delivery on monday evening"):
        found = fit.match(open_choices, said)
        assert found is not None
        assert found.payload == "Monday evening"


def test_equal_titles_are_kept_apart_and_each_means_what_it_shows() -> None:
    twice = QuickReplies(text="?", choices=(Choice(title="Yes", payload="a"), Choice(title="Yes", payload="b")))
    choices = fit.shape((twice,), Limits(quick_replies=3)).choices
    assert [(one.title, one.payload) for one in choices] == [("Yes", "a"), ("Yes (2)", "b")]


def test_a_payload_that_does_not_fit_travels_as_a_token_and_comes_back_whole() -> None:
    long = "order/" + "é" * 200
    shaped = fit.shape(
        (Buttons(text="?", buttons=(Button(title="Go", payload=long), PAY)),),
        Limits(buttons=3, payload=64, unit="bytes"),
        message_id="m7",
    )
    part = shaped.renderings[0].parts[0]
    assert isinstance(part, Buttons)
    sent = part.buttons[0].payload
    assert len(sent.encode()) <= 64
    assert fit.restore(shaped.choices, Tap(payload=sent, title="Go")) == Tap(payload=long, title="Go", message_id="m7")
    assert part.buttons[1].payload == "pay"
    for other in ("pay", "~", "~nothing"):
        assert fit.restore(shaped.choices, Tap(payload=other, title="Any")) == Tap(payload=other, title="Any")


def test_a_tap_that_comes_without_a_title_is_given_what_was_shown() -> None:
    """LINE sends the payload alone."""
    cards = (Card(title="Red shirt", buttons=(Button(title="Buy", payload="buy:r"),)),)
    choices = fit.shape((Carousel(cards=cards),), Limits(cards=5, card_buttons=3), message_id="m7").choices
    assert fit.restore(choices, Tap(payload="buy:r")) == Tap(payload="buy:r", title="Buy")
    assert fit.restore(choices, Tap(payload="buy:r", title="Kaufen")) == Tap(payload="buy:r", title="Kaufen")


@pytest.mark.parametrize(
    ("media", "allowed", "expected"),
    [
        ("image", {"image"}, Media(url="/media/x", media="image", alt="A cat")),
        ("gif", {"image", "gif"}, Media(url="/media/x", media="gif", alt="A cat")),
        ("audio", {"file"}, Media(url="/media/x", media="file", alt="A cat")),
        ("gif", {"image"}, Text(text="A cat: https://shop.example/media/x")),
        ("image", set(), Text(text="A cat: https://shop.example/media/x")),
    ],
)
def test_media(media: str, allowed: set[str], expected: Part) -> None:
    part = Media(url="/media/x", media=media, alt="A cat")  # type: ignore[arg-type]
    assert out(part, limits=Limits(media=frozenset(allowed)), base_url="https://shop.example") == [expected]  # type: ignore[arg-type]


def test_a_caption_that_does_not_fit_follows_as_text() -> None:
    part = Media(url="/x", media="image", alt="A long description")
    limits = Limits(media=frozenset({"image"}), caption=10)
    assert out(part, limits=limits) == [Media(url="/x", media="image"), Text(text="A long description")]
    assert lost(part, limits=limits) == [("caption", "text")]


def test_a_location_becomes_a_map_link() -> None:
    assert out(Location(latitude=40.4168, longitude=-3.7038, name="Shop", address="Sol 1")) == [
        Text(text="Shop\nSol 1\nhttps://www.openstreetmap.org/?mlat=40.4168&mlon=-3.7038#map=17/40.4168/-3.7038")
    ]


def test_a_form_is_asked_in_lines() -> None:
    form = Form(
        id="f",
        title="Receipt",
        fields=(
            FormField(name="email", label="E-mail", type="email", placeholder="you@example.org"),
            FormField(name="size", label="Size", type="select", options=SIZES),
            FormField(name="note", label=""),
        ),
    )
    assert out(form) == [Text(text="Receipt\n• E-mail (you@example.org)\n• Size (Small / Large)\n• note")]
    assert lost(form) == [("form", "text")]


CARDS = (
    Card(
        title="Shoe",
        subtitle="Red",
        image="https://shop.example/shoe.png",
        alt="A shoe",
        buttons=(Button(title="Buy", payload="b1"), SITE),
    ),
    Card(title="Hat", image="/hat.png", buttons=(Button(title="Buy", payload="b2"),)),
    Card(title="Sock"),
)


def test_a_carousel_without_cards_is_told_card_by_card() -> None:
    assert out(Carousel(cards=CARDS)) == [
        Text(text="Shoe\nRed\nhttps://shop.example/shoe.png\nTerms: https://shop.example/terms\n1. Buy"),
        Text(text="Hat\n/hat.png\n2. Buy"),
        Text(text="Sock"),
    ]


def test_a_carousel_with_pictures_and_buttons_but_no_cards() -> None:
    limits = Limits(media=frozenset({"image"}), buttons=3)
    assert out(Carousel(cards=CARDS), limits=limits) == [
        Media(url="https://shop.example/shoe.png", media="image", alt="A shoe"),
        Buttons(text="Shoe\nRed\nTerms: https://shop.example/terms", buttons=(Button(title="Buy", payload="b1"),)),
        Media(url="/hat.png", media="image"),
        Buttons(text="Hat", buttons=(Button(title="Buy", payload="b2"),)),
        Text(text="Sock"),
    ]
    alone = Carousel(cards=(Card(title="Sock", subtitle="Blue", image="/sock.png"),))
    assert out(alone, limits=limits) == [Media(url="/sock.png", media="image", alt="Sock\nBlue")]


def test_too_many_cards_make_several_carousels() -> None:
    cards = tuple(Card(title=f"Card {n}") for n in range(7))
    shown = out(Carousel(cards=cards), limits=Limits(cards=3))
    assert [len(part.cards) for part in shown if isinstance(part, Carousel)] == [3, 3, 1]


def test_a_button_that_stands_on_two_cards_is_named_with_its_card() -> None:
    choices = fit.shape((Carousel(cards=CARDS),), RICH).choices
    for said, payload in (("Buy", None), ("buy hat", "b2"), ("Shoe", "b1"), ("hat buy", "b2")):
        found = fit.match(choices, said)
        assert (found.payload if found else None) == payload


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("**Bold** and *thin* and ~~gone~~", "Bold and thin and gone"),
        ("__Bold__ and _thin_ but snake_case_name", "Bold and thin but snake_case_name"),
        ("# Title\n\n- one\n* two\n1. three", "Title\n\n• one\n• two\n1. three"),
        ("> quoted\n> twice", "quoted\ntwice"),
        ("[our shop](https://shop.example/a_b_c)", "our shop (https://shop.example/a_b_c)"),
        ("[https://shop.example](https://shop.example/)", "https://shop.example/"),
        ("[**bold** link](https://a.example)", "bold link (https://a.example)"),
        ("<https://shop.example/x_y_z>", "https://shop.example/x_y_z"),
        ("See https://shop.example/a_b_c_d*e*", "See https://shop.example/a_b_c_d*e*"),
        ("![A cat](https://a.example/cat.png)", "A cat: https://a.example/cat.png"),
        ("`a*b*c` and ```x```", "a*b*c and x"),
        ("```python\nprint('*hi*')\n```", "print('*hi*')"),
        (r"\*not bold\* and 2\_3", "*not bold* and 2_3"),
        ("5 * 3 * 2 = 30", "5 * 3 * 2 = 30"),
        ("a\n---\nb", "a\n———\nb"),
        ("***both***", "both"),
        ("nothing at all", "nothing at all"),
        ("2 > 1 and a < b", "2 > 1 and a < b"),
        ("**", "**"),
    ],
)
def test_markdown_is_readable_without_its_signs(markdown: str, plain: str) -> None:
    shown = out(Text(text=markdown, markdown=True))
    assert shown == [Text(text=plain)]
    assert lost(Text(text=markdown, markdown=True)) == ([("markdown", "text")] if plain != markdown else [])


def test_markdown_that_would_be_cut_in_two_becomes_plain() -> None:
    limits = Limits(text=60, markup="markdown")
    whole = "**First** paragraph that is rather long.\n\n*Second* paragraph, long as well."
    assert [part.text for part in out(Text(text=whole, markdown=True), limits=limits) if isinstance(part, Text)] == [
        "**First** paragraph that is rather long.",
        "*Second* paragraph, long as well.",
    ]
    torn = "**Bold words that go on and on, further and further, over the limit of one message**"
    assert all(
        "*" not in part.text for part in out(Text(text=torn, markdown=True), limits=limits) if isinstance(part, Text)
    )


def test_silence_is_never_an_answer() -> None:
    assert out(Text(text="  ")) == [Text(text="…")]
    assert out(Carousel(cards=())) == [Text(text="…")]
    assert out() == []


def test_a_loss_names_its_part() -> None:
    shaped = fit.shape((Text(text="Hi"), Location(latitude=0, longitude=0)), SMS)
    assert shaped.losses == (Loss(part=1, what="location", became="link"),)


@pytest.mark.parametrize(
    "noise", ["[", "`", "*", "_", "**a ", " __a", "~~a ", "[a](", "![a](b ", "> ", "# ", "\\", "\n", "<http://a"]
)
def test_hostile_markdown_ends_and_leaves_something(noise: str) -> None:
    # Patterns that backtrack take minutes for this: the suite's time-out would tell.
    assert out(Text(text=noise * (40_000 // len(noise)), markdown=True))
