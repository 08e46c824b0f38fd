"""Turns as the engine would hand them to a bot."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator.ports import Bot
from orchestrator.types import (
    Action,
    ChannelView,
    FormAnswer,
    Limits,
    Media,
    Part,
    Say,
    Tap,
    Text,
    Turn,
)
from orchestrator.types import Said as SaidLine

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)

RICH = ChannelView(
    id="web",
    kind="webchat",
    limits=Limits(
        quick_replies=13,
        buttons=3,
        link_buttons=True,
        list_rows=10,
        cards=10,
        card_buttons=3,
        form=True,
        location=True,
        media=frozenset({"image", "gif", "audio", "video", "file"}),
    ),
)
PLAIN = ChannelView(id="sms", kind="sms", limits=Limits())


def line(part: Part | str, seq: int, original: str = "") -> SaidLine:
    """One message; a tap's words are its title, a form's are its values."""
    parts = (Text(text=part),) if isinstance(part, str) else (part,)
    match parts[0]:
        case Text(text=text):
            words = text
        case Tap(title=title):
            words = title
        case Media(name=name):
            words = name
        case FormAnswer(values=values):
            words = "\n".join(values.values())
        case _:
            words = ""
    return SaidLine(seq=seq, text=words, original=original or words, parts=parts, at=NOON)


def turn(*said: Part | str, turn_id: str = "turn-1", seconds: float = 10.0, **more: Any) -> Turn:
    """A turn in which the customer said these, one message each; nothing at all: just opened."""
    lines = tuple(line(part, seq) for seq, part in enumerate(said, 1))
    taps = [part for part in said if isinstance(part, Tap)]
    forms = [part for part in said if isinstance(part, FormAnswer)]
    given: dict[str, Any] = {
        "id": turn_id,
        "app_id": "shop",
        "conversation_id": "conversation-1",
        "customer_id": "customer-1",
        "bot": "guide",
        "epoch": 0,
        "deadline": NOON + timedelta(seconds=seconds),
        "now": NOON,
        "messages": lines,
        "text": "\n".join(each.text for each in lines),
        "original": "\n".join(each.original for each in lines),
        "language": "en",
        "bot_language": "en",
        "channel": RICH,
        "payload": taps[-1].payload if taps else "",
        "form": dict(forms[-1].values) if forms else {},
    }
    return Turn(**{**given, **more})


async def asked(bot: Bot, said: Turn) -> list[Action]:
    """Everything the bot answers."""
    stream: AsyncIterator[Action] = bot.reply(said)
    return [action async for action in stream]


def words(actions: list[Action]) -> list[str]:
    """The plain texts among the actions, and the texts over choices."""
    found = []
    for action in actions:
        if isinstance(action, Say):
            found.extend(text for part in action.parts if (text := getattr(part, "text", "")))
    return found


def slots_after(slots: Mapping[str, Any], actions: list[Action]) -> dict[str, Any]:
    """The slots as the engine keeps them: merged, None removes."""
    merged = dict(slots)
    for action in actions:
        merged.update(getattr(action, "slots", {}))
    return {key: value for key, value in merged.items() if value is not None}
