"""`PARLEY_SERVER__PORT=9000` overrides `[server] port`: two underscores go one table deeper."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.errors import Key, Misconfigured, Problem

PREFIX = "PARLEY_"
DEEPER = "__"


@dataclass(frozen=True, slots=True)
class Override:
    variable: str
    key: Key
    value: str


def overrides(raw: Mapping[str, Any], environ: Mapping[str, str]) -> Sequence[Override]:
    """In a fixed order. Variables without "__" name no setting: Kubernetes alone sets a dozen PARLEY_PORT_… of its own.

    An empty one overrides nothing.
    """
    return [
        Override(variable, key_of(raw, variable), value)
        for variable, value in sorted(environ.items())
        if variable.startswith(PREFIX) and DEEPER in variable and value
    ]


def key_of(raw: Mapping[str, Any], variable: str) -> Key:
    """The names in the file decide what "_" stands for: PARLEY_APPS__MY_SHOP__BOT finds [apps.my-shop]."""
    key: list[str] = []
    table: Any = raw
    for word in variable.removeprefix(PREFIX).lower().split(DEEPER):
        known = table if isinstance(table, Mapping) else {}
        step = next((name for name in known if name.lower().replace("-", "_") == word), word)
        key.append(step)
        table = known.get(step)
    return tuple(key)


def merge(raw: dict[str, Any], given: Sequence[Override]) -> None:
    """Raises Misconfigured when a variable leads through something that is no table."""
    wrong = []
    for each in given:
        try:
            put(raw, each)
        except ValueError as error:
            wrong.append(Problem(str(error), each.key))
    if wrong:
        raise Misconfigured(wrong)


def put(raw: dict[str, Any], each: Override) -> None:
    table = raw
    for step in each.key[:-1]:
        inner = table.setdefault(str(step), {})
        if not isinstance(inner, dict):
            raise ValueError(f"{step!r} is no table: give it as a whole, or change the file")
        table = inner
    table[str(each.key[-1])] = value_of(each.value)


def value_of(text: str) -> Any:
    """Text as it is, which fits numbers and truths too; lists and tables as in the file: `["10.0.0.1"]`."""
    if not text.startswith(("[", "{")):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        raise ValueError("""is no list or table as TOML writes them, such as '["10.0.0.1", "10.0.0.2"]'""") from None
