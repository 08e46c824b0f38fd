"""Changing a channel's settings without giving its secrets again, and without letting anybody else have them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.errors import Malformed, dotted
from orchestrator.roster.settings import HIDDEN

ADDRESS = re.compile(r"host|url|domain|login|openid|callback|server|proxy|endpoint|base|api$", re.IGNORECASE)
"""Names of keys that say where a connector calls, besides those whose value shows it."""

Leaves = dict[tuple[str | int, ...], Any]


def amended(before: Mapping[str, Any], shown: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """`given` over `before`, as in a JSON merge patch (RFC 7396): null takes a key away.

    What is given back as it was `shown`, masked secrets too, stays as it was. Raises Malformed for a mask that hides
    nothing.
    """
    result = dict(before)
    for key, value in given.items():
        old, seen = before.get(key), shown.get(key)
        if value is None:
            result.pop(key, None)
        elif key in before and value == seen:
            continue
        elif isinstance(value, Mapping):
            result[key] = amended(table(old), table(seen), value)
        elif any(leaf == HIDDEN for _, leaf in leaves(value)):
            raise Malformed(f"{key}: this is what hides a secret, not the secret")
        else:
            result[key] = value
    return result


def table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def check_secrets(before: Mapping[str, Any], after: Mapping[str, Any], shown: Mapping[str, Any], given: Any) -> None:
    """Whoever changes where a connector calls brings its secrets too: else they could be sent to anybody.

    `shown` is `after` with its secrets masked. Raises Malformed.
    """
    was, now, brought = (dict(leaves(each)) for each in (before, after, given))
    if addresses(was) == addresses(now):
        return
    kept = [path for path, value in leaves(shown) if value == HIDDEN and path in was and brought.get(path) is None]
    if kept:
        named = ", ".join(sorted(dotted(path) for path in kept))
        raise Malformed(f"{named}: whoever changes the address a channel calls gives its secrets again")


def addresses(found: Leaves) -> Leaves:
    return {path: value for path, value in found.items() if is_address(path, value)}


def is_address(path: tuple[str | int, ...], value: Any) -> bool:
    return any(isinstance(step, str) and ADDRESS.search(step) for step in path) or "://" in str(value)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    match value:
        case Mapping():
            for key, item in value.items():
                yield from leaves(item, (*path, key))
        case list() | tuple():
            for number, item in enumerate(value):
                yield from leaves(item, (*path, number))
        case _:
            yield path, value


def secrets(raw: Mapping[str, Any], shown: Mapping[str, Any]) -> list[str]:
    """The texts that nothing may tell, the longest first."""
    masked = {path for path, value in leaves(shown) if value == HIDDEN}
    found = {value for path, value in leaves(raw) if path in masked and isinstance(value, str) and value}
    return sorted(found, key=len, reverse=True)


def scrubbed(text: str, hidden: list[str]) -> str:
    for secret in hidden:
        text = text.replace(secret, HIDDEN)
    return text
