"""Activities as events: messages, taps, forms, reactions, edits, installations, reads."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from connectors.teams import wire
from connectors.teams.wire import Activity, mapped
from orchestrator.types import (
    Consent,
    Deleted,
    Edited,
    FormAnswer,
    Inbound,
    Part,
    Profile,
    Reacted,
    Received,
    SeenUpTo,
    Started,
    Tap,
    Unsupported,
)

OURS = "parley"
"""The key under which our cards carry what they mean."""

FIELD = "field:"
CHOICE = "choice"
REACTIONS = {
    "like": "👍",
    "heart": "❤️",
    "laugh": "😆",
    "surprised": "😮",
    "sad": "😢",
    "angry": "😠",
    "plusOne": "👍",
}
CONSENT = "fileConsent/invoke"
EXECUTE = "adaptiveCard/action"
SILENT = frozenset({"typing", "endOfConversation", "trace", "contactRelationUpdate", "deleteUserData", "handoff"})
READ = "application/vnd.microsoft.readReceipt"


def read(activity: Activity, now: datetime) -> Sequence[Inbound]:
    """Every event of an activity; whether a group is talking to us was asked before."""
    at = wire.moment(activity, now)
    match activity.type:
        case "message":
            return [received(activity, said(activity), at)]
        case "invoke":
            return invoked(activity, at)
        case "messageUpdate":
            parts = tuple([*wire.plain_text(wire.spoken(activity)), *wire.enclosed(activity)])
            return [Edited(address=activity.address, external_id=activity.unique, parts=parts, at=at)] if parts else ()
        case "messageDelete":
            return [Deleted(address=activity.address, external_id=activity.unique, at=at)]
        case "messageReaction":
            return reacted(activity, at)
        case "installationUpdate":
            return installed(activity, at)
        case "conversationUpdate":
            return joined(activity, at)
        case "event":
            return seen(activity, at)
    if activity.type in SILENT:
        return ()
    return [received(activity, (Unsupported(what=activity.type[:80] or "activity"),), at)]


def received(activity: Activity, parts: tuple[Part, ...], at: datetime) -> Received:
    return Received(
        address=activity.address,
        external_id=activity.unique,
        parts=parts,
        at=at,
        profile=profile(activity),
        language=activity.locale[:35],
        quotes=wire.quoted(activity),
    )


def profile(activity: Activity) -> Profile:
    sender = activity.sender
    known = {
        "user_id": sender.id,
        "name": sender.name,
        "aad_object_id": sender.aad_object_id,
        "tenant_id": activity.tenant,
    }
    return {key: value[:300] for key, value in known.items() if value}


def said(activity: Activity) -> tuple[Part, ...]:
    text = wire.spoken(activity)
    if activity.value is not None and (meant := submitted(activity, activity.value, text)):
        return (meant, *wire.enclosed(activity))
    parts = (*wire.plain_text(text), *wire.enclosed(activity))
    # Nothing but the bot's name: that is a greeting, and what was said.
    return parts or wire.plain_text(wire.AT.sub("", activity.text).strip()) or (Unsupported(what="message"),)


def submitted(activity: Activity, value: Any, title: str = "") -> Part | None:
    """What a card was for: a tap or a form of ours, or the very value of somebody else's card as a tap."""
    data = value
    if isinstance(value, str):
        try:
            data = orjson.loads(value)
        except orjson.JSONDecodeError:
            data = value
    message = activity.named(activity.reply_to_id)
    ours = mapped(mapped(data).get(OURS))
    if "form" in ours:
        return FormAnswer(form_id=wire.words(ours["form"]), values=answers(mapped(data)), message_id=message)
    if "payload" in ours:
        shown = wire.words(ours.get("title")) or title
        return Tap(payload=wire.words(ours["payload"]), title=shown, message_id=message)
    if "list" in ours:
        chosen = wire.words(mapped(data).get(CHOICE))
        return Tap(payload=chosen, message_id=message) if chosen else None
    if data in (None, "", {}):
        return None
    payload = data if isinstance(data, str) else orjson.dumps(data).decode()
    return Tap(payload=payload.replace("\0", ""), title=title, message_id=message)


def answers(data: Mapping[str, Any]) -> dict[str, str]:
    found = ((key.removeprefix(FIELD), value) for key, value in data.items() if key.startswith(FIELD))
    return {key: text(value) for key, value in found if text(value)}


def text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).replace("\0", "") if isinstance(value, str | int | float) else ""


def invoked(activity: Activity, at: datetime) -> Sequence[Inbound]:
    """Requests that want an answer at once. Files' consents are worked on elsewhere; unknown ones say nothing."""
    value = mapped(activity.value)
    match activity.name:
        case "":
            part = submitted(activity, activity.value)
        case "adaptiveCard/action":
            action = mapped(value.get("action"))
            part = submitted(activity, action.get("data")) or submitted(activity, action.get("verb"))
        case "task/submit":
            part = submitted(activity, value.get("data"))
        case _:
            part = None
    return [received(activity, (part,), at)] if part is not None else ()


def reacted(activity: Activity, at: datetime) -> Sequence[Inbound]:
    message = activity.named(activity.reply_to_id)
    if not message:
        return ()
    given = [emoji(wire.words(each.get("type"))) for each in activity.reactions_added]
    shown = given or [""] * len(activity.reactions_removed[:1])
    return [Reacted(address=activity.address, external_id=message, emoji=each, at=at) for each in shown]


def emoji(name: str) -> str:
    """Six have names; all others begin with their code points: "1f44b_wavinghand-tone4"."""
    if name in REACTIONS:
        return REACTIONS[name]
    codes = name.partition("_")[0].split("-")
    try:
        return "".join(chr(int(code, 16)) for code in codes if code) or name
    except (ValueError, OverflowError):
        return f":{name[:60]}:"


def installed(activity: Activity, at: datetime) -> Sequence[Inbound]:
    """Removing the bot forbids us to write; installing it, again, allows it and begins a conversation."""
    if activity.action.startswith("remove"):
        return [Consent(address=activity.address, allowed=False, at=at, reason="the bot was removed")]
    if activity.action.startswith("add"):
        return [Consent(address=activity.address, allowed=True, at=at), started(activity, at)]
    return ()


def joined(activity: Activity, at: datetime) -> Sequence[Inbound]:
    """A personal chat begins with somebody, or the bot, being added to it."""
    return [started(activity, at)] if activity.personal and activity.members_added else ()


def started(activity: Activity, at: datetime) -> Started:
    """The same id for the same conversation, however often, and by which of its ways, Teams tells of it."""
    return Started(
        address=activity.address,
        external_id=f"start:{activity.conversation.id}",
        at=at,
        profile=profile(activity),
        language=activity.locale[:35],
    )


def seen(activity: Activity, at: datetime) -> Sequence[Inbound]:
    """A read receipt. Ids of messages are milliseconds since 1970."""
    if activity.name != READ:
        return ()
    last = wire.words(mapped(activity.value).get("lastReadMessageId"))
    if last.isascii() and last.isdecimal() and len(last) == 13:
        # To the end of that millisecond: the message itself is among those that were read.
        at = min(datetime.fromtimestamp((int(last) + 1) / 1000, UTC), at)
    return [SeenUpTo(address=activity.address, state="read", at=at)]
