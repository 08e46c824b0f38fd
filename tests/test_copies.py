"""Copies of frozen dataclasses are what `dataclasses.replace` makes, for every noun there is."""

import dataclasses
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import pytest

from orchestrator import types
from orchestrator.copies import replace
from tests.support.builders import conversation

NOUNS = sorted(
    (each for each in vars(types).values() if isinstance(each, type) and is_dataclass(each)),
    key=lambda each: each.__name__,
)


def made(kind: type) -> Any:
    return kind(**{one.name: object() for one in fields(kind) if one.init})


@pytest.mark.parametrize("kind", NOUNS)
def test_every_noun_is_copied_as_the_standard_library_would(kind: type) -> None:
    value = made(kind)
    for one in fields(kind):
        if one.init:
            change: dict[str, Any] = {one.name: object()}
            assert replace(value, **change) == dataclasses.replace(value, **change)
    assert replace(value) == value
    assert replace(value) is not value


def test_the_original_stays_as_it_was() -> None:
    before = conversation()
    after = replace(before, version=7)
    assert (before.version, after.version) == (0, 7)
    with pytest.raises(dataclasses.FrozenInstanceError):
        after.version = 8  # type: ignore[misc]


def test_a_field_there_is_not_is_refused() -> None:
    with pytest.raises(TypeError, match="no field 'verson'"):
        replace(conversation(), verson=1)  # type: ignore[call-arg]


@dataclass(frozen=True, slots=True)
class Careful:
    size: int
    twice: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError("less than nothing")
        object.__setattr__(self, "twice", 2 * self.size)


def test_a_constructor_that_does_more_is_called() -> None:
    assert replace(Careful(1), size=3).twice == 6
    with pytest.raises(ValueError, match="less than nothing"):
        replace(Careful(1), size=-1)


@dataclass(frozen=True)
class Roomy:
    one: int = 1
    two: int = 2


def test_one_without_slots_is_copied_too() -> None:
    assert replace(Roomy(), two=3) == Roomy(one=1, two=3)
