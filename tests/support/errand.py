"""One errand on every channel: a question, an answer with choices, a tap, a person, their answer, and back."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from orchestrator.types import (
    Action,
    Button,
    Buttons,
    Card,
    Carousel,
    Choice,
    Form,
    FormAnswer,
    FormField,
    HandOff,
    ListPicker,
    Part,
    QuickReplies,
    Say,
    Tap,
    Text,
    Turn,
)
from tests.support.playhouse import Play, playing

ADDRESS = Form(
    id="address",
    title="Your address",
    submit="Send",
    fields=(
        FormField(name="street", label="Street"),
        FormField(name="day", label="Day", type="date"),
        FormField(
            name="size",
            label="Size",
            type="select",
            options=(Choice(title="Small", payload="s"), Choice(title="Large", payload="l")),
        ),
    ),
)
OFFERED: dict[str, Part] = {
    "list": ListPicker(
        text="Which city?",
        button="Cities",
        choices=(Choice(title="Bonn", payload="city:bonn"), Choice(title="Kiel", payload="city:kiel")),
    ),
    "cards": Carousel(
        cards=(
            Card(title="Mug", subtitle="blue", buttons=(Button(title="Buy mug", payload="buy:mug"),)),
            Card(title="Cup", subtitle="red", buttons=(Button(title="Buy cup", payload="buy:cup"),)),
        )
    ),
    "buttons": Buttons(text="Sure?", buttons=(Button(title="Yes", payload="yes"), Button(title="No", payload="no"))),
    "form": ADDRESS,
}


async def shop(turn: Turn) -> list[Action]:
    """Named by import path in the configuration of a play."""
    said = turn.messages[-1].parts[0] if turn.messages else None
    if isinstance(said, FormAnswer):
        return say(f"noted: {', '.join(f'{name}={value}' for name, value in sorted(said.values.items()))}")
    if turn.payload:
        return say(f"chose {turn.payload}")
    if turn.text.strip() in OFFERED:
        return [Say(parts=(OFFERED[turn.text.strip()],))]
    if "person" in turn.text:
        return [*say("Let me get somebody."), HandOff(reason="asked", team="orders")]
    if "size" in turn.text:
        sizes = (Choice(title="Small", payload="size:s"), Choice(title="Large", payload="size:l"))
        return [Say(parts=(QuickReplies(text="Which size?", choices=sizes),))]
    return say(f"heard: {turn.text} {[part.kind for line in turn.messages for part in line.parts]}")


def say(text: str) -> list[Action]:
    return [Say(parts=(Text(text=text),))]


def errand(folder: Path, kind: str, **channel: Any) -> AbstractAsyncContextManager[Play]:
    """A play of this kind of channel with the bot above."""
    bots = {"shop": {"kind": "python", "bot": "tests.support.errand:shop"}}
    return playing(folder, kind, channel=channel or None, bot="shop", bots=bots)


async def told(play: Play, user: str, address: Callable[[], str]) -> Sequence[str]:
    """From the first question to the bot's answer after the person; the log's lines. `address` once they wrote."""
    await play.say(user, "what size have you got?")
    offered = await play.answered(user, "Which size?")
    assert any("Large" in repr(part) for part in offered.parts)
    await play.say(user, Tap(payload="size:l", title="Large"))
    await play.answered(user, "chose size:l")
    await play.say(user, "a person please")
    await play.answered(user, "Let me get somebody.")
    await as_agent(play, address())
    await play.answered(user, "Here is Ada.")
    await play.say(user, "thanks, and bye")
    await play.answered(user, "heard: thanks, and bye")
    return await play.house.lines(address())


async def as_agent(play: Play, address: str) -> None:
    """Ada takes the case, answers, and gives it back."""
    conversation = await play.house.settled(address)
    desk, ada = play.house.runtime.engine.desk, play.house.agent()
    await desk.accept("shop", conversation.id, ada)
    await desk.say("shop", conversation.id, ada, (Text(text="Here is Ada."),))
    await desk.hand_back("shop", conversation.id, ada, "done")


async def filled(play: Play, user: str) -> str:
    """The form, filled in on the platform's screen; what the bot says to it."""
    await play.say(user, "form")
    await play.answered(user, "address")
    values = {"street": "Main St 1", "day": "2026-12-24", "size": "l"}
    await play.say(user, FormAnswer(form_id="address", values=values))
    said = await play.answered(user, "noted:")
    return next(part.text for part in said.parts if isinstance(part, Text))
