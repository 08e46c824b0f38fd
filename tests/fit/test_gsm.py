"""Text messages: what they can write, and what that costs."""

import pytest

from orchestrator import fit
from orchestrator.fit import gsm
from orchestrator.fit.measure import cut, size
from orchestrator.types import Choice, Limits, Loss, Part, QuickReplies, Text

ONE = Limits(text=160, unit="gsm7")
LONG = Limits(text=1530, unit="gsm7")


def said(*parts: Part, limits: Limits = ONE) -> list[str]:
    found = [part for one in fit.shape(parts, limits).renderings for part in one.parts]
    return [part.text for part in found if isinstance(part, Text)]


@pytest.mark.parametrize(
    ("text", "septets"),
    [("", 0), ("abc", 3), ("ñandú", 12), ("mañana", 6), ("10 €", 5), ("[a]", 5), ("a^b|c~", 9), ("\\{}", 6), ("Ω", 1),
     ("ê", 3), ("😀", 5), ("ê" * 70, 160), ("ê" * 71, 163), ("😀" * 35, 160)],
)  # fmt: skip
def test_septets(text: str, septets: int) -> None:
    assert size(text, "gsm7") == septets


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2),
     ("ê" * 70, 1), ("ê" * 71, 2), ("ê" * 134, 2), ("ê" * 135, 3), ("a" * 152 + "€" + "a" * 20, 2),
     ("a" * 152 + "€" + "a" * 153, 3), ("😀" * 35, 1), ("😀" * 66, 2), ("😀" * 67, 3)],
)  # fmt: skip
def test_segments(text: str, count: int) -> None:
    assert gsm.segments(text) == count


@pytest.mark.parametrize("limit", [160, 306, 459, 1530])
@pytest.mark.parametrize("sign", ["a", "ê", "€", "😀", "Ж"])
def test_a_limit_allows_as_many_segments_in_either_alphabet(limit: int, sign: str) -> None:
    # A pair that does not fit any more leaves one septet, or one unit, of its segment empty.
    most = gsm.segments("a" * limit) + (sign in "€😀" and limit > 160)
    pieces = said(Text(text=sign * 2000), limits=Limits(text=limit, unit="gsm7"))
    assert "".join(pieces) == sign * 2000
    assert all(gsm.segments(piece) <= most for piece in pieces)


def test_signs_of_typesetters_do_not_make_it_dearer() -> None:
    part = Text(text="“It’s here” – finally…\u00a0«yes» • now")
    assert said(part) == ['"It\'s here" - finally... "yes" - now']
    assert fit.shape((part,), ONE).losses == (Loss(part=0, what="typography", became="plain"),)
    assert said(part, limits=Limits()) == [part.text]


def test_letters_are_never_replaced() -> None:
    assert said(Text(text="Ça va, Łukasz? 😀")) == ["Ça va, Łukasz? 😀"]


def test_an_ellipsis_of_three_dots() -> None:
    assert cut("Delivery tomorrow", 12, "gsm7") == "Delivery..."
    assert size(cut("Delivery ê tomorrow", 12, "gsm7"), "gsm7") <= 12


def test_choices_are_numbered_without_typography() -> None:
    asked = QuickReplies(text="Which?", choices=(Choice(title="Small – S", payload="s", description="“Fits”"),))
    assert said(asked) == ['Which?\n1. Small - S - "Fits"']
    plainly = QuickReplies(text="Which?", choices=(Choice(title="Small", payload="s", description="Fits"),))
    assert [(loss.what, loss.became) for loss in fit.shape((plainly,), ONE).losses] == [
        ("quick_replies", "numbered_text")
    ]
    found = fit.match(fit.shape((asked,), ONE).choices, "small - s")
    assert found is not None
    assert found.payload == "s"


def test_a_long_text_breaks_at_sentences() -> None:
    text = " ".join(f"Sentence number {n} says it all." for n in range(120))
    pieces = said(Text(text=text), limits=LONG)
    assert " ".join(pieces) == text
    assert all(piece.endswith("all.") for piece in pieces)
    assert all(gsm.segments(piece) <= 10 for piece in pieces)
