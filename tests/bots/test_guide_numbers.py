"""Numbers as customers give them to a guide that asked for one."""

import pytest

from bots.guide.numbers import number


@pytest.mark.parametrize(
    ("said", "language", "meant"),
    [
        ("3", "en", "3"),
        ("I'd like 3 of the blue ones", "en", "3"),
        ("-4 degrees", "en", "-4"),
        ("PD-1002", "en", "1002"),
        ("3.5 kg", "en", "3.5"),
        ("3,5 kg", "en", "3.5"),
        ("1,250", "en", "1250"),
        ("1,234,567.89", "en", "1234567.89"),
        ("1.250", "es", "1250"),
        ("1.250,50", "es", "1250.50"),
        ("3.5", "es", "3.5"),
        ("two", "en", "2"),
        ("Twelve, please.", "en", "12"),
        ("I want two of them", "en", "2"),
        ("a dozen", "en", "12"),
        ("One", "en", "1"),
        ("just one please", "en", "1"),
    ],
)
def test_a_number_is_found(said: str, language: str, meant: str) -> None:
    assert number(said, language) == meant


@pytest.mark.parametrize("said", ["", "some", "which one?", "the blue one", "two or three", "a few", "1.2.3", "no one"])
def test_no_number_is_made_up(said: str) -> None:
    assert number(said, "en") is None
