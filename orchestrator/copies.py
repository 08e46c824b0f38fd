"""`dataclasses.replace`, at half its cost: a turn makes some twenty changed copies of frozen dataclasses."""

from collections import deque
from itertools import repeat
from operator import attrgetter, call
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from dataclasses import replace as replace  # its calls are checked field by field
else:
    from collections.abc import Callable
    from dataclasses import fields
    from dataclasses import replace as slowly

    T = TypeVar("T")
    Setter = Callable[[Any, Any], None]
    PLANS: dict[type, tuple[Callable[[Any], tuple[Any, ...]], tuple[Setter, ...], dict[str, Setter]] | None] = {}

    def replace(value: T, /, **changes: Any) -> T:
        """A copy with `changes`. Raises TypeError for a field there is not."""
        kind = type(value)
        plan = PLANS[kind] if kind in PLANS else planned(kind)
        if plan is None:
            return slowly(value, **changes)
        read, setters, by_name = plan
        copy = object.__new__(kind)
        deque(map(call, setters, repeat(copy), read(value)), maxlen=0)  # a loop in C
        for name, new in changes.items():
            if name not in by_name:
                raise TypeError(f"{kind.__name__} has no field {name!r}")
            by_name[name](copy, new)
        return copy

    def planned(kind: type) -> tuple[Callable[[Any], tuple[Any, ...]], tuple[Setter, ...], dict[str, Setter]] | None:
        """How to copy one, kept for the next; None where the constructor does more than to keep its arguments."""
        names = [field.name for field in fields(kind)]
        plain = all(field.init for field in fields(kind)) and not hasattr(kind, "__post_init__")
        slots = {name: slot for name in names if hasattr(slot := getattr(kind, name, None), "__set__")}
        PLANS[kind] = None
        if plain and len(names) > 1 and len(slots) == len(names):
            setters = {name: slot.__set__ for name, slot in slots.items()}
            PLANS[kind] = (attrgetter(*names), tuple(setters.values()), setters)
        return PLANS[kind]
