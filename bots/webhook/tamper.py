"""Turns as a forger, a proxy gone wrong or a newer Parley would send them: for `parley bots check`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

import orjson

from bots.webhook import wire
from orchestrator import signing
from orchestrator.ports import Tampering
from orchestrator.types import Turn

STALE = timedelta(minutes=10)
STRANGER = b"parley-conformance-stranger-key!"
"""A key no bot has: 32 bytes."""
NEW = {"a_field_of_tomorrow": {"deep": [1, {"er": None}]}}


@dataclass(frozen=True, slots=True)
class Tampered:
    headers: Mapping[str, str]
    body: bytes


def tampered(turn: Turn, how: Tampering, keys: Sequence[bytes], now: datetime) -> Tampered:
    body = wire.encode(turn)
    match how:
        case "extra":
            body = orjson.dumps(extended(orjson.loads(body)))
        case "not_json":
            body = b'{"version": 1, "turn_id": '
        case "not_a_turn":
            body = b'["this", "is", "no", "turn"]'
        case "unsigned":
            return Tampered(signing.sign((), turn.id, now, body), body)
        case "forged":
            return Tampered(signing.sign((STRANGER,), turn.id, now, body), body)
        case "stale":
            return Tampered(signing.sign(keys, turn.id, now - STALE, body), body)
        case "altered":
            return Tampered(signing.sign(keys, turn.id, now, body), body + b" ")
        case _:
            assert_never(how)
    return Tampered(signing.sign(keys, turn.id, now, body), body)


def extended(said: dict[str, object]) -> dict[str, object]:
    """With fields nobody knows, wherever a later version could add some."""
    for value in said.values():
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                inner |= NEW
    return {**said, **NEW}
