"""What a bot's actions do to a conversation: pure, and deaf to nonsense. Nothing here raises for what a bot says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from typing import Any

import orjson

from orchestrator.copies import replace
from orchestrator.decide import aggregates
from orchestrator.decide.speech import checked
from orchestrator.types import (
    Action,
    Bid,
    Close,
    Conversation,
    HandOff,
    NotUnderstood,
    Partial,
    PassTo,
    Profile,
    Say,
    SetProfile,
    SetSlots,
    Typing,
)

MOST_SAYS = 20
MOST_SAID = 262_144
"""Bytes of JSON one answer may say in all."""
MOST_SLOTS = 65_536
"""Bytes of JSON the slots of a conversation may take."""
MOST_PROFILE = 16_384
LONGEST_REASON = 500
LONGEST_SUMMARY = 4_000
PROTECTED = frozenset({"verified"})
"""Profile keys that only a proof of identity sets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a bot's answer comes to. `notes` say what was dropped and why; never the customer's words.

    `conversation` has the new slots, sums and status, and the bot passed to as the one for the turns that follow.
    At most one of `handoff`, `pass_to` and `close` is set: asking for a person beats passing on, which beats closing.
    """

    conversation: Conversation
    says: tuple[Say, ...] = ()
    handoff: HandOff | None = None
    pass_to: str = ""
    close: bool = False
    profile: Profile = field(default_factory=dict)
    misunderstood: bool = False
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Tally:
    """What has been gathered so far, action by action."""

    slots: dict[str, Any]
    profile: dict[str, str | int | float | bool | None] = field(default_factory=dict)
    says: list[Say] = field(default_factory=list)
    said: int = 0
    handoff: HandOff | None = None
    pass_to: str = ""
    close: bool = False
    misunderstood: bool = False
    notes: list[str] = field(default_factory=list)


def apply_actions(
    conversation: Conversation,
    actions: Sequence[Action],
    bot: str = "",
    *,
    failed: bool = False,
    now: datetime | None = None,
) -> Applied:
    """`bot` answered (or, with `failed`, nobody could). Anything malformed is dropped with a note."""
    tally = Tally(slots=dict(conversation.slots))
    for action in actions:
        take(tally, action)
    close = tally.close and not tally.handoff and not tally.pass_to
    pass_to = "" if tally.handoff or failed else tally.pass_to
    if tally.close and not close:
        tally.notes.append("close: ignored, the conversation goes on elsewhere")
    if tally.pass_to and not pass_to:
        tally.notes.append(f"pass_to: ignored, {'that bot failed' if failed else 'the bot asked for a person'}")
    return Applied(
        conversation=replace(
            conversation,
            slots=fitting_slots(conversation.slots, tally),
            aggregates=aggregates.after_bot(
                conversation.aggregates, said=len(tally.says), misunderstood=tally.misunderstood, failed=failed
            ),
            bot=pass_to or conversation.bot or bot,
            controller=replace(conversation.controller, name=pass_to)
            if pass_to and conversation.controller.kind == "bot"
            else conversation.controller,
            status="closed" if close else conversation.status,
            updated_at=now or conversation.updated_at,
        ),
        says=tuple(tally.says),
        handoff=tally.handoff,
        pass_to=pass_to,
        close=close,
        profile=tally.profile,
        misunderstood=tally.misunderstood,
        notes=tuple(tally.notes),
    )


def take(tally: Tally, action: Action) -> None:
    match action:
        case Say():
            take_say(tally, action)
        case SetSlots(slots=slots):
            take_slots(tally, slots)
        case SetProfile(profile=profile):
            take_profile(tally, profile)
        case HandOff():
            tally.handoff = tally.handoff or tidy(action)
        case PassTo(bot=str() as bot):
            tally.pass_to = bot
        case NotUnderstood():
            tally.misunderstood = True
        case Close():
            tally.close = True
        case Typing() | Partial() | Bid():
            pass
        case _:
            tally.notes.append(f"{type(action).__name__}: not an action, ignored")


def take_say(tally: Tally, say: Say) -> None:
    if len(tally.says) >= MOST_SAYS:
        tally.notes.append(f"say: dropped, an answer has at most {MOST_SAYS}")
        return
    sound, size, notes = checked(say)
    tally.notes += notes
    if sound is None:
        return
    if tally.said + size > MOST_SAID:
        tally.notes.append(f"say: dropped, an answer has at most {MOST_SAID} bytes")
        return
    tally.said += size
    tally.says.append(sound)


def take_slots(tally: Tally, slots: Mapping[str, Any]) -> None:
    if not isinstance(slots, Mapping):
        tally.notes.append("set_slots: not an object, ignored")
        return
    for name, value in slots.items():
        if not isinstance(name, str) or not name:
            tally.notes.append("set_slots: a name that is no text, ignored")
        elif value is None:
            tally.slots.pop(name, None)
        elif plain(value):
            tally.slots[name] = value
        else:
            tally.notes.append(f"set_slots: {name[:80]!r} is not JSON, ignored")


def plain(value: Any) -> bool:
    """Whether the store can keep it and give it back the same."""
    try:
        return bool(orjson.loads(orjson.dumps(value)) == value)
    except (TypeError, ValueError, RecursionError):
        return False


def fitting_slots(before: Mapping[str, Any], tally: Tally) -> Mapping[str, Any]:
    if tally.slots == before:
        return before
    size = len(orjson.dumps(tally.slots))
    if size <= MOST_SLOTS or size <= len(orjson.dumps(dict(before))):
        return tally.slots
    tally.notes.append(f"set_slots: ignored, {size} bytes is more than the {MOST_SLOTS} a conversation may keep")
    return before


def take_profile(tally: Tally, profile: Profile) -> None:
    if not isinstance(profile, Mapping):
        tally.notes.append("set_profile: not an object, ignored")
        return
    for name, value in profile.items():
        if problem := unfit(name, value):
            tally.notes.append(f"set_profile: {str(name)[:80]!r} {problem}, ignored")
            continue
        patch = {**tally.profile, name: value}
        if len(orjson.dumps(patch)) > MOST_PROFILE:
            tally.notes.append(f"set_profile: {name[:80]!r} ignored, more than {MOST_PROFILE} bytes at once")
            continue
        tally.profile = patch


def unfit(name: object, value: object) -> str:
    """Why this can't be a fact of a profile; "" when it can."""
    if not isinstance(name, str) or not name:
        return "is no name"
    if name in PROTECTED:
        return "is not for bots to set"
    if value is not None and not isinstance(value, str | int | float | bool):
        return "is not a text, number or truth value"
    if isinstance(value, float) and not isfinite(value):
        return "is not a number JSON has"
    return "" if plain({name: value}) else "can't be kept"


def tidy(wish: HandOff) -> HandOff:
    """Its texts as texts, at lengths a desk can show."""
    return replace(
        wish,
        reason=str(wish.reason or "")[:LONGEST_REASON],
        team=str(wish.team or ""),
        priority=wish.priority if wish.priority in ("low", "normal", "high", "urgent") else None,
        summary=str(wish.summary or "")[:LONGEST_SUMMARY],
    )
