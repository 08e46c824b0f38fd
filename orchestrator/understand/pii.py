"""Finds what identifies a person or their money: cards (Luhn), IBANs (ISO 13616), e-mail addresses, telephone numbers.

Each becomes one token before any engine sees the text, however it is spaced and whatever digits it is written in.
Every search runs in time that grows with the text's length only.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["card", "iban", "email", "phone"]
KINDS: tuple[Kind, ...] = ("iban", "card", "email", "phone")

GAP = r"[ \u00a0\u2007\u2009\u200b\u202f.\-‐‑–—·/_]{0,2}"
CARD = re.compile(rf"(?<!\d)\d(?:{GAP}\d){{12,18}}(?!\d)")
# A text without any of these has nothing to be found.
WORTH = re.compile(r"\d.*\d|@|[(\[][ ]?(?:at|arroba|chiocciola)", re.IGNORECASE | re.DOTALL)
AROUND = r"[ \u00a0\u2007\u2009\u200b\u202f.\-‐‑–—·/()]{0,3}"
PHONE = re.compile(rf"(?<![\w.,])(?:\+{GAP})?\(?\d(?:{AROUND}\d){{6,14}}(?!\w)")
EMAIL = re.compile(
    r"(?<![\w.+\-])[\w.+\-]{1,64}(?:@|[ ]?[(\[][ ]?(?:at|arroba|chiocciola)[ ]?[)\]][ ]?)"
    r"[\w\-]{1,63}(?:(?:\.|[ ]?[(\[][ ]?(?:dot|punto|punt)[ ]?[)\]][ ]?)[\w\-]{1,63}){1,5}",
    re.IGNORECASE,
)
IBAN_START = re.compile(r"(?<![A-Za-z\d])[A-Za-z]{2}[ ]?\d{2}(?=[ \u00a0.\-]?[A-Za-z\d])")
BETWEEN = " \u00a0.-"
# Characters of an IBAN by country (the registry of ISO 13616, release 99).
LENGTHS = {
    **dict.fromkeys(("NO",), 15),
    **dict.fromkeys(("BE",), 16),
    **dict.fromkeys(("DK", "FO", "FI", "GL", "NL", "FK", "SD"), 18),
    **dict.fromkeys(("MK", "SI"), 19),
    **dict.fromkeys(("AT", "BA", "EE", "KZ", "XK", "LT", "LU", "MN"), 20),
    **dict.fromkeys(("CR", "HR", "LV", "LI", "CH"), 21),
    **dict.fromkeys(("BH", "BG", "GB", "GE", "DE", "IE", "ME", "RS", "VA"), 22),
    **dict.fromkeys(("GI", "IL", "AE", "IQ", "TL", "SO", "OM"), 23),
    **dict.fromkeys(("AD", "CZ", "MD", "PK", "RO", "SA", "SK", "ES", "SE", "TN", "VG"), 24),
    **dict.fromkeys(("LY", "PT", "ST"), 25),
    **dict.fromkeys(("IS", "TR"), 26),
    **dict.fromkeys(("BI", "DJ", "FR", "GR", "IT", "MR", "MC", "SM"), 27),
    **dict.fromkeys(("AL", "AZ", "CY", "DO", "GT", "HN", "HU", "LB", "NI", "PL", "SV"), 28),
    **dict.fromkeys(("BR", "EG", "PS", "QA", "UA"), 29),
    **dict.fromkeys(("JO", "KW", "MU"), 30),
    **dict.fromkeys(("MT", "SC"), 31),
    **dict.fromkeys(("LC",), 32),
    **dict.fromkeys(("RU",), 33),
}


@dataclass(frozen=True, slots=True, order=True)
class Span:
    start: int
    end: int
    kind: Kind


def spans(text: str, kinds: Iterable[Kind] = KINDS) -> list[Span]:
    """In order, without overlaps: where two meet, the kind that can be checked wins."""
    if not WORTH.search(text):
        return []
    taken: list[Span] = []
    for kind in sorted(kinds, key=KINDS.index):
        taken += [span for span in FINDERS[kind](text) if not any(overlap(span, other) for other in taken)]
    return sorted(taken)


def overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def cards(text: str) -> Iterator[Span]:
    for found in CARD.finditer(text):
        if luhn([int(char) for char in found[0] if char.isdigit()]):
            yield Span(found.start(), found.end(), "card")


def luhn(digits: list[int]) -> bool:
    """ISO/IEC 7812-1, annex B. A row of one digit passes too, and is no card."""
    doubled = [digit * 2 - 9 * (digit > 4) if at % 2 else digit for at, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0 and len(set(digits)) > 1


def ibans(text: str) -> Iterator[Span]:
    for found in IBAN_START.finditer(text):
        length = LENGTHS.get(found[0][:2].upper(), 0)
        end, code = walked(text, found.start(), length)
        if len(code) == length > 0 and mod_97(code) and not text[end : end + 1].isalnum():
            yield Span(found.start(), end, "iban")


def walked(text: str, start: int, length: int) -> tuple[int, str]:
    """The next `length` letters and digits from `start`, single separators between them, and where they end."""
    code, at = "", start
    while at < len(text) and len(code) < length:
        char = text[at]
        if char.isascii() and char.isalnum():
            code += char.upper()
        elif char not in BETWEEN or text[at - 1] in BETWEEN:
            break
        at += 1
    return at, code


def mod_97(code: str) -> bool:
    return int("".join(str(int(char, 36)) for char in code[4:] + code[:4])) % 97 == 1


def emails(text: str) -> Iterator[Span]:
    for found in EMAIL.finditer(text):
        yield Span(found.start(), found.end(), "email")


def phones(text: str) -> Iterator[Span]:
    for found in PHONE.finditer(text):
        yield Span(found.start(), found.end(), "phone")


FINDERS = {"card": cards, "iban": ibans, "email": emails, "phone": phones}
