"""Days as customers name them, in the guide's language or in words no engine could translate."""

from datetime import date

import pytest

from bots.guide.dates import day

SUNDAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-12-24", "2026-12-24"),
        ("on 24.12.2026 please", "2026-12-24"),
        ("24/12/2026", "2026-12-24"),
        ("24/12", "2026-12-24"),
        ("the 1.2.", "2027-02-01"),
        ("24 December", "2026-12-24"),
        ("The 24 of December", "2026-12-24"),
        ("the 24th of December, 2027", "2027-12-24"),
        ("December 24th, 2027 at 5", "2027-12-24"),
        ("Dec 3", "2026-12-03"),
        ("3 Sept", "2027-09-03"),
        ("Thursday 24 December", "2026-12-24"),
        ("el 24 de diciembre", "2026-12-24"),
        ("24 dicembre", "2026-12-24"),
        ("op 24 december", "2026-12-24"),
        ("le 1er août", "2027-08-01"),
        ("22 November", "2026-11-22"),
        ("21 November", "2027-11-21"),
        ("29 February", "2028-02-29"),
        ("today", "2026-11-22"),
        ("Tomorrow!", "2026-11-23"),
        ("the day after tomorrow", "2026-11-24"),
        ("morgen", "2026-11-23"),
        ("next Friday", "2026-11-27"),
        ("on Sunday", "2026-11-29"),
        ("el miércoles", "2026-11-25"),
        ("in 3 days", "2026-11-25"),
        ("in a week", "2026-11-29"),
        ("in two weeks", "2026-12-06"),
        ("Inside two weeks", "2026-12-06"),
        ("Morning", "2026-11-23"),
        ("Friday morning", "2026-11-27"),
    ],
)
def test_a_day_is_found(said: str, meant: str) -> None:
    assert day(said, SUNDAY) == meant


@pytest.mark.parametrize(
    "said",
    [
        "",
        "soon",
        "December",
        "in December",
        "31 June",
        "30 February",
        "32/12/2026",
        "31.11.",
        "24 December or 26 December",
        "Monday or Tuesday",
        "may I know why?",
        "order 1234",
        "version 1.2.3",
        "in 400 days",
        "in 0 days",
        "0 December",
        "9" * 400,
        "24 " * 300,
    ],
)
def test_what_names_no_single_day_is_none(said: str) -> None:
    assert day(said, SUNDAY) is None
