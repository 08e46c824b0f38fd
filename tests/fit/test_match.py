"""What a customer types, and the choice it stands for."""

import pytest

from orchestrator import fit
from orchestrator.types import OpenChoice

SIZES = tuple(
    OpenChoice(title=title, payload=title.lower(), number=number, message_id="m1")
    for number, title in enumerate(("Small", "Medium", "Extra large", "Sí, por favor", "Order 1234"), 1)
)


def picked(said: str, choices: tuple[OpenChoice, ...] = SIZES) -> str | None:
    found = fit.match(choices, said)
    return found.payload if found else None


@pytest.mark.parametrize(
    "said",
    [
        *("2", "2.", " 2 ", "2)", "(2)", "#2", "2!", "2️⃣", "②", "２", "٢", "nr. 2", "No. 2", "number 2", "Option 2"),
        *(
            "two",
            "Two.",
            "dos",
            "due",
            "twee",
            "zwei",
            "deux",
            "dois",
            "duas",
            "opción dos",
            "l'opzione due",
            "optie 2",
        ),
        *(
            "2nd",
            "2º",
            "2ª",
            "2e",
            "the second",
            "the second one",
            "el segundo",
            "la segunda",
            "il secondo",
            "la deuxième",
        ),
        *("de tweede", "der zweite", "a segunda", "number two please", "la 2", "2, por favor"),
    ],
)
def test_a_number_however_it_is_written(said: str) -> None:
    assert picked(said) == "medium"


@pytest.mark.parametrize(
    ("said", "payload"),
    [
        ("Small", "small"),
        ("SMALL!", "small"),
        ("small", "small"),
        ("smal", "small"),
        ("samll", "small"),
        ("meduim", "medium"),
        ("Extra  large", "extra large"),
        ("extra-large", "extra large"),
        ("extra lrage", "extra large"),
        ("si por favor", "sí, por favor"),
        ("order 1234", "order 1234"),
        ("oder 1234", "order 1234"),
    ],
)
def test_a_title_in_any_case_and_with_a_slip(said: str, payload: str) -> None:
    assert picked(said) == payload


@pytest.mark.parametrize(
    "said",
    [
        *("", " ", "?", "6", "0", "99", "-2", "2.5", "2/3", "2€", "2 %", "€2", "+2", "1 2", "12", "two or three", "no"),
        *("once", "um", "the", "smart", "mall", "all", "order 1235", "order 124", "order", "I want two of them"),
        *(
            "How much is Small?",
            "Small or medium",
            "not small",
            "large",
            "extra",
            "2 nights",
            "x" * 10_000,
            "2" * 10_000,
        ),
    ],
)
def test_anything_else_is_left_to_the_bot(said: str) -> None:
    assert picked(said) is None


@pytest.mark.parametrize(
    "said",
    [
        *(
            "no one",
            "No.",
            "no, please",
            "a second",
            "a second please",
            "one second",
            "just a second",
            "one moment please",
        ),
        *("the one", "that one", "the other one", "007", "02", "$2", "2 pm", "2x2", "10:30", "1-2", "for two people"),
        *(
            "prima",
            "prima!",
            "un momento",
            "un segundo por favor",
            "eine Frage",
        ),
        *("ein Moment bitte", "une minute", "een vraag", "um momento", "un secondo", "tot ziens", "no uno"),
        *("I can't come", "I dont agree", "It isn't paid", "Smaller", "Mediums please", "Extra lager beer", "bordure"),
    ],
)
def test_what_people_say_is_no_choice(said: str) -> None:
    titles = ("I can come", "I do agree", "It is paid", "Small", "Medium", "Extra large", "Order", "Help")
    numbered = tuple(OpenChoice(title=title, payload=title, number=n) for n, title in enumerate(titles, 1))
    assert picked(said, numbered) is None


@pytest.mark.parametrize(
    ("said", "payload"),
    [("la segunda", "2"), ("die fünfte", "5"), ("a quarta", "4"), ("la prima", "1"), ("le troisième", "3"),
     ("il settimo", "7"), ("de zevende", "7"), ("the eighth", "8"), ("número seis", "6"), ("nr 7", "7"), ("acht", "8")],
)  # fmt: skip
def test_an_ordinal_with_its_article(said: str, payload: str) -> None:
    eight = tuple(OpenChoice(title=f"Thing {chr(65 + n)}", payload=str(n), number=n) for n in range(1, 9))
    assert picked(said, eight) == payload


def test_a_title_comes_before_a_number() -> None:
    days = ("Terça", "Segunda", "Two")
    shown = tuple(OpenChoice(title=title, payload=title, number=n) for n, title in enumerate(days, 1))
    assert picked("two", shown) == "Two"
    assert picked("a segunda", shown) == "Segunda"


def test_a_space_too_many_or_too_few_is_a_slip() -> None:
    shown = (OpenChoice(title="Track order", payload="t"), OpenChoice(title="Newsletter", payload="n"))
    assert picked("trackorder", shown) == "t"
    assert picked("news letter", shown) == "n"
    assert picked("trak ordr", shown) == "t"


def test_numbers_count_only_where_they_were_shown() -> None:
    shown = tuple(OpenChoice(title=title, payload=title) for title in ("Small", "Large"))
    assert picked("1", shown) is None
    assert picked("one", shown) is None
    assert picked("Large", shown) == "Large"


def test_short_titles_have_no_slips() -> None:
    shown = tuple(OpenChoice(title=title, payload=title) for title in ("Yes", "No"))
    assert picked("yse", shown) is None
    assert picked("nos", shown) is None
    assert picked("YES", shown) == "Yes"


def test_a_slip_that_could_be_either_is_neither() -> None:
    shown = tuple(OpenChoice(title=title, payload=title) for title in ("Monday", "Sunday", "Mondax"))
    assert picked("Mondaz", shown) is None


def test_titles_of_signs_alone() -> None:
    shown = tuple(OpenChoice(title=title, payload=title) for title in ("👍", "👎", "👍 Great"))
    assert picked("👎", shown) == "👎"
    assert picked("great", shown) == "👍 Great"


def test_two_that_are_called_the_same_are_told_apart_only_by_number() -> None:
    twice = (
        OpenChoice(title="Buy", payload="a", number=1),
        OpenChoice(title="Buy", payload="b", number=2),
    )
    assert picked("buy", twice) is None
    assert picked("2", twice) == "b"


def test_the_later_of_two_messages_counts() -> None:
    both = (
        OpenChoice(title="Yes", payload="old", number=1, message_id="m1"),
        OpenChoice(title="Yes", payload="new", number=1, message_id="m2"),
    )
    assert picked("yes", both) == "new"
    assert picked("1", both) == "new"
