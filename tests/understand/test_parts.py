"""Every word a person reads is translated, and nothing a program does."""

from orchestrator import codec
from orchestrator.types import (
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    Form,
    FormAnswer,
    FormField,
    ListPicker,
    Location,
    Media,
    Part,
    QuickReplies,
    Tap,
    Text,
    Unsupported,
)
from orchestrator.understand.parts import with_words, words_of

EVERYTHING: tuple[Part, ...] = (
    Text(text="W01", markdown=True),
    Media(url="/media/u", media="image", mime="image/png", name="n.png", alt="W02"),
    Location(latitude=1.0, longitude=2.0, name="keep", address="keep"),
    Buttons(text="W03", buttons=(Button(title="W04", payload="P"), Button(title="W05", url="https://u.example"))),
    QuickReplies(text="W06", choices=(Choice(title="W07", payload="P", description="W08", image="/i"),)),
    ListPicker(text="W09", button="W10", choices=(Choice(title="W11", payload="P"),)),
    Carousel(
        cards=(Card(title="W12", subtitle="W13", image="/i", alt="W14", buttons=(Button(title="W15", payload="P"),)),)
    ),
    Form(
        id="keep",
        title="W16",
        submit="W17",
        fields=(
            FormField(name="keep", label="W18", placeholder="W19", type="email"),
            FormField(
                name="keep2", label="W20", type="select", options=(Choice(title="W21", payload="P", description="W22"),)
            ),
        ),
    ),
    Tap(payload="P", title="W23", message_id="keep"),
    FormAnswer(form_id="keep", values={"keep": "keep"}),
    Unsupported(what="keep", note="keep"),
)


def test_every_text_is_found_once_and_put_back_in_its_place() -> None:
    words = words_of(EVERYTHING)
    assert sorted(words) == [f"W{number:02}" for number in range(1, 24)]
    translated = with_words(EVERYTHING, [f"[{word}]" for word in words])
    before, after = codec.parts.dump(EVERYTHING).decode(), codec.parts.dump(translated).decode()
    for word in words:
        before = before.replace(f'"{word}"', f'"[{word}]"')
    assert after == before


def test_what_has_no_translation_stays() -> None:
    words = words_of(EVERYTHING)
    assert with_words(EVERYTHING, [None] * len(words)) == EVERYTHING


def test_empty_texts_are_not_asked_about() -> None:
    parts = (Text(text=""), QuickReplies(choices=(Choice(title=" ", payload="P"),)))
    assert words_of(parts) == []
    assert with_words(parts, []) == parts
