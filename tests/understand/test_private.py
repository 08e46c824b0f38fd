"""What identifies somebody never reaches an engine, however it is written, and comes back letter for letter."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.understand import pii
from orchestrator.understand.guard import TOKEN, mask, restore

PRIVATE = [
    ("card", "4111 1111 1111 1111"),
    ("card", "4111-1111-1111-1111"),
    ("card", "4111·1111·1111·1111"),
    ("card", "5555 5555 5555 4444"),
    ("card", "3782 822463 10005"),
    ("card", "４１１１ １１１１ １１１１ １１１１"),
    ("card", "4\u200b111111111111111"),
    ("iban", "ES91 2100 0418 4502 0005 1332"),
    ("iban", "es9121000418450200051332"),
    ("iban", "NL91 ABNA 0417 1643 00"),
    ("iban", "de89-3704-0044-0532-0130-00"),
    ("email", "ana.lopez+compras@correo-ejemplo.es"),
    ("email", "ana (at) ejemplo (punto) es"),
    ("email", "ana[at]ejemplo.es"),
    ("phone", "+34 612 34 56 78"),
    ("phone", "+55 (11) 91234-5678"),
    ("phone", "0049 (0)30 1234567"),
    ("phone", "(020) 7946 0958"),
]


@pytest.mark.parametrize(("kind", "said"), PRIVATE, ids=[said for _, said in PRIVATE])
def test_each_is_found_and_kept_whole(kind: str, said: str) -> None:
    text = f"Hola, es {said}, gracias amigo"
    found = [(span.kind, text[span.start : span.end]) for span in pii.spans(text)]
    assert (kind, said) in found
    masked = mask(text)
    assert masked.text == "Hola, es ⟦0⟧, gracias amigo"
    assert restore("Hello, it is ⟦0⟧, thanks friend", masked) == f"Hello, it is {said}, thanks friend"


@pytest.mark.parametrize(
    "said",
    ["4111 1111 1111 1112", "1111 1111 1111 1111", "ES91 2100 0418 4502 0005 1333", "XX91 2100 0418 4502 0005 1332"],
)
def test_what_fails_its_check_is_no_card_and_no_iban(said: str) -> None:
    assert {span.kind for span in pii.spans(said)} <= {"phone"}


def test_an_iban_ends_where_it_ends() -> None:
    text = "IBAN ES91 2100 0418 4502 0005 1332 gracias"
    assert [text[span.start : span.end] for span in pii.spans(text)] == ["ES91 2100 0418 4502 0005 1332"]


def test_one_kind_may_be_left_out() -> None:
    text = "4111 1111 1111 1111 o ana@correo.es"
    assert [span.kind for span in pii.spans(text, ("email",))] == ["email"]


def test_a_link_with_a_card_in_it_stays_one_link() -> None:
    text = "mira https://a.test/x?card=4111111111111111&b=1 por favor"
    masked = mask(text)
    assert masked.kept == ("https://a.test/x?card=4111111111111111&b=1",)
    assert restore(masked.text, masked) == text


def test_private_characters_of_somebody_elses_pass() -> None:
    text = "hola \ue000 4111 1111 1111 1111 \ue001 adios"
    masked = mask(text)
    assert restore(masked.text, masked) == text


@given(st.text(st.characters(categories=["L", "N", "P", "Z", "S", "Co"]), max_size=200))
def test_no_digit_and_no_at_sign_ever_passes_and_everything_comes_back(text: str) -> None:
    masked = mask(text)
    assert not re.search(r"[\d@]", TOKEN.sub("", masked.text))
    if not re.search("[⟦⟧〚〛]|\\[\\[", text):
        assert restore(masked.text, masked) == text


@pytest.mark.parametrize(
    "bad", ["a" * 20_000, "1 " * 10_000, "a@" * 8_000, "4111 " * 4_000, "ES91 " * 4_000, "(at)" * 5000]
)
def test_no_text_takes_long(bad: str) -> None:
    start = time.perf_counter()
    mask(bad)
    assert time.perf_counter() - start < 2.0


def test_names_of_people_are_kept_but_not_the_words_they_also_are() -> None:
    names = ("Rosa Blanco",)
    masked = mask("Hola Rosa, la rosa de Rosa Blanco es blanca", names=names)
    assert masked.text == "Hola ⟦0⟧, la rosa de ⟦1⟧ es blanca"
    assert mask("Will you write to me, Will?", names=("Will Day",)).text == "Will you write to me, ⟦0⟧?"
    assert mask("nothing here", names=("", "A", "x y")).text == "nothing here"
