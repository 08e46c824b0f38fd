"""langid and langdetect: real models, offline, on what detectors trip over."""

import asyncio
import csv
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nlp import langdetect, langid
from nlp.langid import load_models
from nlp.langid.scripts import fitting
from nlp.langid.words import folded, load_words
from orchestrator.decide.language import decide_language
from orchestrator.ports import Stage
from orchestrator.types import Language, Understanding, Utterance
from orchestrator.understand.guard import plain_words

DATA = Path(__file__).parent / "data"
APP = ("en", "es", "it", "nl", "de", "fr", "pt", "pl", "sv", "tr", "ru", "uk", "ar", "el", "zh", "ja")
BLANK = Understanding(language=Language(code=""))
TRICKY = [
    row
    for row in csv.DictReader(
        (DATA / "tricky.tsv").read_text(encoding="utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE
    )
    if row["direction"] == "in"
]
ROMANISED = list(csv.DictReader((DATA / "romanised.tsv").read_text(encoding="utf-8").splitlines(), delimiter="\t"))
SENTENCES = [
    ("en", "Where is the parcel I ordered last week?"),
    ("es", "¿Dónde está el paquete que pedí la semana pasada?"),
    ("it", "Dov'è il pacco che ho ordinato la settimana scorsa?"),
    ("nl", "Waar is het pakje dat ik vorige week besteld heb?"),
    ("de", "Wo ist das Paket, das ich letzte Woche bestellt habe?"),
    ("fr", "Où est le colis que j'ai commandé la semaine dernière ?"),
    ("pt", "Onde está a encomenda que fiz na semana passada?"),
    ("pl", "Gdzie jest paczka, którą zamówiłem w zeszłym tygodniu?"),
    ("sv", "Var är paketet som jag beställde förra veckan?"),
    ("tr", "Geçen hafta sipariş ettiğim paket nerede?"),
    ("ru", "Где посылка, которую я заказал на прошлой неделе?"),
    ("uk", "Де посилка, яку я замовив минулого тижня?"),
    ("ar", "أين الطرد الذي طلبته الأسبوع الماضي؟"),
    ("el", "Πού είναι το δέμα που παρήγγειλα την περασμένη εβδομάδα;"),
    ("zh", "我上周订的包裹在哪里？"),
    ("ja", "先週注文した荷物はどこですか？"),
]
SHORT = [
    ("es", "hola"),
    ("es", "gracias"),
    ("it", "ciao grazie"),
    ("it", "dov'e"),
    ("nl", "dank je wel"),
    ("nl", "ik heb een vraag"),
    ("de", "guten tag"),
    ("fr", "bonjour"),
    ("pt", "obrigado"),
    ("pl", "dziękuję"),
    ("sv", "tack så mycket"),
    ("tr", "siparisim nerede"),
    ("zh", "你好"),
    ("ja", "はい"),
    ("ar", "نعم"),
    ("ru", "привет"),
    ("uk", "привіт"),
    ("el", "γεια"),
]


@pytest.fixture
async def detector() -> AsyncIterator[Stage]:
    stage = langid.Langid(langid.Settings())
    await stage.open()
    yield stage
    await stage.close()


async def seen(stage: Stage, text: str, candidates: tuple[str, ...] = APP) -> Language:
    return (await stage.read(Utterance(text=text, candidates=candidates), BLANK)).language


@pytest.mark.parametrize(("code", "text"), SENTENCES)
async def test_sentences(detector: Stage, code: str, text: str) -> None:
    found = await seen(detector, text)
    assert found.code == code
    assert found.confidence >= 0.9
    assert (await seen(detector, text.upper())).code == code


@pytest.mark.parametrize(("code", "text"), SHORT)
async def test_short_messages(detector: Stage, code: str, text: str) -> None:
    assert (await seen(detector, text)).code == code


@pytest.mark.parametrize("row", TRICKY, ids=lambda row: row["id"])
async def test_tricky_messages_hold_the_right_language(detector: Stage, row: dict[str, str]) -> None:
    words = plain_words(row["text"])
    detected = (await seen(detector, words)).seen if any(char.isalpha() for char in words) else ()
    said = Utterance(text=row["text"], prior=row["conv_lang"], candidates=APP)
    assert decide_language(said, detected).code == row["lang_after"]


@pytest.mark.parametrize("row", ROMANISED, ids=lambda row: row["text"])
async def test_romanised_messages_never_switch(detector: Stage, row: dict[str, str]) -> None:
    app = (*APP, row["lang"])
    detected = (await seen(detector, row["text"], app)).seen
    for doubts in (0, 1):
        said = Utterance(text=row["text"], prior=row["lang"], candidates=app, doubts=doubts)
        assert decide_language(said, detected).code == row["lang"]


@pytest.mark.parametrize(
    "text",
    [
        "privet, gde moy zakaz",
        "marhaba, wayn al talab",
        "konnichiwa, nimotsu wa doko desu ka",
        "nihao, dingdan zai nali",
    ]
    + ["mera order kab aayega", "kalimera, pou einai to dema mou", "annyeonghaseyo, baesong eonje wayo"],
)
async def test_romanised_messages_never_switch_a_conversation_in_latin_letters(detector: Stage, text: str) -> None:
    for candidates in (APP, tuple(code for code in APP if code not in ("ru", "ar", "ja", "zh", "el"))):
        detected = (await seen(detector, text, candidates)).seen
        for prior in ("en", "es"):
            for doubts in (0, 1, 2):
                said = Utterance(text=text, prior=prior, candidates=candidates, doubts=doubts)
                assert decide_language(said, detected).code == prior


async def test_romanised_messages_are_told_when_nothing_else_is_known(detector: Stage) -> None:
    detected = (await seen(detector, "privet, gde moy zakaz", APP)).seen
    assert decide_language(Utterance(text="privet, gde moy zakaz", candidates=APP), detected).code == "ru"
    english = Utterance(text="privet, gde moy zakaz", candidates=APP, hint="en")
    assert decide_language(english, detected).code == "en"


async def test_neighbours_are_told_apart_by_their_own_words(detector: Stage) -> None:
    near = ("da", "no", "sv", "ru", "uk", "es", "pt")
    for code, text in (
        ("da", "Hvad koster det?"),
        ("no", "Hva koster det?"),
        ("da", "Jeg har ikke fået nogen pakke endnu"),
        ("no", "Jeg har ikke fått noen pakke ennå"),
        ("uk", "Коли прийде моє замовлення"),
        ("ru", "Когда придет мой заказ"),
        ("pt", "quando chega o meu pedido"),
        ("es", "cuándo llega mi pedido"),
    ):
        assert (await seen(detector, text, near)).code == code


async def test_a_relative_that_the_app_does_not_have_is_read_as_its_neighbour(detector: Stage) -> None:
    for code, text in (
        ("zh", "哦好玩，你觉得怎么样？"),
        ("zh", "设置下周妈妈来探访的提醒"),
        ("nl", "Hoe gaan dit met jou vandag?"),
    ):
        found = await seen(detector, text)
        assert found.code == code
        assert found.confidence >= 0.5


async def test_quotes_and_greetings_in_other_letters_tell_nothing(detector: Stage) -> None:
    assert (await seen(detector, 'zet "The Best of Tuesday Night" klaar voor morgen')).code == "nl"
    assert (await seen(detector, "مع السلامة, Kiedy możemy jeść?")).code == "pl"


async def test_a_word_of_several_languages_is_not_sure(detector: Stage) -> None:
    for word in ("no", "ok", "hallo", "super"):
        assert (await seen(detector, word)).confidence < 0.8


async def test_a_lone_word_that_is_not_listed_is_no_evidence(detector: Stage) -> None:
    for name in ("Tom", "Xavier", "Wojciech", "Giuseppe"):
        assert (await seen(detector, name)).confidence <= 0.6


async def test_a_language_that_was_not_asked_about_is_never_sure(detector: Stage) -> None:
    for text in ("Missä tilaukseni on, en ole saanut sitä", "Gdje je moja narudžba od prošlog tjedna"):
        assert (await seen(detector, text, ("en", "es", "it", "nl"))).confidence < 0.9


async def test_only_candidates_are_found(detector: Stage) -> None:
    assert (await seen(detector, "Wo ist meine Bestellung?", ("en", "nl"))).code in ("en", "nl")
    assert (await seen(detector, "Где мой заказ?", ("en", "nl"))).code == ""
    assert (await seen(detector, "Где мой заказ?", ("en",))).code == ""
    assert (await seen(detector, "no such language", ("en", "tlh"))).code == "en"


@pytest.mark.parametrize("text", ["", "12345", "👍", "!!!", "\x00", "\ud800"])
async def test_what_has_no_letters_is_left_alone(detector: Stage, text: str) -> None:
    assert (await seen(detector, text)).code == ""


async def test_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **more: object) -> None:
        raise AssertionError("a detector opened a socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    load_models.cache_clear()
    stage = langid.Langid(langid.Settings())
    await stage.open()
    assert (await seen(stage, "Where is my parcel, please?")).code == "en"


async def test_many_at_once_do_not_mix(detector: Stage) -> None:
    asked = [SENTENCES[n % 7] for n in range(300)]
    sets = [("en", "es", "it", "nl", "de", "fr", "pt"), APP]
    found = await asyncio.gather(*(seen(detector, text, sets[n % 2]) for n, (_, text) in enumerate(asked)))
    assert [one.code for one in found] == [code for code, _ in asked]


async def test_before_it_is_open_it_says_so() -> None:
    with pytest.raises(Exception, match="not open"):
        await seen(langid.Langid(langid.Settings()), "hello there")


def test_letters_tell_what_languages_are_possible() -> None:
    assert fitting("Где", APP) == ("ru", "uk")
    assert fitting("注文", APP) == ("zh", "ja")
    assert fitting("注文は", APP) == ("ja",)
    assert fitting("OK 注", APP) == APP
    assert fitting("abc", APP) == APP
    assert fitting("123", APP) == ()


def test_listed_words_are_found_without_accents_and_apostrophes() -> None:
    words = load_words()
    assert folded("DOV’È") == "dov'e"
    assert words.evidence("Buenos dias")["es"] == 1.0
    assert set(words.evidence("no")) >= {"en", "es", "it"}
    assert words.evidence("this is a rather long sentence with words") == {}


async def test_langdetect_is_seeded_restricted_and_never_raises() -> None:
    stage = langdetect.Langdetect(langdetect.Settings())
    await stage.open()
    try:
        for code, text in SENTENCES:
            if code in ("en", "es", "it", "nl", "de", "fr", "pt", "zh"):
                found = {await seen(stage, text, ("en", "es", "it", "nl", "de", "fr", "pt", "zh")) for _ in range(3)}
                assert [one.code for one in found] == [code]
        for text in ("", "12345", "👍", "!!!"):
            assert (await seen(stage, text)).code == ""
        assert (await seen(stage, "Wo ist meine Bestellung?", ("en", "nl"))).code in ("en", "nl")
        assert (await seen(stage, "Where is it?", ("tlh",))).code == ""
    finally:
        await stage.close()
