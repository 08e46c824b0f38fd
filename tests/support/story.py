"""The story of the checkout page, for any platform: a question, quick replies, a tap, a person, and the bot again."""

import asyncio
from collections.abc import Mapping
from typing import Any

from orchestrator.types import (
    Action,
    Buttons,
    Choice,
    HandOff,
    Part,
    QuickReplies,
    RawRequest,
    Say,
    Tap,
    Text,
    Turn,
)
from tests.support.playhouse import PATIENCE, Play

BOT: Mapping[str, Any] = {
    "bot": "story",
    "bots": {"story": {"kind": "python", "bot": "tests.support.story:tell"}},
}
"""Of an app: the bot that tells it."""


async def tell(turn: Turn) -> list[Action]:
    match turn.payload or turn.text.lower().strip():
        case "":
            return [Say(parts=(Text(text="Welcome to the shop."),))]
        case "topic:order":
            return [Say(parts=(Text(text="Your order is on its **way**.", markdown=True),))]
        case "topic:person":
            return [Say(parts=(Text(text="Let me get somebody."),)), HandOff(reason="asked", team="orders")]
        case "thanks":
            return [Say(parts=(Text(text="Glad to help."),))]
        case _:
            topics = (
                Choice(title="My order", payload="topic:order"),
                Choice(title="A person, please", payload="topic:person"),
            )
            return [Say(parts=(QuickReplies(text="What is it about?", choices=topics),))]


async def told(play: Play, user: str = "Ann") -> str:
    """The conversation's id. Every line goes over the platform's own wire."""
    store, desk, ada = play.house.runtime.store, play.house.runtime.engine.desk, play.house.agent()
    await play.say(user, "Hi, a question")
    asked = await play.answered(user, "What is it about?")
    await play.say(user, tap_on(asked.parts, "My order"))
    await play.answered(user, "Your order is on its")
    seen = len(play.stand_in.shown(user))
    await play.say(user, "Something else")
    screen = await play.until(user, lambda shown: any(offered(one.parts) for one in shown[seen:]))
    asked = next(one for one in reversed(screen) if offered(one.parts))
    await play.say(user, tap_on(asked.parts, "A person, please"))
    await play.answered(user, "Let me get somebody.")
    (case,) = await store.handoffs("shop")
    await desk.accept("shop", case.conversation_id, ada)
    await desk.say("shop", case.conversation_id, ada, (Text(text="Ada here, it comes tomorrow."),))
    await play.answered(user, "Ada here, it comes tomorrow.")
    await play.say(user, "Oh, good")
    conversation = (await store.load(case.conversation_id, history=0)).conversation
    await play.house.until("Oh, good", conversation.address)
    await desk.hand_back("shop", case.conversation_id, ada)
    await play.say(user, "Thanks")
    await play.answered(user, "Glad to help.")
    return case.conversation_id


def tap_on(parts: tuple[Part, ...], title: str) -> Tap:
    """The tap on what is shown with this title, with whatever payload the platform kept of it."""
    return next(tap for tap in offered(parts) if tap.title == title)


def offered(parts: tuple[Part, ...]) -> list[Tap]:
    found: list[Tap] = []
    for part in parts:
        if isinstance(part, Buttons):
            found += [Tap(payload=one.payload, title=one.title) for one in part.buttons if not one.url]
        elif isinstance(part, QuickReplies):
            found += [Tap(payload=one.payload, title=one.title) for one in part.choices]
    return found


async def called(play: Play, path: str, times: int = 1) -> list[RawRequest]:
    """Calls of the platform's API whose path ends so, once there are so many."""
    async with asyncio.timeout(PATIENCE):
        while len(found := [call for call in play.stage.calls if call.path.endswith(path)]) < times:
            play.stage.news.clear()
            await play.stage.news.wait()
    return found


async def told_by_numbers(play: Play, user: str = "Ann") -> str:
    """The same where choices are numbered text, and a number the tap. The conversation's id."""
    store, desk, ada = play.house.runtime.store, play.house.runtime.engine.desk, play.house.agent()
    await play.say(user, "Hi, a question")
    await play.answered(user, "1. My order")
    await play.say(user, "1")
    await play.answered(user, "Your order is on its way.")
    await play.say(user, "Something else")
    await play.answered(user, "2. A person, please")
    await play.say(user, "2")
    await play.answered(user, "Let me get somebody.")
    (case,) = await store.handoffs("shop")
    await desk.accept("shop", case.conversation_id, ada)
    await desk.say("shop", case.conversation_id, ada, (Text(text="Ada here, it comes tomorrow."),))
    await play.answered(user, "Ada here, it comes tomorrow.")
    await desk.hand_back("shop", case.conversation_id, ada)
    await play.say(user, "Thanks")
    await play.answered(user, "Glad to help.")
    return case.conversation_id
