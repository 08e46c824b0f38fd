"""A day out of what was said: "on 24.12.2026", "the 3rd of May", "next Friday", "tomorrow", "in two weeks"."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache

from bots.guide.numbers import counted
from bots.guide.words import COMMON, plain
from orchestrator.texts import LANGUAGES, catalogue

NUMERIC = re.compile(r"(?<!\d)(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})[./-](\d{1,2})[./-](\d{4}))(?!\d)")
WITHOUT_YEAR = re.compile(r"(?<![\d./-])(\d{1,2})[./](\d{1,2})(?!\.?[\d/-])")
OF_MONTH = re.compile(r"([1-9]|[12]\d|3[01])(?:st|nd|rd|th|er|o|a|e)?")
YEAR = re.compile(r"20\d\d")
BETWEEN = frozenset({"of", "de", "del", "do", "the", "le", "el", "il", "la"})
"""Between the day and its month, in languages whose words may arrive untranslated."""

AFTER_TOMORROW = re.compile(r"\bday after tomorrow\b")
AHEAD = re.compile(r"\b(?:in|inside|within) (\w{1,6}) (day|week)s?\b")
MOST_AHEAD = 366
RELATIVE = {"today": 0, "tonight": 0, "tomorrow": 1, "hoy": 0, "oggi": 0, "vandaag": 0, "domani": 1, "morgen": 1}
"""Days from today. Spanish for tomorrow is also its word for the morning."""

SHORTEST = 3
"""Letters that a month may be cut to."""


def day(said: str, today: date) -> str | None:
    """As 2026-12-24, with the day first when the year comes last. None when no day is named, or two are."""
    text = plain(said)
    # Apertium makes "Morning" of a lone "mañana" (Debian's apertium-eng-spa 0.8).
    text = "tomorrow" if text == "morning" else text
    named = set(numeric(said, today)) or set(spoken(text.split(), today)) or set(relative(text, today))
    return named.pop().isoformat() if len(named) == 1 else None


def numeric(said: str, today: date) -> Iterator[date]:
    for found in NUMERIC.finditer(said):
        year, month, number = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
        yield from dated(int(year), int(month), int(number))
    for found in WITHOUT_YEAR.finditer(NUMERIC.sub(" ", said)):
        yield from coming(int(found[2]), int(found[1]), today)


def spoken(words: Sequence[str], today: date) -> Iterator[date]:
    """The day stands before its month, or behind it; without a year it is the next such day."""
    for at, word in enumerate(words):
        if month := months().get(word, 0):
            before = next((one for one in reversed(words[:at]) if one not in BETWEEN), "")
            behind = words[at + 1 : at + 4]
            around = [before, *(one for one in behind if one not in BETWEEN)]
            number = next((int(found[1]) for one in around[:2] if (found := OF_MONTH.fullmatch(one))), 0)
            year = next((int(one) for one in behind if YEAR.fullmatch(one)), 0)
            yield from dated(year, month, number) if year else coming(month, number, today)


def coming(month: int, number: int, today: date) -> Iterator[date]:
    """Within the four years that the 29th of February may take."""
    days = (found for year in range(today.year, today.year + 5) for found in dated(year, month, number))
    if found := next((each for each in days if each >= today), None):
        yield found


def relative(text: str, today: date) -> Iterator[date]:
    if AFTER_TOMORROW.search(text):
        yield today + timedelta(days=2)
        return
    if found := AHEAD.search(text):
        count = counted(found[1]) * (7 if found[2] == "week" else 1)
        yield from [today + timedelta(days=count)] if 0 < count <= MOST_AHEAD else []
    for word in text.split():
        if word in RELATIVE:
            yield today + timedelta(days=RELATIVE[word])
        elif word in weekdays():
            yield today + timedelta(days=(weekdays()[word] - today.weekday() - 1) % 7 + 1)


def dated(year: int, month: int, number: int) -> Iterator[date]:
    try:
        yield date(year, month, number)
    except ValueError:
        return


@cache
def months() -> Mapping[str, int]:
    """Names in every language there are texts in, and what they are cut to where that is one month only."""
    found: dict[str, int] = {}
    for language in LANGUAGES:
        for place, name in enumerate(catalogue(language)["dates"]["months"], 1):
            word = plain(name)
            for short in {word, *(cut for cut in (word[:SHORTEST], word[: SHORTEST + 1]) if cut not in COMMON)}:
                found[short] = place if found.get(short, place) == place else 0
    return found


@cache
def weekdays() -> Mapping[str, int]:
    """Monday is 0; the last word is the day's name ("na segunda-feira")."""
    return {
        plain(name).split()[-1]: place
        for language in LANGUAGES
        for place, name in enumerate(catalogue(language)["dates"]["weekdays"])
    }
