"""Bots for whole turns, named by import path in configurations. Gates let a test hold a bot in mid-thought."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator

from orchestrator.errors import BotLater
from orchestrator.types import (
    Action,
    Choice,
    HandOff,
    NotUnderstood,
    Partial,
    PassTo,
    QuickReplies,
    Say,
    SetSlots,
    Text,
    Turn,
)

seen: list[Turn] = []
"""Every turn any of these bots got, oldest first."""
gates: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
"""By a word in the customer's text: `slow` answers a text that holds it once the gate is open."""
entered: dict[str, asyncio.Event] = defaultdict(asyncio.Event)


def reset() -> None:
    seen.clear()
    gates.clear()
    entered.clear()


async def echo(turn: Turn) -> str:
    seen.append(turn)
    return f"echo: {turn.text}"


async def slow(turn: Turn) -> str:
    seen.append(turn)
    for word in turn.text.split():
        if word.startswith("gate-"):
            entered[word].set()
            await gates[word].wait()
    return f"slow: {turn.text}"


async def drafts(turn: Turn) -> AsyncIterator[Action]:
    """Shows a beginning, then waits for the gate that the customer named, then says it all."""
    seen.append(turn)
    yield Partial(text="Your parcel")
    entered[turn.text].set()
    await gates[turn.text].wait()
    yield Partial(text="Your parcel is on")
    if "break" in turn.text:
        raise RuntimeError("half way")
    yield Say(parts=(Text(text="Your parcel is on its way."),))


async def person(turn: Turn) -> list[Action]:
    return [
        Say(parts=(Text(text="Let me get somebody."),)),
        HandOff(reason="the bot said so", team="orders", priority="urgent"),
    ]


async def lost(turn: Turn) -> list[Action]:
    return [Say(parts=(Text(text="Pardon?"),)), NotUnderstood()]


async def broken(turn: Turn) -> str:
    raise RuntimeError("secret-in-the-error")


async def endless(turn: Turn) -> AsyncIterator[str]:
    while True:
        yield "and"


async def passes(turn: Turn) -> PassTo:
    return PassTo(bot="echo")


async def circle(turn: Turn) -> PassTo:
    return PassTo(bot="circle")


async def choices(turn: Turn) -> list[Action]:
    seen.append(turn)
    if turn.payload:
        return [Say(parts=(Text(text=f"chose {turn.payload}"),))]
    offered = (Choice(title="Small", payload="size:s"), Choice(title="Large", payload="size:l"))
    return [Say(parts=(QuickReplies(text="Which size?", choices=offered),))]


async def counter(turn: Turn) -> list[Action]:
    count = int(turn.slots.get("count", 0)) + 1
    return [SetSlots(slots={"count": count}), Say(parts=(Text(text=f"number {count}"),))]


async def later(turn: Turn) -> str:
    seen.append(turn)
    raise BotLater("will call back", until=30.0)


async def silent(turn: Turn) -> None:
    seen.append(turn)


async def three(turn: Turn) -> list[str]:
    return ["first", "second", "third"]


async def forgetful(turn: Turn) -> str:
    """Promises an answer for at once, and never gives it."""
    seen.append(turn)
    raise BotLater("will call back", until=0.01)


async def hands_over(turn: Turn) -> list[Action]:
    """Sets something down, and lets a registered bot go on."""
    return [SetSlots(slots={"count": 7}), PassTo(bot="helper")]
