"""Reading as much of a platform's object as can be read: one field in a new shape costs that field, no message."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from orchestrator import incoming

TRIES = 4


class Wire(BaseModel):
    """An object of the platform's. A field that is null means what leaving it out means."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def present(cls, value: Any) -> Any:
        return incoming.without_nulls(value)


Read = TypeVar("Read", bound=Wire)


def read(model: type[Read], raw: Mapping[str, Any]) -> Read | None:
    """None when nothing of it can be read."""
    value: Any = raw
    for _ in range(TRIES):
        try:
            return model.model_validate(value)
        except ValidationError as error:
            places = [item["loc"] for item in error.errors(include_url=False, include_input=False)]
            value = without(value, places)
    return None


def without(value: Any, places: Sequence[tuple[str | int, ...]]) -> Any:
    """A copy that lacks what stands there; where nothing does, what should hold it."""
    found = deepcopy(value)
    for place in places:
        while place and not dropped(found, place):
            place = place[:-1]
    return found


def dropped(found: Any, place: tuple[str | int, ...]) -> bool:
    *way, last = place
    for step in way:
        found = inside(found, step)
    if isinstance(found, dict) and last in found:
        del found[last]
        return True
    if isinstance(found, list) and isinstance(last, int) and last < len(found) and found[last] != {}:
        found[last] = {}
        return True
    return False


def inside(holder: Any, step: str | int) -> Any:
    if isinstance(holder, dict):
        return holder.get(step)
    if isinstance(holder, list) and isinstance(step, int) and step < len(holder):
        return holder[step]
    return None
