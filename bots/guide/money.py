"""Amounts and numbers as people of a language write them."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

SYMBOLS = {
    "EUR": "€",
    "GBP": "£",
    "USD": "$",
    "CHF": "CHF",
    "JPY": "¥",
    "SEK": "kr",
    "NOK": "kr",
    "DKK": "kr",
    "PLN": "zł",
}
WITHOUT_CENTS = frozenset({"JPY", "KRW", "CLP", "ISK", "VND"})
POINT = frozenset({"en", "zh", "ja", "ko", "th", "he"})
"""Languages that write 1,234.50; the others write 1.234,50 (CLDR's number symbols)."""
SYMBOL_FIRST = POINT | {"nl"}
DIGITS = 12
"""Before or after the point; more is no amount."""


def amount(value: object) -> Decimal | None:
    """An exact number from JSON; None for what is none, or is too large to be an amount."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        found = Decimal(str(value).strip())
    except (InvalidOperation, ValueError):  # ValueError: an integer of thousands of digits
        return None
    # Not by comparing: "1e999999999" is a fine Decimal that overflows in every sum.
    return found if found.is_finite() and abs(found.adjusted()) < DIGITS else None


def money(value: object, currency: str, language: str) -> str:
    """ "€1,234.50" in English, "1.234,50 €" in Spanish, "€ 1.234,50" in Dutch; "" when it is no amount."""
    found = amount(value)
    if found is None:
        return ""
    code = currency.upper()
    exact = found.quantize(Decimal(1) if code in WITHOUT_CENTS else Decimal("0.01"), ROUND_HALF_UP)
    digits = grouped(abs(exact), language)
    symbol = SYMBOLS.get(code, code)
    minus = "-" if exact < 0 else ""
    if language not in SYMBOL_FIRST:
        return f"{minus}{digits} {symbol}"
    tight = language in POINT and not symbol.isalpha()
    return f"{minus}{symbol}{digits}" if tight else f"{symbol} {minus}{digits}"


def number(value: object, language: str) -> str:
    """Without needless zeros: "2", "1,250.5"; "" when it is none."""
    found = amount(value)
    if found is None or isinstance(value, str):
        return ""
    plain = round(found, 6).normalize()
    return ("-" if plain < 0 else "") + grouped(abs(plain), language)


def grouped(value: Decimal, language: str) -> str:
    english = f"{value:,f}"
    return english if language in POINT else english.translate(str.maketrans(",.", ".,"))
