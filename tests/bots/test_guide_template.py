"""A guide's two small languages, and amounts as people write them."""

from collections.abc import Mapping

import pytest

from bots.guide.money import amount, money, number
from bots.guide.template import LONGEST_VALUE, Style, condition, fill, holds, parse

VALUES: Mapping[str, object] = {
    "cart.total": 1234.5,
    "cart.items": [{"name": "Mug"}],
    "empty": [],
    "profile.name": "  Ann ",
    "blank": "   ",
    "yes": True,
    "zero": 0,
    "text": "12",
    "huge": "x" * 10_000,
}
ENGLISH = Style(language="en", currency="EUR")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Hello {profile.name}!", "Hello Ann!"),
        ("Hello {nobody|there}!", "Hello there!"),
        ("Hello {blank|there}!", "Hello there!"),
        ("Hello {nobody|}!", "Hello !"),
        ("Hello {nobody}!", None),
        ("{cart.total:money}", "€1,234.50"),
        ("{cart.total}", "1,234.5"),
        ("{nothing:money|free}", "free"),
        ("{profile.name:money|free}", "free"),
        ("{cart.items|none}", "none"),
        ("{yes|none}", "none"),
        ("{zero}", "0"),
        ("{zero:money}", "€0.00"),
        ("{{literal}} {zero}", "{literal} 0"),
        ("", ""),
    ],
)
def test_templates(source: str, expected: str | None) -> None:
    assert fill(source, VALUES.get, ENGLISH) == expected


def test_a_value_does_not_fill_the_screen() -> None:
    assert len(fill("{huge}", VALUES.get, ENGLISH) or "") == LONGEST_VALUE


def test_a_value_is_never_read_as_a_template() -> None:
    assert (
        fill("{name}", {"name": "{cart.total:money} {x.__class__}"}.get, ENGLISH) == "{cart.total:money} {x.__class__}"
    )


@pytest.mark.parametrize(
    "source", ["{", "}", "{a", "a}", "{a b}", "{a:b:c}", "{a()}", "{a[0]}", "{0}", "{}", "{.a}", "{a.}"]
)
def test_what_is_no_template_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="[{}]"):
        parse(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", True),
        ("cart.items", True),
        ("not cart.items", False),
        ("empty", False),
        ("nothing", False),
        ("not nothing", True),
        ("zero", False),
        ("zero == 0", True),
        ("cart.total > 1000", True),
        ("cart.total >= 1234.5", True),
        ("cart.total < -5", False),
        ("cart.total <= zero", False),
        ("not cart.total <= zero", True),
        ("nothing > 1", False),
        ("nothing < 1", False),
        ("profile.name < 1", False),
        ("text == '12'", True),
        ('text != "13"', True),
        ("text == 12", False),
        ("cart.items and cart.total > 1 and not nothing", True),
        ("cart.items and nothing", False),
        ("text == 'salt and pepper'", False),
    ],
)
def test_conditions(source: str, expected: bool) -> None:
    assert holds(source, VALUES.get) is expected


@pytest.mark.parametrize(
    "source", ["a or b", "a &&", "a ==", "== b", "a = 1", "(a)", "and", "a and", "not", "a b", "f(x)", "1 > 2"]
)
def test_what_is_no_condition_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="."):
        condition(source)


@pytest.mark.parametrize(
    ("value", "currency", "language", "expected"),
    [
        (4.9, "EUR", "en", "€4.90"),
        (4.9, "EUR", "es", "4,90 €"),
        (4.9, "EUR", "nl", "€ 4,90"),
        (1234567.891, "USD", "en", "$1,234,567.89"),
        (1234.5, "GBP", "de", "1.234,50 £"),
        (12, "CHF", "en", "CHF 12.00"),
        (1234, "JPY", "en", "¥1,234"),
        (0.005, "EUR", "en", "€0.01"),
        (-3, "EUR", "en", "-€3.00"),
        (-3, "EUR", "it", "-3,00 €"),
        ("4.90", "EUR", "en", "€4.90"),
        (0.1 + 0.2, "EUR", "en", "€0.30"),
        ("free", "EUR", "en", ""),
        (None, "EUR", "en", ""),
        (True, "EUR", "en", ""),
        (float("nan"), "EUR", "en", ""),
        (float("inf"), "EUR", "en", ""),
        (10**400, "EUR", "en", ""),
        ("1e-999999999", "EUR", "en", ""),
        ("1e999999999", "EUR", "en", ""),
        ([], "EUR", "en", ""),
    ],
)
def test_money(value: object, currency: str, language: str, expected: str) -> None:
    assert money(value, currency, language) == expected


def test_numbers_have_no_needless_zeros() -> None:
    assert [number(value, "en") for value in (2, 2.0, 100, 1250.5, 0, -1.25)] == [
        "2",
        "2",
        "100",
        "1,250.5",
        "0",
        "-1.25",
    ]
    assert number(1250.5, "es") == "1.250,5"
    assert number(1e-11, "en") == "0"
    assert amount("x") is amount(10**5000) is None
