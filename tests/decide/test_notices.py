"""What customers are told: complete and sound in every language, and open to an app's own words."""

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orchestrator import texts
from orchestrator.errors import Misconfigured
from orchestrator.texts import HOLE, LANGUAGES, PLACEHOLDERS, catalogue

VARIANTS = {"text", "first", "unknown"}


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_every_notice_with_the_same_placeholders(code: str) -> None:
    words = catalogue(code)
    assert set(words) == {"dates", *PLACEHOLDERS}
    for name, placeholders in PLACEHOLDERS.items():
        assert set(words[name]) <= VARIANTS
        assert ("unknown" in words[name]) == bool(placeholders)
        assert set(HOLE.findall(words[name]["text"])) == set(placeholders)
        for variant in ("first", "unknown"):
            assert not HOLE.findall(words[name].get(variant, ""))


@pytest.mark.parametrize("code", LANGUAGES)
def test_wordings_are_whole_sentences(code: str) -> None:
    for name in PLACEHOLDERS:
        for text in catalogue(code)[name].values():
            assert re.fullmatch(r"[\wÀ-ÿ¿¡{].*[.?!]", text)
            assert "  " not in text


@pytest.mark.parametrize("code", LANGUAGES)
def test_dates_have_seven_days_and_twelve_months(code: str) -> None:
    dates = catalogue(code)["dates"]
    assert (len(set(dates["weekdays"])), len(set(dates["months"]))) == (7, 12)
    assert set(HOLE.findall(dates["when"])) == {"weekday", "day", "month", "time"}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("en", "We're back on Friday 1 May at 09:30,"),
        ("es", "Volvemos el viernes 1 de mayo a las 09:30 y"),
        ("it", "Torniamo venerdì 1º maggio alle ore 09:30 e"),
        ("nl", "We zijn er weer op vrijdag 1 mei om 09:30 uur en"),
        ("de", "Wir sind am Freitag, 1. Mai, um 09:30 Uhr wieder"),
        ("fr", "Nous serons de retour vendredi 1er mai à 09:30 et"),
        ("pt", "Voltamos na sexta-feira, 1º de maio, às 09:30 e"),
    ],
)
def test_opening_times_are_said_in_the_time_of_the_place(code: str, said: str) -> None:
    opening = datetime(2026, 5, 1, 7, 30, tzinfo=UTC).astimezone(ZoneInfo("Europe/Madrid"))
    assert said in texts.notice("handoff_offered_closed", opens=opening)[code]


def test_the_first_in_the_queue_is_next() -> None:
    assert texts.notice("handoff_offered", position=1)["en"].endswith("You're next in the queue.")
    assert texts.notice("handoff_offered", position=2)["en"].endswith("You're number 2 in the queue.")


@pytest.mark.parametrize("missing", [{}, {"position": 0}, {"position": None}])
def test_what_is_not_known_is_not_said(missing: dict[str, Any]) -> None:
    for text in texts.notice("handoff_offered", **missing).values():
        assert not HOLE.search(text)
        assert "None" not in text


def test_only_the_languages_asked_for_and_english() -> None:
    assert set(texts.notice("resolved", languages=("es", "ja"))) == {"en", "es"}


def test_an_app_may_word_it_differently_and_in_more_languages() -> None:
    own = {"handoff_offered": {"en": "Ticket {position}!", "pl": "Numer {position}"}}
    said = texts.notice("handoff_offered", own, position=4)
    assert (said["en"], said["pl"]) == ("Ticket 4!", "Numer 4")
    assert said["es"] == texts.notice("handoff_offered", position=4)["es"]
    unknown = texts.notice("handoff_offered", own)
    assert unknown["en"].startswith("We're connecting you")
    assert "pl" not in unknown


def test_a_name_is_never_read_as_a_placeholder() -> None:
    own = {"agent_joined": {"en": "{name} is here, {name}."}}
    assert (
        texts.notice("agent_joined", own, name="{team} {0} {name}")["en"]
        == "{team} {0} {name} is here, {team} {0} {name}."
    )


def test_braces_around_anything_but_a_known_word_are_just_braces() -> None:
    own = {"agent_joined": {"en": "{name}: {name.__class__} {name!r} {"}}
    assert texts.notice("agent_joined", own, name="Ana")["en"] == "Ana: {name.__class__} {name!r} {"


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (
            {"handof_offered": {"en": "x"}},
            "texts.handof_offered: there is no notice 'handof_offered'; did you mean 'handoff_offered'?",
        ),
        ({"resolved": {"en": "Bye {name}"}}, "texts.resolved.en: {name} is not filled in here; known: none"),
        ({"agent_joined": {"en": "Hi {}"}}, "{} is not filled in here; known: {name}"),
        ({"resolved": {"es": "  "}}, "texts.resolved.es: is empty"),
    ],
)
def test_own_words_are_checked_at_start(own: dict[str, dict[str, str]], said: str) -> None:
    with pytest.raises(Misconfigured, match=re.escape(said)):
        texts.check(own)


def test_sound_words_pass() -> None:
    texts.check({"agent_joined": {"en": "{name} here"}, "resolved": {"pl": "Koniec"}})


def test_a_notice_there_is_not() -> None:
    with pytest.raises(KeyError):
        texts.notice("nope")
