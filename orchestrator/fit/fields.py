"""What a customer wrote, as the value of a field of a form: the same values a native form would give."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache

from orchestrator.fit.match import match
from orchestrator.fit.measure import one_line
from orchestrator.fit.numbers import folded, number
from orchestrator.fit.words import DATE_WORDS
from orchestrator.texts import LANGUAGES, catalogue
from orchestrator.types import FormField, OpenChoice

LONGEST = 2000
EMAIL = re.compile(r"[A-Za-z0-9][\w.+'-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w@])")
DIALLED = re.compile(r"\+?[\d\s()./-]{5,30}")
AMOUNT = re.compile(r"([-+−]?)\s*(\d{1,18}(?:[ .,'’\u00a0\u202f]\d{1,18}){0,6})")
DECIMAL_POINT = frozenset({"en"})
"""Languages in which "1.234" is little more than one; in the others it is a thousand and more."""
ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
NUMERIC = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4}|\d{2})")
SPOKEN = re.compile(r"(\d{1,2})\s([^\W\d]{3,12})(?:\s(\d{4}))?|([^\W\d]{3,12})\s(\d{1,2})(?:\s(\d{4}))?")
ORDINAL = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th|er|o|a|e)\b")


def value(field: FormField, text: str, language: str = "en", today: date | None = None) -> str | None:
    """None when it is no such thing. Numbers come with a decimal point, dates as 2026-11-30, options as payloads."""
    text = text.strip()
    if not text or len(text) > LONGEST:
        return None
    match field.type:
        case "text":
            return text
        case "email":
            return email(text)
        case "phone":
            return phone(text)
        case "number":
            return amount(text, language)
        case "date":
            return day(text, language, today)
        case "select":
            return option(field, text)


def email(text: str) -> str | None:
    """The only address in it: people write "it's ada@example.org"."""
    found = EMAIL.findall(text.replace("mailto:", " "))
    return found[0] if len(found) == 1 and ".." not in found[0] else None


def phone(text: str) -> str | None:
    """Digits, with the plus they began with. 15 are the most there can be (ITU-T E.164)."""
    found = DIALLED.fullmatch(text.replace("\u00a0", " "))
    digits = re.sub(r"\D", "", text)
    return ("+" if text.startswith("+") else "") + digits if found and 5 <= len(digits) <= 15 else None


def amount(text: str, language: str) -> str | None:
    """One number and no other: "12", "1.234,50", "3,5 kg", "two"."""
    found = AMOUNT.findall(text)
    if not found:
        spoken = number(text)
        return str(spoken) if spoken else None
    if len(found) > 1 or len(re.sub(r"\W", "", AMOUNT.sub("", text))) > 12:
        return None
    sign, digits = found[0]
    plain = pointed(re.sub(r"[ '’\u00a0\u202f]", "", digits), language)
    return ("-" if sign in "-−" and sign else "") + plain if plain else None


def pointed(digits: str, language: str) -> str | None:
    """With a decimal point and no marks of thousands; None where the marks make no sense."""
    marks = [char for char in digits if char in ".,"]
    if not marks:
        return digits
    last = marks[-1]
    thousands = all(len(group) == 3 for group in re.split(r"[.,]", digits)[1:])
    if len(set(marks)) == 1 and thousands and (len(marks) > 1 or (last == ".") != (language in DECIMAL_POINT)):
        return re.sub(r"[.,]", "", digits)
    whole, _, rest = digits.rpartition(last)
    groups = re.split(r"[.,]", whole)
    if last in whole or any(len(group) != 3 for group in groups[1:]):
        return None
    return f"{''.join(groups)}.{rest}"


def day(text: str, language: str, today: date | None) -> str | None:
    text = text.strip(" .!")
    if found := ISO.fullmatch(text):
        return dated(found[1], found[2], found[3])
    if found := NUMERIC.fullmatch(text):
        return numeric(found[1], found[2], found[3], language)
    words = folded(ORDINAL.sub(r"\1", folded(text)))
    if today is not None and words in DATE_WORDS:
        return date.fromordinal(today.toordinal() + DATE_WORDS[words]).isoformat()
    kept = " ".join(word for word in words.split() if word not in {"de", "del", "of", "the", "do", "le", "il", "el"})
    found = SPOKEN.fullmatch(kept)
    if found is None:
        return None
    month = months().get(found[2] or found[4], 0)
    year = found[3] or found[6]
    return dated(year, str(month), found[1] or found[5]) if year else coming(month, int(found[1] or found[5]), today)


def numeric(first: str, second: str, year: str, language: str) -> str | None:
    """Day first; in English either may be, so that it must be plain which."""
    if len(year) == 2:
        year = f"20{year}"
    if int(second) > 12:
        return dated(year, first, second) if language == "en" else None
    if language == "en" and int(first) <= 12 and first != second:
        return None
    return dated(year, second, first)


def dated(year: str, month: str, number: str) -> str | None:
    try:
        return date(int(year), int(month), int(number)).isoformat()
    except ValueError:
        return None


def coming(month: int, number: int, today: date | None) -> str | None:
    """The next such day."""
    if today is None:
        return None
    years = (dated(str(year), str(month), str(number)) for year in range(today.year, today.year + 5))
    return next((found for found in years if found and found >= today.isoformat()), None)


@cache
def months() -> Mapping[str, int]:
    """Names in every language, and what they are cut to where that is one month only."""
    found: dict[str, int] = {}
    for code in LANGUAGES:
        for place, name in enumerate(catalogue(code)["dates"]["months"], 1):
            for length in (3, 4, len(name)):
                short = folded(name)[:length]
                found[short] = place if found.get(short, place) == place else 0
    return found


def option(field: FormField, text: str) -> str | None:
    """By number, title, or payload."""
    if any(text == choice.payload for choice in field.options if choice.payload):
        return text
    choices = [
        OpenChoice(title=one_line(choice.title), payload=choice.payload or choice.title, number=place)
        for place, choice in enumerate(field.options, 1)
    ]
    found = match(choices, text)
    return found.payload if found else None
