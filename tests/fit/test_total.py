"""What must hold for any message on any channel."""

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator import fit
from orchestrator.fit import gsm
from orchestrator.fit.measure import boundary, size
from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    Form,
    FormAnswer,
    FormField,
    Limits,
    ListPicker,
    Location,
    Media,
    Part,
    QuickReplies,
    Shaped,
    Tap,
    Template,
    Text,
    Unsupported,
)

EMOJI = st.sampled_from(["👍🏽", "👨‍👩‍👧‍👦", "🇪🇸🇮🇹", "é", "2️⃣", "한국", "e\u0301", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"])
WORDS = st.text(max_size=30) | EMOJI
LINKS = st.sampled_from(["https://shop.example/a/b?c=d", "/media/x.png", "https://shop.example/" + "y" * 90])
TEXTS = st.lists(WORDS | LINKS, max_size=12).map(" ".join)
TITLES = (
    st.sampled_from(["Yes", "No", "Buy", "2", "2 nights", "Sí, por favor", "A rather long title to be cut"]) | WORDS
)
PAYLOADS = st.text(max_size=12) | st.text("abcdef", min_size=200, max_size=300)
CHOICES = st.lists(
    st.builds(Choice, title=TITLES, payload=PAYLOADS, description=WORDS, image=st.just("") | LINKS), max_size=15
).map(tuple)
BUTTONS = st.lists(
    st.builds(Button, title=TITLES, payload=PAYLOADS) | st.builds(Button, title=TITLES, url=LINKS), max_size=6
).map(tuple)
CARDS = st.lists(
    st.builds(Card, title=TITLES, subtitle=TEXTS, image=st.just("") | LINKS, alt=WORDS, buttons=BUTTONS), max_size=5
).map(tuple)
KINDS = st.sampled_from(["image", "gif", "audio", "video", "file"])
MIMES = st.sampled_from(["", "image/png", "image/jpeg; q=1", "video/mp4"])
FIELDS = st.builds(
    FormField,
    name=WORDS,
    label=WORDS,
    type=st.sampled_from(["text", "select"]),
    placeholder=WORDS,
    options=CHOICES,
)
PARTS = st.one_of(
    st.builds(Text, text=TEXTS, markdown=st.booleans()),
    st.builds(Text, text=st.text("*_`[]()#>- ab\n\\~", max_size=60), markdown=st.just(True)),
    st.builds(Media, url=LINKS, media=KINDS, alt=TEXTS, name=WORDS, mime=MIMES, size=st.integers(0, 4000)),
    st.builds(Location, latitude=st.floats(), longitude=st.floats(-180, 180), name=WORDS, address=WORDS),
    st.builds(Buttons, buttons=BUTTONS, text=TEXTS),
    st.builds(QuickReplies, choices=CHOICES, text=TEXTS),
    st.builds(ListPicker, choices=CHOICES, text=TEXTS, button=WORDS),
    st.builds(Carousel, cards=CARDS),
    st.builds(Form, id=WORDS, fields=st.lists(FIELDS, max_size=4).map(tuple), title=WORDS, submit=WORDS),
    st.builds(Template, name=WORDS, text=TEXTS),
    st.builds(Tap, payload=WORDS, title=WORDS),
    st.builds(FormAnswer, form_id=WORDS, values=st.dictionaries(WORDS, WORDS, max_size=3)),
    st.builds(Unsupported, what=WORDS, note=WORDS),
)
MESSAGES = st.lists(PARTS, min_size=1, max_size=4).map(tuple)
UNITS = st.sampled_from(["characters", "utf16", "bytes", "gsm7"])
COUNTS = st.integers(0, 12)
LENGTHS = st.integers(0, 40)
LIMITS = st.builds(
    Limits,
    text=st.integers(10, 200),
    unit=UNITS,
    title_unit=st.none() | UNITS,
    markup=st.sampled_from(["none", "markdown"]),
    quick_replies=COUNTS,
    quick_reply_title=LENGTHS,
    buttons=COUNTS,
    button_title=LENGTHS,
    link_buttons=st.booleans(),
    list_rows=COUNTS,
    list_title=LENGTHS,
    list_description=LENGTHS,
    cards=COUNTS,
    card_title=LENGTHS,
    card_subtitle=LENGTHS,
    card_buttons=COUNTS,
    form=st.booleans(),
    location=st.booleans(),
    media=st.frozensets(KINDS),
    media_bytes=st.dictionaries(KINDS, st.integers(0, 2000)),
    media_mimes=st.dictionaries(KINDS, st.frozensets(MIMES)),
    caption=LENGTHS,
    payload=st.integers(0, 80),
)


@given(MESSAGES, LIMITS)
@settings(max_examples=200, deadline=None)
def test_something_in_something_out_and_nothing_over_its_limit(parts: tuple[Part, ...], limits: Limits) -> None:
    shaped = fit.shape(parts, limits, message_id="m")
    assert shaped.renderings
    for rendering in shaped.renderings:
        assert len(rendering.parts) == 1
        check(rendering.parts[0], limits)


@given(MESSAGES, LIMITS)
@settings(max_examples=200, deadline=None)
def test_every_choice_stays_within_reach(parts: tuple[Part, ...], limits: Limits) -> None:
    shaped = fit.shape(parts, limits, message_id="m")
    offered = [payload for part in parts for payload in payloads(part)]
    reachable = tapped(shaped) | numbered(shaped) | named(shaped)
    assert set(offered) <= reachable


@given(TEXTS, st.integers(10, 120), UNITS)
def test_splitting_loses_only_white_space_and_cuts_between_characters(text: str, limit: int, unit: str) -> None:
    limits = Limits(text=limit, unit=unit)  # type: ignore[arg-type]
    shaped = fit.shape((Text(text=text),), limits)
    pieces = [rendering.parts[0].text for rendering in shaped.renderings]  # type: ignore[union-attr]
    text = gsm.plainer(text) if unit == "gsm7" else text
    if text.split():
        assert "".join("".join(piece.split()) for piece in pieces) == "".join(text.split())
    for piece in pieces:
        at = text.find(piece) + len(piece)
        longest = max(map(len, "".join(text).split()), default=0)
        if text.count(piece) == 1 and at < len(text) and longest * 4 < limit:
            assert boundary(text, at)


WHOLE = st.sampled_from(
    ["https://a.example/b?c=d&e=f#g", "ada@example.org", "&amp;", "12,345.67", "👨‍👩‍👧‍👦", "www.a.example/x_y"]
)
GLUE = st.sampled_from([" ", "，", "。", "\n", ". ", "请看"])


@given(
    st.lists(st.tuples(WHOLE, GLUE, st.text("你好我们 再见ab", max_size=30)), max_size=20), st.integers(75, 140), UNITS
)
def test_addresses_entities_amounts_and_characters_stay_whole(
    found: list[tuple[str, str, str]], limit: int, unit: str
) -> None:
    text = "".join(f"{thing}{glue}{words}{glue}" for thing, glue, words in found)
    shaped = fit.shape((Text(text=text),), Limits(text=limit, unit=unit))  # type: ignore[arg-type]
    pieces = [rendering.parts[0].text for rendering in shaped.renderings]  # type: ignore[union-attr]
    for thing in {thing for thing, _, _ in found}:
        assert sum(piece.count(thing) for piece in pieces) == text.count(thing)


@given(st.lists(st.builds(Choice, title=TITLES, payload=PAYLOADS), max_size=9).map(tuple), st.text(max_size=20))
def test_matching_anything_never_raises(choices: tuple[Choice, ...], text: str) -> None:
    shaped = fit.shape((QuickReplies(choices=choices, text="?"),), Limits())
    found = fit.match(shaped.choices, text)
    assert found is None or found in shaped.choices


def check(part: Part, limits: Limits) -> None:
    match part:
        case Text():
            assert part.text.strip()
            within(part.text, limits.text, limits)
        case QuickReplies() | Buttons() | ListPicker():
            within(part.text, limits.text, limits)
            check_choices(part, limits)
        case Carousel():
            assert len(part.cards) <= limits.cards
            for card in part.cards:
                assert size(card.title, limits.title_unit or limits.unit) <= limits.card_title
                assert size(card.subtitle, limits.title_unit or limits.unit) <= limits.card_subtitle
                check_buttons(card.buttons, limits.card_buttons, limits)
        case Media():
            assert part.media in limits.media
            assert part.size <= (limits.media_bytes.get(part.media) or part.size)
            within(part.alt, limits.caption, limits)
        case Location() | Form():
            assert limits.location if part.kind == "location" else limits.form
        case _:
            raise AssertionError(f"{part.kind} is not for a channel")


def check_choices(part: QuickReplies | Buttons | ListPicker, limits: Limits) -> None:
    match part:
        case QuickReplies(choices=choices):
            assert len(choices) <= limits.quick_replies
            titles([choice.title for choice in choices], limits.quick_reply_title, limits)
            carried([choice.payload for choice in choices], limits)
        case ListPicker(choices=choices):
            assert size(part.button, limits.title_unit or limits.unit) <= limits.button_title
            assert len(choices) <= limits.list_rows
            titles([choice.title for choice in choices], limits.list_title, limits)
            carried([choice.payload for choice in choices], limits)
            assert all(size(choice.description, limits.unit) <= limits.list_description for choice in choices)
        case Buttons():
            check_buttons(part.buttons, limits.buttons, limits)


def check_buttons(buttons: tuple[Button, ...], most: int, limits: Limits) -> None:
    assert len(buttons) <= most
    assert limits.link_buttons or not any(button.url for button in buttons)
    titles([button.title for button in buttons], limits.button_title, limits)
    carried([button.payload for button in buttons], limits)


def within(text: str, limit: int, limits: Limits) -> None:
    assert size(text, limits.unit) <= limit


def titles(shown: list[str], limit: int, limits: Limits) -> None:
    assert all(shown)
    assert len(set(shown)) == len(shown)
    assert all(size(title, limits.title_unit or limits.unit) <= limit for title in shown)


def carried(values: list[str], limits: Limits) -> None:
    for value in values:
        assert size(value, "bytes") <= limits.payload


def payloads(part: Part) -> list[str]:
    match part:
        case QuickReplies(choices=choices) | ListPicker(choices=choices):
            return [choice.payload or choice.title for choice in choices]
        case Buttons(buttons=buttons):
            return [button.payload or button.title for button in buttons if not button.url]
        case Carousel(cards=cards):
            return [button.payload or button.title for card in cards for button in card.buttons if not button.url]
        case _:
            return []


def tapped(shaped: Shaped) -> set[str]:
    """What tapping each native button, reply or row sends back."""
    sent = [payload for rendering in shaped.renderings for part in rendering.parts for payload in raw(part)]
    return {fit.restore(shaped.choices, Tap(payload=payload)).payload for payload in sent}


def raw(part: Part) -> list[str]:
    match part:
        case QuickReplies(choices=choices) | ListPicker(choices=choices):
            return [choice.payload for choice in choices]
        case Buttons(buttons=buttons):
            return [button.payload for button in buttons if not button.url]
        case Carousel(cards=cards):
            return [button.payload for card in cards for button in card.buttons if not button.url]
        case _:
            return []


def numbered(shaped: Shaped) -> set[str]:
    found = [fit.match(shaped.choices, f"{choice.number}.") for choice in shaped.choices if choice.number]
    return {choice.payload for choice in found if choice}


def named(shaped: Shaped) -> set[str]:
    found = [fit.match(shaped.choices, choice.title) for choice in shaped.choices]
    return {choice.payload for choice in found if choice}
