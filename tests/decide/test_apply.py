"""What a bot's answer does to a conversation, and what of it is dropped."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.decide import apply_actions
from orchestrator.decide.apply import MOST_SAYS, MOST_SLOTS
from orchestrator.types import (
    Action,
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    Close,
    Controller,
    Form,
    FormAnswer,
    FormField,
    HandOff,
    Location,
    Media,
    NotUnderstood,
    Part,
    PassTo,
    QuickReplies,
    Say,
    SetProfile,
    SetSlots,
    Tap,
    Text,
    Typing,
    Unsupported,
)
from tests.support.talk import conversation


def say(*parts: Part) -> Say:
    return Say(parts=parts)


def test_an_ordinary_answer() -> None:
    applied = apply_actions(
        conversation(slots={"order": "12", "old": 1}),
        [
            Typing(),
            say(Text(text="Hi")),
            SetSlots(slots={"size": "M", "old": None}),
            SetProfile(profile={"name": "Ana"}),
        ],
        "guide",
    )
    assert applied.says == (say(Text(text="Hi")),)
    assert applied.conversation.slots == {"order": "12", "size": "M"}
    assert applied.profile == {"name": "Ana"}
    assert applied.conversation.aggregates.bot_messages == 1
    assert (applied.notes, applied.close, applied.handoff, applied.pass_to) == ((), False, None, "")


def test_not_understood_counts_and_failing_does_not() -> None:
    once = apply_actions(conversation(), [NotUnderstood(), say(Text(text="Sorry?"))], "guide").conversation
    assert once.aggregates.misunderstood == 1
    assert apply_actions(once, [], "guide", failed=True).conversation.aggregates.misunderstood == 1
    assert apply_actions(once, [say(Text(text="Ah."))], "guide").conversation.aggregates.misunderstood == 0


def test_asking_for_a_person_beats_passing_on_which_beats_closing() -> None:
    everything: list[Action] = [Close(), PassTo(bot="sales"), HandOff(reason="hard"), HandOff(reason="harder")]
    applied = apply_actions(conversation(), everything, "guide")
    assert applied.handoff is not None
    assert (applied.handoff.reason, applied.pass_to, applied.close) == ("hard", "", False)
    assert len(applied.notes) == 2
    passed = apply_actions(conversation(), everything[:2], "guide")
    assert (passed.pass_to, passed.conversation.bot, passed.close) == ("sales", "sales", False)
    assert passed.conversation.controller == Controller(kind="bot", name="sales")
    assert passed.conversation.epoch == conversation().epoch
    failed = apply_actions(conversation(), everything[1:2], "sales", failed=True)
    assert (failed.pass_to, failed.conversation.bot) == ("", "guide")
    closed = apply_actions(conversation(), [Close()], "guide")
    assert (closed.close, closed.conversation.status) == (True, "closed")


@pytest.mark.parametrize(
    ("part", "left"),
    [
        (Text(text=" \n"), None),
        (Tap(payload="x"), None),
        (FormAnswer(form_id="f"), None),
        (Unsupported(what="sticker"), None),
        (Media(url="javascript:alert(1)"), None),
        (Media(url="data:text/html,hi"), None),
        (Media(url="//evil.example/x.png"), None),
        (Media(url="https://[broken"), None),
        (Media(url="/media/a.png"), Media(url="/media/a.png")),
        (Media(url="https://a.example/x.png"), Media(url="https://a.example/x.png")),
        (Location(latitude=91, longitude=0), None),
        (Location(latitude=float("nan"), longitude=0), None),
        (Location(latitude=40.4, longitude=-3.7), Location(latitude=40.4, longitude=-3.7)),
        (QuickReplies(choices=(), text="Well?"), Text(text="Well?")),
        (QuickReplies(choices=()), None),
        (
            QuickReplies(choices=(Choice(title="Yes", payload=""), Choice(title="", payload=""))),
            QuickReplies(choices=(Choice(title="Yes", payload="Yes"),)),
        ),
        (
            Buttons(text="Go", buttons=(Button(title="Bad", url="javascript:1"), Button(title="Ok"))),
            Buttons(text="Go", buttons=(Button(title="Ok", payload="Ok"),)),
        ),
        (
            Buttons(buttons=(Button(title="Call", url="tel:+34600"),)),
            Buttons(buttons=(Button(title="Call", url="tel:+34600"),)),
        ),
        (Carousel(cards=()), None),
        (
            Carousel(cards=(Card(title="A", image="javascript:1"), Card(title=""))),
            Carousel(cards=(Card(title="A"),)),
        ),
        (Form(id="f", fields=(), title="Your data"), Text(text="Your data")),
        (
            Form(id="f", fields=(FormField(name="a", label="A"), FormField(name="", label="B"))),
            Form(id="f", fields=(FormField(name="a", label="A"),)),
        ),
    ],
)
def test_parts_that_can_not_be_shown(part: Part, left: Part | None) -> None:
    applied = apply_actions(conversation(), [say(part)], "guide")
    assert applied.says == ((say(left),) if left else ())
    assert bool(applied.notes) == (left is None)


@pytest.mark.parametrize(
    "rubbish",
    [
        Say(parts="hello"),  # type: ignore[arg-type]
        Say(parts=("hello",)),  # type: ignore[arg-type]
        Say(parts=(Text(text=3),)),  # type: ignore[arg-type]
        Say(parts=(Text(text="\ud800"),)),
        Say(parts=(object(),)),  # type: ignore[arg-type]
        SetSlots(slots=[1]),  # type: ignore[arg-type]
        SetSlots(slots={"a": object(), "b": {1, 2}, 3: "x", "": 1, "c": float("nan"), "d": 2**80}),  # type: ignore[dict-item]
        SetProfile(profile="x"),  # type: ignore[arg-type]
        SetProfile(profile={"verified": True, "a": [1], "b": float("inf"), "": "x", "c": "\ud800"}),  # type: ignore[dict-item]
        "not an action",
        None,
        PassTo(bot=3),  # type: ignore[arg-type]
    ],
)
def test_rubbish_is_dropped_with_a_note_and_changes_nothing(rubbish: Any) -> None:
    applied = apply_actions(conversation(slots={"kept": 1}), [rubbish, say(Text(text="Hi"))], "guide")
    assert applied.notes
    assert applied.says == (say(Text(text="Hi")),)
    assert (applied.conversation.slots, applied.profile, applied.pass_to) == ({"kept": 1}, {}, "")


def test_too_much_is_cut_with_a_note() -> None:
    many = apply_actions(conversation(), [say(Text(text="x"))] * (MOST_SAYS + 5), "guide")
    assert len(many.says) == MOST_SAYS
    assert len(many.notes) == 5
    wide = apply_actions(conversation(), [say(*[Text(text="x")] * 25)], "guide")
    assert len(wide.says[0].parts) == 20
    assert wide.notes == ("say: 5 parts over 20 dropped",)
    huge = apply_actions(conversation(), [say(Text(text="x" * 200_000)), say(Text(text="y" * 200_000))], "guide")
    assert len(huge.says) == 1
    assert len(huge.notes) == 1


def test_slots_that_grow_too_large_are_kept_as_they_were() -> None:
    before = {"a": "x" * 1000}
    applied = apply_actions(conversation(slots=before), [SetSlots(slots={"b": "y" * MOST_SLOTS})], "guide")
    assert applied.conversation.slots == before
    assert "set_slots: ignored" in applied.notes[0]
    full = {"a": "x" * (MOST_SLOTS + 10), "b": 1}
    shrunk = apply_actions(conversation(slots=full), [SetSlots(slots={"b": None})], "guide")
    assert shrunk.conversation.slots == {"a": full["a"]}


def test_a_wish_for_a_person_is_tidied() -> None:
    wish = HandOff(reason="r" * 9000, team=None, priority="now", summary="s" * 9000)  # type: ignore[arg-type]
    tidy = apply_actions(conversation(), [wish], "guide").handoff
    assert tidy is not None
    assert (len(tidy.reason), tidy.team, tidy.priority, len(tidy.summary)) == (500, "", None, 4000)


def test_time_arrives_from_outside() -> None:
    later = datetime(2030, 1, 1, tzinfo=UTC)
    assert apply_actions(conversation(), [], "guide", now=later).conversation.updated_at == later


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
ANYTHING: st.SearchStrategy[Any] = st.one_of(
    JSON,
    st.builds(Say, parts=st.lists(JSON | st.builds(Text, text=JSON), max_size=3).map(tuple)),
    st.builds(SetSlots, slots=JSON),
    st.builds(SetProfile, profile=JSON),
    st.builds(HandOff, reason=JSON, team=JSON, priority=JSON, summary=JSON),
    st.builds(PassTo, bot=JSON),
    st.just(Close()),
    st.just(NotUnderstood()),
)


@given(st.lists(ANYTHING, max_size=6))
def test_nothing_a_bot_says_raises(actions: list[Any]) -> None:
    applied = apply_actions(conversation(), actions, "guide")
    assert sum([bool(applied.handoff), bool(applied.pass_to), applied.close]) <= 1
