"""What must not be translated comes back letter for letter, or the guard says that it did not."""

import csv
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.understand.guard import Masked, between, join, mask, plain_words, restore

TRICKY = Path(__file__).parents[1] / "nlp" / "data" / "tricky.tsv"
ROWS = list(csv.DictReader(TRICKY.read_text(encoding="utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
KEPT = [row for row in ROWS if row["keep"] and row["category"] not in ("mixed", "name_only", "agent_name")]


@pytest.mark.parametrize("row", KEPT, ids=lambda row: row["id"])
def test_tricky_pieces_are_kept_whole(row: dict[str, str]) -> None:
    masked = mask(row["text"], acronyms=row["direction"] == "out")
    for piece in row["keep"].split("|"):
        assert any(piece in kept for kept in masked.kept), f"{piece!r} would reach an engine in {masked.text!r}"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Tengo 2 camisas (talla M) por 19,99 € y 3 x 5€", "Tengo ⟦0⟧ camisas (talla M) por ⟦1⟧ y ⟦2⟧ x ⟦3⟧"),
        ("订单12345没到", "订单⟦0⟧没到"),
        ("llamen al 612 34 56 78 por favor", "llamen al ⟦0⟧ por favor"),
        ("a las 10:30 o 17h", "a las ⟦0⟧ o ⟦1⟧"),
        ("visita www.tienda.es/ofertas.", "visita ⟦0⟧."),
        ("mi correo es a.b+c@d-e.co.uk.", "mi correo es ⟦0⟧."),
        ("GB29 NWBK 6016 1331 9268 19 ok", "⟦0⟧ ok"),
        ("tarjeta 4111 1111 1111 1111 caduca 12/27", "tarjeta ⟦0⟧ caduca ⟦1⟧"),
        ("**bold** and snake_case", "⟦0⟧bold⟦1⟧ and ⟦2⟧"),
        ("e.g. this and i.e. that. ok", "e.g. this and i.e. that. ok"),
        ("⟦7⟧ de verdad", "⟦0⟧⟦1⟧⟦2⟧ de verdad"),
        ('{"payload":"BUY_NOW"}', "⟦0⟧"),
        ("hola 👨‍👩‍👧‍👦🇪🇸 qué tal", "hola ⟦0⟧ qué tal"),
        ("no EUR here, USD 20 there", "no EUR here, ⟦0⟧ there"),
    ],
)
def test_what_becomes_a_token(text: str, masked: str) -> None:
    assert mask(text).text == masked


def test_capitals_are_names_only_in_what_bots_and_agents_say() -> None:
    assert mask("Anna from ACME Support").text == "Anna from ACME Support"
    assert mask("Anna from ACME Support", acronyms=True).text == "Anna from ⟦0⟧ Support"
    assert mask("do NOT share it", acronyms=True).kept == ()
    assert mask("QUIERO HABLAR YA", acronyms=True).kept == ()


@pytest.mark.parametrize("text", ["", " ", "👍", "12345", "😡😡😡", "https://shop.example.com/en/cart", "#A-99812 ✅"])
def test_nothing_is_left_to_translate(text: str) -> None:
    assert not mask(text).has_words


@pytest.mark.parametrize(
    "answer",
    [
        "Where is my order?",
        "Where is my order ⟦0⟧ ⟦0⟧?",
        "Where is my order ⟦1⟧?",
        "Where ⟦1⟧ is my order ⟦0⟧?",
        "Where is my order ⟦0?",
        "Where is my order ⟦⟧ ⟦0⟧?",
    ],
)
def test_a_token_lost_doubled_or_made_up_is_noticed(answer: str) -> None:
    assert restore(answer, mask("¿Dónde está mi pedido #A-99812?")) is None


@pytest.mark.parametrize(
    ("text", "answer", "restored"),
    [
        ("pedido #A-1 roto", "order⟦0⟧broken", "order #A-1 broken"),
        ("pedido #A-1 roto", "broken ⟦ 0 ⟧ order", "broken #A-1 order"),
        ("Pulsa *Aceptar* ya", "Press ⟦0⟧ OK ⟦1⟧ now", "Press *OK* now"),
        ("ver [ayuda](https://a.b/c)", "see ⟦0⟧ help ⟦1⟧", "see [help](https://a.b/c)"),
        ("de #A-1 a #B-2", "to ⟦1⟧ from ⟦0⟧", "to #B-2 from #A-1"),
        ("cuesta 5 €", "[[0]] it costs", "5 € it costs"),
    ],
)
def test_blanks_beside_tokens_are_put_right(text: str, answer: str, restored: str) -> None:
    assert restore(answer, mask(text)) == restored


LETTERS = st.text(alphabet="abñéЖ订ا 09#@.,:/-_*[](){}<>&%$€⟦⟧`'!?\n👍A", max_size=200)


@given(LETTERS)
def test_any_text_comes_back_as_it_was(text: str) -> None:
    for acronyms in (False, True):
        masked = mask(text, acronyms=acronyms)
        assert restore(masked.text, masked) == text
        assert join(between(masked)) == masked.text


@given(LETTERS, LETTERS)
def test_any_answer_is_restored_with_every_kept_piece_or_refused(text: str, answer: str) -> None:
    masked = mask(text)
    restored = restore(answer, masked)
    assert restored is None or all(kept in restored for kept in masked.kept)


HOSTILE = [
    "a.",
    "a@",
    "a-",
    "1 ",
    "(",
    "[",
    "`",
    "<a",
    "{",
    "%(",
    "](a(b)",
    "&a",
    "www.",
    "a:",
    "AA-",
    "x1x",
    "a_",
    "*",
    "+",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_text_takes_longer_than_its_length_allows(piece: str) -> None:
    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        start = time.process_time()
        masked = mask(text, acronyms=True)
        restore(masked.text, masked)
        return time.process_time() - start

    assert seconds(64_000) < 2.0


def test_words_alone_are_left_to_tell_a_language_by() -> None:
    assert plain_words("Guarda https://shop.example.com/it/p/123 *subito* 👍") == "Guarda subito"


def test_tokens_of_an_engine_that_writes_other_digits_are_read() -> None:
    assert restore("الطلب ⟦٠⟧", Masked("order ⟦0⟧", ("ORD-55123",))) == "الطلب ORD-55123"
