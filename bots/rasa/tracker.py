"""Rasa's tracker and what Parley keeps of it: which events bring it up to date. Pure.

What was sent is kept in a slot of the conversation's, so that any process can go on.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bots.rasa.settings import Settings
from orchestrator.bot_server import plain
from orchestrator.facts import named
from orchestrator.types import HistoryLine, SetSlots, Turn

Event = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`begun`: the session has started; `sent`: a digest of the slots Rasa has; `paused`: Rasa was told to be quiet."""

    begun: bool = False
    sent: str = ""
    paused: bool = False


def slot_of(turn: Turn) -> str:
    """Each Rasa of a conversation has its own."""
    return f"rasa:{turn.bot}"


def standing(turn: Turn) -> Standing:
    found = turn.slots.get(slot_of(turn))
    if not isinstance(found, Mapping):
        return Standing()
    return Standing(
        begun=found.get("begun") is True, sent=str(found.get("sent", "")), paused=found.get("paused") is True
    )


def kept(turn: Turn, now: Standing) -> SetSlots:
    return SetSlots(slots={slot_of(turn): asdict(now)})


def values(settings: Settings, turn: Turn) -> dict[str, Any]:
    """What goes into Rasa's slots, by their names."""
    return named(turn, settings.slots)


def digest(found: Mapping[str, Any]) -> str:
    packed = json.dumps(found, default=plain, sort_keys=True)
    return hashlib.sha256(packed.encode()).hexdigest()[:16]


def events(settings: Settings, turn: Turn, before: Standing, found: Mapping[str, Any]) -> list[Event]:
    """What happened since Rasa was last asked, oldest first; each with the time of the turn."""
    told = [*after_desk(settings, turn, before), *(slots(found) if digest(found) != before.sent else ())]
    return [{**event, "timestamp": turn.now.timestamp()} for event in told]


def slots(found: Mapping[str, Any]) -> Iterator[Event]:
    for name, value in found.items():
        yield {"event": "slot", "name": name, "value": value}


def after_desk(settings: Settings, turn: Turn, before: Standing) -> Iterator[Event]:
    """Rasa is paused while others speak: it learns what they said, and goes on."""
    if turn.returned is not None:
        if not before.paused:
            yield {"event": "pause"}
        for line in at_desk(turn.history):
            kind = "agent" if line.role == "agent" else "user"
            yield {"event": kind, "text": line.text} if kind == "agent" else heard(line)
        yield {"event": "resume"}
        if settings.note_slot:
            yield {"event": "slot", "name": settings.note_slot, "value": turn.returned.note or None}
    elif before.paused:
        yield {"event": "resume"}


def heard(line: HistoryLine) -> Event:
    """Already read by somebody: without an intent nothing is predicted from it."""
    parsed = {"intent": {"name": None, "confidence": 0.0}, "entities": [], "text": line.text}
    return {"event": "user", "text": line.text, "parse_data": parsed, "input_channel": "parley"}


def at_desk(history: Sequence[HistoryLine]) -> list[HistoryLine]:
    """What customer and agent said since the bot's last line, from the agent's first on."""
    since: list[HistoryLine] = []
    for line in reversed(history):
        if line.role == "bot":
            break
        since.insert(0, line)
    first = next((place for place, line in enumerate(since) if line.role == "agent"), len(since))
    return [line for line in since[first:] if line.role in ("agent", "customer") and line.text]
