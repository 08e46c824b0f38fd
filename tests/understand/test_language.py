"""The language policy: the conversation's language is a prior, given up only for good reasons."""

import pytest

from orchestrator.decide.language import decide_language, prior_of, remembered
from orchestrator.types import Language, Spoken, Utterance

APP = ("en", "es", "it", "nl", "de", "fr", "pt", "ar", "el")
Seen = tuple[tuple[str, float], ...]


def decided(text: str, seen: Seen = (), **more: object) -> Language:
    return decide_language(Utterance(text=text, candidates=APP, **more), seen)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "seen", "code", "reason"),
    [
        ("¿Dónde está mi pedido?", (("es", 0.99),), "es", "switched"),
        ("¿Dónde está mi pedido?", (("es", 0.89), ("en", 0.1)), "en", "prior"),
        ("gracias", (("es", 0.99),), "en", "too little to tell"),
        ("muchas gracias", (("es", 0.99),), "en", "too little to tell"),
        ("buenos días", (("es", 0.99),), "en", "too little to tell"),
        ("Max Müller", (("de", 0.99),), "en", "a name"),
        ("12345", (), "en", "no words"),
        ("👍", (), "en", "no words"),
        ("https://shop.example.com/es/carrito #A-99812", (("es", 0.99),), "en", "no words"),
        ("where is it", (("en", 0.97),), "en", "detected"),
    ],
)
def test_with_a_prior(text: str, seen: Seen, code: str, reason: str) -> None:
    language = decided(text, seen, prior="en")
    assert (language.code, language.reason) == (code, reason)


def test_taps_and_forms_never_switch_and_never_ask() -> None:
    for text in ("¿Dónde está mi pedido?", "en español por favor"):
        language = decided(text, (("es", 1.0),), prior="en", typed=False)
        assert (language.code, language.reason) == ("en", "not typed")


def test_latin_letters_in_a_conversation_without_them_are_mostly_no_switch() -> None:
    assert decided("ana el order", (("es", 0.95),), prior="ar").code == "ar"
    assert decided("pou einai i paraggelia mou", (("de", 0.92),), prior="el").code == "el"
    assert decided("where is my order please", (("en", 0.99),), prior="ar").code == "en"


def test_a_second_doubt_needs_less() -> None:
    seen: Seen = (("it", 0.7), ("en", 0.2))
    assert decided("il pacco rotto", seen, prior="en").code == "en"
    assert decided("il pacco rotto", seen, prior="en", doubts=1).code == "it"
    assert decided("grazie", (("it", 0.95),), prior="en", doubts=1).code == "it"


@pytest.mark.parametrize(
    ("text", "seen", "hint", "code", "reason"),
    [
        ("Hola, ¿cuánto cuesta el envío?", (("es", 0.99),), "en", "es", "detected"),
        ("hola", (("es", 0.87),), "", "es", "detected"),
        ("no", (("en", 0.4), ("es", 0.3)), "es-MX", "es", "hint"),
        ("Tom", (("en", 0.3),), "it", "it", "hint"),
        ("12345", (), "nl", "nl", "hint"),
        ("12345", (), "", "en", "nothing to tell by"),
        ("12345", (), "ja", "en", "nothing to tell by"),
        ("hm", (("nl", 0.4),), "", "nl", "detected, unsure"),
    ],
)
def test_a_first_message(text: str, seen: Seen, hint: str, code: str, reason: str) -> None:
    language = decided(text, seen, hint=hint)
    assert (language.code, language.reason) == (code, reason)


ASKED = [
    ("in English please", "en"),
    ("English, please", "en"),
    ("please speak English", "en"),
    ("can we speak English?", "en"),
    ("switch to English", "en"),
    ("en español por favor", "es"),
    ("Hola, en español por favor", "es"),
    ("¿Podemos hablar en español?", "es"),
    ("prefiero inglés", "en"),
    ("cambia a inglés", "en"),
    ("auf Deutsch", "de"),
    ("Können wir bitte auf Deutsch schreiben?", "de"),
    ("können wir Deutsch sprechen", "de"),
    ("in italiano per favore", "it"),
    ("possiamo parlare in italiano", "it"),
    ("passa all'inglese", "en"),
    ("in het Nederlands graag", "nl"),
    ("liever Nederlands", "nl"),
    ("kunnen we Nederlands praten", "nl"),
    ("en français s'il vous plaît", "fr"),
    ("peut-on parler français", "fr"),
    ("em português por favor", "pt"),
    ("I don't speak English, can we talk in Spanish?", "es"),
]


@pytest.mark.parametrize(("text", "code"), ASKED)
def test_an_explicit_wish_switches_and_pins(text: str, code: str) -> None:
    language = decided(text, prior="en" if code != "en" else "nl")
    assert (language.code, language.reason, language.confidence) == (code, "asked for", 1.0)
    assert remembered(Spoken(code="en", confidence=1.0), language) == Spoken(code=code, confidence=1.0, pinned=True)


@pytest.mark.parametrize(
    "text",
    [
        "¿Habla alguien alemán?",
        "Do you speak German?",
        "I don't speak German",
        "no hablo alemán",
        "I want the manual in German",
        "I bought an Italian pizza",
        "Italian",
        "Can you change my Italian order",
        "can i talk to someone who speaks German",
        "How do I say hello in French?",
        "the dutch guy who delivers",
        "in Chinese please",
    ],
)
def test_talking_about_a_language_is_no_wish(text: str) -> None:
    assert decided(text, prior="es").reason != "asked for"


def test_a_pinned_language_is_left_only_after_two_other_messages() -> None:
    spoken = Spoken(code="en", confidence=1.0, pinned=True)
    codes = []
    for _ in range(3):
        language = decided(
            "waar blijft mijn pakket", (("nl", 0.99),), prior="en", pinned=spoken.pinned, doubts=spoken.doubts
        )
        spoken = remembered(spoken, language)
        codes.append(spoken.code)
    assert codes == ["en", "en", "nl"]
    assert not spoken.pinned


def test_what_a_conversation_remembers() -> None:
    firm = Spoken(code="es", confidence=0.95)
    assert remembered(firm, Language(code="es", confidence=0.9, reason="detected")) == firm
    doubted = remembered(firm, Language(code="es", confidence=0.1, reason="prior"))
    assert doubted.doubts == 1
    assert remembered(doubted, Language(code="es", reason="no words")).doubts == 1
    assert remembered(doubted, Language(code="es", confidence=0.9, reason="detected")).doubts == 0
    assert remembered(doubted, Language(code="it", confidence=0.97, reason="switched")) == Spoken(
        code="it", confidence=0.97
    )


def test_a_guess_is_no_prior() -> None:
    assert prior_of(Spoken(code="en", confidence=0.4)) == ""
    assert prior_of(Spoken(code="en", confidence=0.95)) == "en"
    assert prior_of(Spoken(code="en", pinned=True)) == "en"


def test_a_prior_the_app_no_longer_offers_is_none() -> None:
    assert decided("hola", (("es", 0.9),), prior="ja").code == "es"
