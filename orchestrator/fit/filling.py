"""Forms asked field by field, where a channel has none: what the customer's messages do to one that is open."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from orchestrator.fit.fields import value
from orchestrator.fit.measure import one_line
from orchestrator.fit.numbers import folded
from orchestrator.fit.words import COMMANDS
from orchestrator.fit.written import field_text
from orchestrator.types import Choice, Filling, Form, FormAnswer, FormField, Limits, Part, QuickReplies, Tap, Text

STALE = timedelta(days=1)
"""A question that was asked longer ago is asked again: "hello" the next morning is no answer to it."""
MOST_FIELDS = 50
MOST_OPTIONS = 500

Hint = str
"""The name of a notice (`orchestrator.texts`) that is said before the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """`filling` as it is after the messages, None when it is over. `meant` are their parts with the answers taken out.

    `done`: the whole form stands in `meant` as one FormAnswer. `asking`: `hints` and the question are to be said.
    `cancelled` by the customer. `left`: they went on to something else. `taken` are the messages that were answers.
    """

    outcome: Literal["asking", "done", "cancelled", "left"]
    filling: Filling | None = None
    meant: tuple[tuple[Part, ...], ...] = ()
    hints: tuple[Hint, ...] = ()
    taken: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Step:
    filling: Filling
    hint: Hint = ""
    cancelled: bool = False


def askable(form: Form) -> bool:
    options = sum(len(field.options) for field in form.fields)
    return 0 < len(form.fields) <= MOST_FIELDS and options <= MOST_OPTIONS


def to_ask(parts: Sequence[Part], limits: Limits) -> int | None:
    """Where the form stands among them that is asked field by field: the first, where the channel has none."""
    places = (place for place, part in enumerate(parts) if isinstance(part, Form) and askable(part))
    return None if limits.form else next(places, None)


def fill(filling: Filling, meant: Sequence[tuple[Part, ...]], *, epoch: int, language: str, at: datetime) -> Filled:
    """What these messages, oldest first, do to the form. Total. `epoch` is the conversation's.

    Where somebody else spoke to the customer since the question, or it is long ago, nothing is taken for an answer.
    """
    if filling.epoch != epoch or at - filling.asked_at > STALE:
        return Filled(outcome="asking", filling=filling, meant=tuple(meant), hints=("form_resumed",))
    left = list(meant)
    hint, taken = "", set[int]()
    for index, parts in enumerate(meant):
        if elsewhere(filling, parts):
            return Filled(outcome="left", meant=tuple(left), taken=frozenset(taken))
        taken.add(index)
        left[index] = ()
        step = answered(filling, parts, language, at)
        filling, hint = step.filling, step.hint
        if step.cancelled:
            rest = any(left[index + 1 :])
            outcome: Literal["left", "cancelled"] = "left" if rest else "cancelled"
            return Filled(outcome=outcome, meant=tuple(left), hints=("form_cancelled",), taken=frozenset(taken))
        if filling.at >= len(filling.form.fields):
            whole = FormAnswer(form_id=filling.form.id, values=dict(filling.values), message_id=filling.message_id)
            left[index] = (whole,)
            return Filled(outcome="done", meant=tuple(left), taken=frozenset(taken))
    return Filled(
        outcome="asking", filling=filling, meant=tuple(left), hints=(hint,) if hint else (), taken=frozenset(taken)
    )


def elsewhere(filling: Filling, parts: Sequence[Part]) -> bool:
    """Whether they tapped on something that is not of this question, or filled in another form."""
    options = {choice.payload or choice.title for choice in filling.form.fields[filling.at].options}
    return any(
        isinstance(part, FormAnswer) or (isinstance(part, Tap) and part.payload not in options) for part in parts
    )


def answered(filling: Filling, parts: Sequence[Part], language: str, at: datetime) -> Step:
    field = filling.shown.fields[filling.at]
    said = "\n".join(words(parts)).strip()
    tapped = next((part.payload for part in parts if isinstance(part, Tap)), "")
    found = (tapped or value(field, said, language, at.date())) if field.type == "select" else None
    command = "" if found else COMMANDS.get(folded(said), "")
    if command == "cancel":
        return Step(filling, cancelled=True)
    if command == "back":
        return back(filling)
    if command == "skip" and not field.required:
        return Step(replace(filling, at=filling.at + 1, values=without(filling, field.name)))
    found = found or (value(field, said, language, at.date()) if field.type != "select" else None)
    if found is None:
        return Step(filling, hint=f"form_{field.type}")
    return Step(replace(filling, at=filling.at + 1, values={**filling.values, field.name: found}))


def back(filling: Filling) -> Step:
    if filling.at == 0:
        return Step(filling, hint="form_first")
    return Step(replace(filling, at=filling.at - 1))


def without(filling: Filling, name: str) -> dict[str, str]:
    return {key: kept for key, kept in filling.values.items() if key != name}


def words(parts: Sequence[Part]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Text):
            yield part.text


def question(form: Form, at: int, hints: Sequence[str], *, optional: str, begins: bool) -> Part:
    """The question for a field, under what `hints` say; `optional` tells how to leave it out."""
    field: FormField = form.fields[at]
    choices = tuple(Choice(title=one_line(one.title) or one.payload, payload=one.payload or one.title,
                           description=one.description, image=one.image) for one in field.options)  # fmt: skip
    asked = replace(field, options=()) if choices else field
    label = "\n".join(filter(None, (field_text(asked), "" if field.required else optional)))
    text = "\n\n".join(filter(None, (form.title.strip() if begins else "", *hints, label)))
    return QuickReplies(text=text, choices=choices) if field.type == "select" and choices else Text(text=text)
