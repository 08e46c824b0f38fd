"""Bots that are each broken in one way, for the conformance kit. What they keep in memory is the point."""

import asyncio
import threading
from collections import Counter
from typing import Any

from orchestrator.types import (
    Action,
    Choice,
    HandOff,
    Media,
    NotUnderstood,
    QuickReplies,
    Say,
    SetSlots,
    Tap,
    Text,
    Turn,
)

OFFER = QuickReplies(text="Anything else?", choices=(Choice(title="Opening hours", payload="hours"),))
counted: Counter[str] = Counter()
last: dict[str, Any] = {"name": "nobody"}
places: dict[str, int] = {}


def said(text: str) -> Say:
    return Say(parts=(Text(text=text),))


async def good(turn: Turn) -> list[Action]:
    """Behaves in every way."""
    step = int(turn.slots["step"]) + 1 if isinstance(turn.slots.get("step"), int) else 1
    return [SetSlots(slots={"step": step}), Say(parts=(OFFER,))]


async def silent_at_the_door(turn: Turn) -> list[Action]:
    turn.messages[0]
    return await good(turn)


async def mute(turn: Turn) -> list[Action]:
    return [] if turn.text else await good(turn)


async def deaf_to_taps(turn: Turn) -> list[Action]:
    return [] if turn.payload else await good(turn)


async def slow(turn: Turn) -> list[Action]:
    await asyncio.Event().wait()
    return []


async def stubborn(turn: Turn) -> list[Action]:
    """Answers at once unless it is in a hurry; then nothing stops it."""
    if (turn.deadline - turn.now).total_seconds() < 0.9:
        until = asyncio.get_running_loop().time() + 2
        while (rest := until - asyncio.get_running_loop().time()) > 0:
            try:
                await asyncio.wait_for(asyncio.Event().wait(), rest)
            except (TimeoutError, asyncio.CancelledError):
                continue
    return await good(turn)


async def strict(turn: Turn) -> list[Action]:
    unknown = set(turn.profile) - {"name"}
    if unknown:
        raise ValueError(unknown)
    return await good(turn)


async def gullible(turn: Turn) -> list[Action]:
    return [said(turn.text.encode("ascii").decode()), *await good(turn)]


async def trusting(turn: Turn) -> list[Action]:
    turn.context["cart"]["total"]  # what it does with a cart that is no object
    return await good(turn)


async def counting(turn: Turn) -> list[Action]:
    counted[turn.conversation_id] += 1
    return [said(f"This is number {counted[turn.conversation_id]}")]


async def mixing(turn: Turn) -> list[Action]:
    before, last["name"] = last["name"], turn.profile.get("name")
    await asyncio.sleep(0)
    return [said(f"Hello {last['name']}, not {before}")]


async def blocking(turn: Turn) -> list[Action]:
    threading.Event().wait(0.3)
    return await good(turn)


async def wordless(turn: Turn) -> list[Action]:
    if turn.messages and not turn.text:
        raise ValueError("no text")
    return await good(turn)


async def monolingual(turn: Turn) -> list[Action]:
    if turn.language != "en":
        raise ValueError(turn.language)
    return await good(turn)


async def mislabelled(turn: Turn) -> list[Action]:
    return [Say(parts=(OFFER,), language="Spanish")]


async def clinging(turn: Turn) -> list[Action]:
    return [said("One moment."), HandOff(reason="asked")] if turn.returned else await good(turn)


async def speechless_after(turn: Turn) -> list[Action]:
    return [] if turn.returned else await good(turn)


async def untitled(turn: Turn) -> list[Action]:
    return [Say(parts=(QuickReplies(text="", choices=(Choice(title=" ", payload="x"),)),))]


async def pictorial(turn: Turn) -> list[Action]:
    return [Say(parts=(Media(url="https://files.example/a.png", media="image"), OFFER))]


async def endless(turn: Turn) -> list[Action]:
    return [said("and")] * 51


class Forgetful:
    """Keeps in the object where the customer is; what the framework gives back it does not read."""

    def __init__(self) -> None:
        self.steps: Counter[str] = Counter()

    async def reply(self, turn: Turn) -> list[Action]:
        if turn.id not in self.steps:
            self.steps[turn.conversation_id] += 1
            self.steps[turn.id] = self.steps[turn.conversation_id]
        return [said(f"Step {self.steps[turn.id]}"), NotUnderstood()]


class Chatty:
    """Says the same in other words each time, as a language model does; `varies` owns up to it."""

    varies = True

    def __init__(self) -> None:
        self.count = 0

    async def reply(self, turn: Turn) -> list[Action]:
        self.count += 1
        return [said(f"Variation {self.count}"), SetSlots(slots={"seen": True})]


async def tapped(turn: Turn) -> list[Action]:
    """Offers what it does not know when it is tapped."""
    parts = [part for one in turn.messages for part in one.parts]
    if any(isinstance(part, Tap) and part.payload == "hours" for part in parts):
        return []
    return await good(turn)
