"""Fields of forms in customers' own words, and what messages do to a form that is asked field by field."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import fit
from orchestrator.fit.fields import value
from orchestrator.types import Choice, Filling, Form, FormAnswer, FormField, Location, Part, QuickReplies, Tap, Text

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SIZES = (Choice(title="Small", payload="s"), Choice(title="Large", payload="l"))
KINDS = ("text", "email", "phone", "number", "date", "select")
FORM = Form(
    id="f",
    title="Order",
    fields=(
        FormField(name="name", label="Name"),
        FormField(name="size", label="Size", type="select", options=SIZES),
        FormField(name="mail", label="E-mail", type="email", required=False),
    ),
)
OPEN = Filling(form=FORM, shown=FORM, language="en", message_id="m1", asked_at=NOW, epoch=3)


@pytest.mark.parametrize(
    ("kind", "language", "said", "meant"),
    [
        ("text", "en", " Ada ", "Ada"), ("text", "en", "x" * 2001, None),
        ("email", "en", "it's ada@example.org.", "ada@example.org"),
        ("email", "en", "mailto:a.b+c@d.example.org", "a.b+c@d.example.org"),
        ("email", "en", "ada@example", None), ("email", "en", "a@b.org or c@d.org", None), ("email", "en", "ada", None),
        ("email", "en", "a..b@c.org", None),
        ("phone", "en", "+34 600-00 00 00", "+34600000000"), ("phone", "en", "(020) 7946.0000", "02079460000"),
        ("phone", "en", "call me", None), ("phone", "en", "123", None), ("phone", "en", "1" * 16, None),
        ("number", "en", "1,234.5", "1234.5"), ("number", "es", "1.234,50", "1234.50"),
        ("number", "es", "1.234", "1234"),
        ("number", "en", "1.234", "1.234"), ("number", "en", "1,234", "1234"), ("number", "fr", "1 234,5", "1234.5"),
        ("number", "de", "3,5 kg", "3.5"), ("number", "en", "-3", "-3"), ("number", "nl", "twee", "2"),
        ("number", "en", "12-13", None), ("number", "en", "1.2.3", None), ("number", "en", "none at all", None),
        ("date", "en", "2026-11-30", "2026-11-30"), ("date", "es", "30/11/2026", "2026-11-30"),
        ("date", "en", "11/30/2026", "2026-11-30"), ("date", "en", "11/12/2026", None),
        ("date", "en", "5/5/2026", "2026-05-05"),
        ("date", "es", "11/12/26", "2026-12-11"), ("date", "en", "30 November 2026", "2026-11-30"),
        ("date", "es", "30 de noviembre de 2026", "2026-11-30"), ("date", "fr", "1er décembre", "2026-12-01"),
        ("date", "en", "Nov 3rd, 2027", "2027-11-03"), ("date", "de", "3. März 2027", "2027-03-03"),
        ("date", "en", "1 March", "2027-03-01"),
        ("date", "it", "domani", "2026-11-23"), ("date", "nl", "31/02/2026", None), ("date", "en", "soon", None),
        ("select", "en", "2", "l"), ("select", "en", "the first one", "s"), ("select", "en", "lagre", "l"),
        ("select", "en", "s", "s"), ("select", "en", "Medium", None),
    ],
)  # fmt: skip
def test_values(kind: str, language: str, said: str, meant: str | None) -> None:
    field = FormField(name="x", label="X", type=kind, options=SIZES)  # type: ignore[arg-type]
    assert value(field, said, language, TODAY) == meant


@given(st.sampled_from(KINDS), st.text(max_size=60) | st.from_regex(r"[\d .,/+-]{0,30}"), st.sampled_from(["en", "es"]))
def test_any_text_is_a_value_or_none(kind: str, said: str, language: str) -> None:
    field = FormField(name="x", label="X", type=kind, options=SIZES)  # type: ignore[arg-type]
    found = value(field, said, language, TODAY)
    if found is not None and kind == "number":
        float(found)
    if found is not None and kind == "date":
        date.fromisoformat(found)


def filled(*said: str | Part, filling: Filling = OPEN, epoch: int = 3, at: datetime = NOW) -> fit.Filled:
    meant = [(Text(text=part) if isinstance(part, str) else part,) for part in said]
    return fit.fill(filling, meant, epoch=epoch, language="en", at=at)


def test_answers_in_one_go_become_one() -> None:
    found = filled("Ada", "2", "ada@example.org", "and then?")
    assert found.outcome == "done"
    answer = FormAnswer(form_id="f", values={"name": "Ada", "size": "l", "mail": "ada@example.org"}, message_id="m1")
    assert found.meant == ((), (), (answer,), (Text(text="and then?"),))
    assert found.taken == {0, 1, 2}


def test_a_tap_chooses_and_any_other_tap_leaves_the_form() -> None:
    asked = filled("Ada").filling
    assert asked is not None
    chosen = filled(Tap(payload="l"), filling=asked)
    assert chosen.filling is not None
    assert chosen.filling.values == {"name": "Ada", "size": "l"}
    for other in (Tap(payload="else"), FormAnswer(form_id="f2")):
        assert filled(other, filling=asked) == fit.Filled(outcome="left", meant=((other,),))


def test_what_is_no_answer_is_asked_again() -> None:
    assert filled(Location(latitude=0, longitude=0)).hints == ("form_text",)
    assert filled("Ada", "huge").hints == ("form_select",)
    assert filled("Ada", "huge", "large").hints == ()


def test_skip_is_for_what_is_optional() -> None:
    found = filled("skip", "Large", "skip")
    assert found.outcome == "done"
    (answer,) = found.meant[2]
    assert isinstance(answer, FormAnswer)
    assert answer.values == {"name": "skip", "size": "l"}


@pytest.mark.parametrize("word", ["cancel", "Cancelar", "annulla", "Annuleren!", "abbrechen", "annuler", "STOP"])
def test_cancel_in_every_language(word: str) -> None:
    assert filled("Ada", word).outcome == "cancelled"
    assert filled(word, "hello").meant == ((), (Text(text="hello"),))
    assert filled(word, "hello").outcome == "left"


@pytest.mark.parametrize("word", ["back", "atrás", "indietro", "terug", "zurück", "retour", "voltar"])
def test_back_in_every_language(word: str) -> None:
    found = filled("Ada", "large", word)
    assert found.filling is not None
    assert found.filling.at == 1
    assert filled(word).hints == ("form_first",)


@pytest.mark.parametrize(("epoch", "later"), [(4, timedelta()), (3, timedelta(days=2))])
def test_after_somebody_else_spoke_or_long_ago_nothing_is_an_answer(epoch: int, later: timedelta) -> None:
    found = filled("cancel", epoch=epoch, at=NOW + later)
    assert (found.outcome, found.hints, found.filling) == ("asking", ("form_resumed",), OPEN)
    assert found.taken == frozenset()


def test_questions() -> None:
    first = fit.question(FORM, 0, ["Begins."], optional="Skip?", begins=True)
    assert first == Text(text="Order\n\nBegins.\n\nName")
    second = fit.question(FORM, 1, [], optional="Skip?", begins=False)
    assert second == QuickReplies(text="Size", choices=SIZES)
    assert fit.question(FORM, 2, [], optional="Skip?", begins=False) == Text(text="E-mail\nSkip?")


PARTS = st.text(max_size=20).map(lambda text: Text(text=text)) | st.sampled_from(
    [Tap(payload="s"), Tap(payload="?"), Location(latitude=0, longitude=0), Text(text="back"), Text(text="skip")]
)


@given(st.lists(st.tuples(PARTS), max_size=8))
def test_any_messages_leave_the_form_in_order(meant: list[tuple[Part, ...]]) -> None:
    found = fit.fill(OPEN, meant, epoch=3, language="en", at=NOW)
    assert len(found.meant) == len(meant)
    if found.filling is not None:
        assert 0 <= found.filling.at < len(FORM.fields)
        assert set(found.filling.values) <= {field.name for field in FORM.fields}
    assert (found.outcome == "asking") is (found.filling is not None)
