"""Where long texts are cut."""

import pytest

from orchestrator.fit.measure import Unit, cut, graphemes, size
from orchestrator.fit.split import split

FAMILY = "👨‍👩‍👧‍👦"
URL = "https://shop.example/orders/2026/11/22/very-long-path?token=abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        ("Short.", 20, ["Short."]),
        ("One two three. Four five six.", 20, ["One two three.", "Four five six."]),
        ("First paragraph here.\n\nSecond one, longer.", 30, ["First paragraph here.", "Second one, longer."]),
        ("line one is here\nline two is here", 24, ["line one is here", "line two is here"]),
        ("no good place but spaces", 12, ["no good", "place but", "spaces"]),
        ("exactly ten", 11, ["exactly ten"]),
        ("exactly ten more", 11, ["exactly ten", "more"]),
        ("abcdefghijklmnop", 10, ["abcdefghij", "klmnop"]),
        ("你好。我们明天送货。谢谢。", 10, ["你好。我们明天送货。", "谢谢。"]),
        ("Is it 3.5? Yes! Sure.", 12, ["Is it 3.5?", "Yes! Sure."]),
        ("  \n ", 10, []),
    ],
)
def test_at_the_best_place(text: str, limit: int, pieces: list[str]) -> None:
    assert split(text, limit, "characters") == pieces


def test_never_inside_a_link_that_fits() -> None:
    pieces = split(f"Follow it here please: {URL} and tell us more.", 100, "characters")
    assert any(URL in piece for piece in pieces)
    glued = split("x" * 60 + "," + URL, 100, "characters")
    assert URL in glued


def test_a_link_longer_than_the_limit_is_cut_without_loss() -> None:
    pieces = split(f"See {URL}", 40, "characters")
    assert "".join(pieces).replace(" ", "") == f"See{URL}"
    assert all(len(piece) <= 40 for piece in pieces)


@pytest.mark.parametrize("unit", ["characters", "utf16", "bytes"])
def test_never_inside_a_character(unit: Unit) -> None:
    text = FAMILY * 3 + "🇪🇸🇮🇹" + "é" * 5
    pieces = split(text, 30, unit)
    assert "".join(pieces) == text
    assert all(size(piece, unit) <= 30 for piece in pieces)
    assert [one for piece in pieces for one in graphemes(piece)] == list(graphemes(text))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("abc", 3),
        (FAMILY, 1),
        ("🇪🇸🇮🇹", 2),
        ("e\u0301a", 2),
        ("👍🏽", 1),
        ("2️⃣", 1),
        ("\u1112\u1161\u11ab\uae00", 2),
        ("\r\n", 1),
        ("한국", 2),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", 1),
        ("", 0),
    ],
)
def test_what_a_reader_counts_as_characters(text: str, count: int) -> None:
    assert len(list(graphemes(text))) == count


@pytest.mark.parametrize(
    ("text", "unit", "length"), [("né", "bytes", 3), ("né", "utf16", 2), ("a😀", "utf16", 3), ("a😀", "characters", 2)]
)
def test_sizes(text: str, unit: Unit, length: int) -> None:
    assert size(text, unit) == length


@pytest.mark.parametrize(
    ("text", "limit", "unit", "short"),
    [
        ("Delivery", 8, "characters", "Delivery"),
        ("Delivery", 7, "characters", "Delive…"),
        ("Delivery to you", 10, "characters", "Delivery…"),
        ("Delivery", 8, "bytes", "Delivery"),
        ("Delivery", 7, "bytes", "Deli…"),
        (f"a{FAMILY}b", 8, "characters", "a…"),
        ("Delivery", 3, "characters", ""),
    ],
)
def test_cutting_short(text: str, limit: int, unit: Unit, short: str) -> None:
    assert cut(text, limit, unit) == short
