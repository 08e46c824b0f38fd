"""What a bot may answer with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from orchestrator.types.handoff import Priority
from orchestrator.types.parts import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """`language` when the bot did not answer in its own (then nothing is translated that need not be)."""

    parts: tuple[Part, ...]
    language: str = ""
    kind: Literal["say"] = "say"


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    kind: Literal["typing"] = "typing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """All a bot has of its words so far, from the beginning: shown where that can be done, never kept."""

    text: str
    kind: Literal["partial"] = "partial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bid:
    """How sure a bot is that its answer is the right one, 0..1: read where several are asked, else nothing."""

    confidence: float
    kind: Literal["bid"] = "bid"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSlots:
    """Merged into the conversation's slots; a value of None removes the slot."""

    slots: Mapping[str, Any] = field(default_factory=dict)
    kind: Literal["set_slots"] = "set_slots"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetProfile:
    """Merged into the customer's profile as unverified facts; None removes."""

    profile: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    kind: Literal["set_profile"] = "set_profile"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOff:
    """Ask for a person. Team and priority are wishes: the policy may decide otherwise."""

    reason: str = ""
    team: str = ""
    priority: Priority | None = None
    summary: str = ""
    kind: Literal["hand_off"] = "hand_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class PassTo:
    """Let another bot of the app answer this turn and those that follow."""

    bot: str
    kind: Literal["pass_to"] = "pass_to"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotUnderstood:
    """The bot could not make sense of the turn (it may still say so): counts towards the streak."""

    kind: Literal["not_understood"] = "not_understood"


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    kind: Literal["close"] = "close"


Action = Say | Typing | Partial | Bid | SetSlots | SetProfile | HandOff | PassTo | NotUnderstood | Close
