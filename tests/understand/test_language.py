"""The language policy: the conversation's language is a prior, given up only for good reasons."""

import pytest

from orchestrator.decide.language import decide_language, pinned_by_agent, prior_of, remembered, telling_part
from orchestrator.types import Language, Spoken, Utterance
from tests.understand.wishes import ASKED

APP = ("en", "es", "it", "nl", "de", "fr", "pt", "ar", "el")
MANY = (
    "en",
    "es",
    "it",
    "nl",
    "de",
    "fr",
    "pt",
    "pl",
    "sv",
    "tr",
    "ru",
    "uk",
    "zh",
    "ja",
    "ar",
    "ko",
    "el",
    "cs",
    "da",
)
MANY += ("no", "fi", "ro", "ca")
Seen = tuple[tuple[str, float], ...]


def decided(text: str, seen: Seen = (), candidates: tuple[str, ...] = APP, **more: object) -> Language:
    return decide_language(Utterance(text=text, candidates=candidates, **more), seen)  # type: ignore[arg-type]


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


@pytest.mark.parametrize(("text", "code"), ASKED)
def test_an_explicit_wish_switches_and_pins(text: str, code: str) -> None:
    language = decided(text, prior="en" if code != "en" else "nl", candidates=MANY)
    assert (language.code, language.reason, language.confidence) == (code, "asked for", 1.0)
    assert remembered(Spoken(code="en", confidence=1.0), language) == Spoken(code=code, confidence=1.0, pinned=True)


@pytest.mark.parametrize(
    "text",
    [
        "ich spreche kein Deutsch",
        "nie mówię po polsku",
        "jag talar inte svenska",
        "я не говорю по-английски",
        "Türkçe bilmiyorum",
        "我不会说英语",
        "我用英语写的说明书看不懂",
        "英語の説明書がありません",
        "la guía está en inglés",
        "instrukcja jest po angielsku",
        "книга на английском",
        "der Verkäufer hat auf Englisch geantwortet",
        "je suis français",
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
        "I speak Italian thanks",
        "the Italian one, thanks",
    ],
)
def test_talking_about_a_language_is_no_wish(text: str) -> None:
    assert decided(text, prior="es", candidates=("es", *MANY)).reason != "asked for"


def test_a_language_the_app_does_not_have_is_not_switched_to() -> None:
    assert decided("in Chinese please", prior="es").code == "es"
    assert decided("请说中文", prior="es").code == "es"


def test_a_language_that_was_asked_for_is_left_after_another_message_in_a_row() -> None:
    spoken = Spoken(code="en", confidence=1.0, pinned=True)
    codes = []
    for _ in range(3):
        language = decided(
            "waar blijft mijn pakket", (("nl", 0.99),), prior="en", pinned=spoken.pinned, doubts=spoken.doubts
        )
        spoken = remembered(spoken, language)
        codes.append(spoken.code)
    assert codes == ["en", "nl", "nl"]
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


def test_an_agents_pin_holds_whatever_is_written_until_the_customer_asks() -> None:
    spoken = pinned_by_agent(Spoken(code="en", confidence=1.0, doubts=3), "es")
    for _ in range(5):
        language = decided(
            "waar blijft mijn pakket", (("nl", 0.99),), prior="es", by_agent=spoken.by_agent, doubts=spoken.doubts
        )
        spoken = remembered(spoken, language)
        assert (language.code, spoken.code, spoken.by_agent) == ("es", "es", True)
    assert prior_of(spoken) == "es"
    asked = remembered(spoken, decided("in het Nederlands graag", prior="es", by_agent=True))
    assert (asked.code, asked.pinned, asked.by_agent) == ("nl", True, False)
    free = pinned_by_agent(spoken, "")
    assert (free.code, free.by_agent) == ("es", False)


def test_other_letters_than_the_conversations_need_little_certainty() -> None:
    assert decided("كم سعر هذا المنتج", (("ar", 0.55),), prior="es").code == "ar"
    assert decided("πού είναι το δέμα μου", (("el", 0.6),), prior="ar").code == "el"
    assert decided("где мой заказ", (("ru", 0.55),), prior="uk", candidates=("ru", "uk")).code == "uk"


def test_romanised_messages_need_more_and_more_of_it_to_switch() -> None:
    said = {"text": "ana 3ayez arga3 el order", "prior": "ar"}
    assert decided(**said, seen=(("es", 0.98),)).code == "ar"
    assert decided(**said, seen=(("es", 0.94),), doubts=1).code == "ar"
    assert decided(**said, seen=(("es", 0.91),), doubts=2).code == "es"
    assert decided("quiero devolver el pedido", (("es", 0.999),), prior="ar").code == "es"


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Hola, my package never arrived", " my package never arrived"),
        ("こんにちは。 where is my parcel?", " where is my parcel?"),
        ("Ciao! Grazie, where is it?", " where is it?"),
        ("Hola, no", "Hola, no"),
        ("hola", "hola"),
        ("Where, please, is it?", "Where, please, is it?"),
        ("", ""),
    ],
)
def test_a_greeting_in_any_language_tells_nothing(text: str, rest: str) -> None:
    assert telling_part(text) == rest


@pytest.mark.parametrize("text", ["提醒我今天下午2点打电话", "明日の朝にアラームを2つ設定する"])
def test_numbers_between_words_without_blanks_hide_none(text: str) -> None:
    code = "zh" if "今天" in text else "ja"
    assert decided(text, ((code, 0.99),), prior="es", candidates=MANY).code == code


def test_a_name_as_the_first_message_takes_the_hint() -> None:
    assert decided("Max Müller", (("de", 0.82),), hint="es").code == "es"
    assert decided("Max Müller", (("de", 0.82),)).code == "de"
