"""Interactivity and slash commands: taps, submitted forms, shortcuts, commands."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.slack import forms, wire, words
from connectors.slack.places import Places
from connectors.slack.wire import identity, mapped
from orchestrator.types import FormAnswer, Inbound, Part, Profile, Received, Tap, Text, Unsupported

LINK = "parley:link"
"""`action_id` of a button that only opens a page: Slack tells of it like of any other."""

LEGACY = "interactive_message"
QUIET = frozenset({"block_suggestion", "view_closed", "dialog_cancellation", "dialog_suggestion"})
"""Nothing the customer said."""


def read(data: Mapping[str, Any], places: Places, now: datetime) -> Sequence[Inbound]:
    kind = wire.words(data.get("type"))
    if not user_of(data) or kind in QUIET:
        return ()
    match kind:
        case "block_actions" | "interactive_message":
            return tapped(data, places, now)
        case "view_submission":
            return submitted(data, places, now)
        case "shortcut" | "message_action":
            return shortcut(data, places, now)
    parts: tuple[Part, ...] = (Unsupported(what=kind[:80] or "interaction"),)
    return received(data, places, now, parts, identity(data.get("trigger_id")) or identity(data.get("action_ts")))


def user_of(data: Mapping[str, Any]) -> str:
    return identity(data.get("user"))


def needs_direct(data: Mapping[str, Any]) -> bool:
    """Whether only a direct message can answer it: what was not done in a conversation."""
    kind = data.get("type")
    return kind == "shortcut" or (kind == "view_submission" and not forms.back(mapped(data.get("view"))))


def opener(data: Mapping[str, Any]) -> tuple[str, str]:
    """The form a tap wants to see, as its button carries it, and the trigger that allows to show it; else ("", "")."""
    if data.get("type") == "block_actions":
        for action in wire.listed(data.get("actions")):
            if action.get("action_id") == forms.OPEN:
                return wire.words(action.get("value")), identity(data.get("trigger_id"))
    return "", ""


def tapped(data: Mapping[str, Any], places: Places, now: datetime) -> Sequence[Inbound]:
    """One event for each element; Slack sends one at a time."""
    found: list[Inbound] = []
    for action in wire.listed(data.get("actions")):
        name = wire.words(action.get("action_id"))
        if name == forms.OPEN or name.startswith(LINK) or "url" in action:
            continue
        at = identity(action.get("action_ts")) or identity(data.get("action_ts"))
        unique = at or identity(data.get("trigger_id")) or message_of(data)
        part = Tap(payload=chosen(action), title=title(action), message_id=message_of(data))
        found += received(data, places, now, (part,), f"{unique}:{name}" if name else unique, at)
    return found


def chosen(action: Mapping[str, Any]) -> str:
    """Also of old attachments' menus, which list what was selected."""
    picked = wire.listed(action.get("selected_options"))
    if len(picked) == 1:
        return forms.value_of(picked[0])
    return forms.value_of(action) or wire.words(action.get("action_id")) or wire.words(action.get("name"))


def title(action: Mapping[str, Any]) -> str:
    for holder in (mapped(action.get("selected_option")), action):
        text = holder.get("text")
        shown = text.get("text") if isinstance(text, dict) else text
        if isinstance(shown, str) and shown:
            return words.unescaped(shown)[:200]
    return ""


def channel_of(data: Mapping[str, Any]) -> str:
    return identity(data.get("channel")) or identity(mapped(data.get("container")).get("channel_id"))


def message_of(data: Mapping[str, Any]) -> str:
    """The message it was done on, as `send` named it."""
    ts = (
        identity(mapped(data.get("container")).get("message_ts"))
        or identity(data.get("message_ts"))
        or identity(mapped(data.get("message")).get("ts"))
    )
    return f"{channel_of(data)}:{ts}" if ts and channel_of(data) else ""


def address_of(data: Mapping[str, Any], places: Places) -> str:
    """The thread the message stands in, its channel when in none, else the direct messages with this user."""
    channel = channel_of(data)
    if not channel:
        return places.directs.get(user_of(data)) or user_of(data)
    thread = (
        identity(mapped(data.get("container")).get("thread_ts"))
        or identity(mapped(data.get("message")).get("thread_ts"))
        or identity(mapped(data.get("original_message")).get("thread_ts"))
    )
    return f"{channel}:{thread}" if thread else channel


def received(
    data: Mapping[str, Any],
    places: Places,
    now: datetime,
    parts: tuple[Part, ...],
    unique: str,
    at: str = "",
    *,
    address: str = "",
    quotes: str = "",
) -> Sequence[Inbound]:
    user = user_of(data)
    where = address or address_of(data, places)
    places.joined(where)
    facts, language = person(user, mapped(data.get("user")), places)
    return [
        Received(
            address=where,
            external_id=f"{user}:{unique}",
            parts=parts,
            at=wire.moment(at, now),
            profile=facts,
            language=language,
            quotes=quotes,
        )
    ]


def person(user: str, shown: Mapping[str, Any], places: Places) -> tuple[Profile, str]:
    known = places.people.get(user) or {}
    name = shown.get("name") or shown.get("username")
    facts = {"user_id": user} | ({"name": name[:200]} if isinstance(name, str) and name else {})
    return facts | {key: value for key, value in known.items() if key != "locale"}, str(known.get("locale") or "")


def submitted(data: Mapping[str, Any], places: Places, now: datetime) -> Sequence[Inbound]:
    """A modal: ours tells where it was opened. A view's id is its own at each opening."""
    view = mapped(data.get("view"))
    back = forms.back(view)
    answer = FormAnswer(
        form_id=back.get("form") or wire.words(view.get("callback_id"))[:200],
        values=forms.answers(view),
        message_id=back.get("message", ""),
    )
    return received(data, places, now, (answer,), f"view:{identity(view.get('id'))}", address=back.get("address", ""))


def shortcut(data: Mapping[str, Any], places: Places, now: datetime) -> Sequence[Inbound]:
    """`callback_id` says which; one on a message brings that message's words along."""
    message = mapped(data.get("message"))
    name = wire.words(data.get("callback_id"))
    tap = Tap(payload=name, message_id=message_of(data))
    text = words.read(wire.words(message.get("text")), places.bot_user)
    parts: tuple[Part, ...] = (tap, Text(text=text)) if text else (tap,)
    at = identity(data.get("action_ts"))
    address = ""
    if channel_of(data) and identity(message.get("ts")):
        thread = identity(message.get("thread_ts"))
        in_direct = wire.is_direct(channel_of(data))
        address = f"{channel_of(data)}:{thread or message['ts']}" if thread or not in_direct else channel_of(data)
    return received(data, places, now, parts, at, at, address=address, quotes=message_of(data))


def command(fields: Mapping[str, str], places: Places, now: datetime) -> Sequence[Inbound]:
    """`/ask when do you open`: the words, or the command where there are none. Answered in direct messages."""
    user, name = fields.get("user_id", ""), fields.get("command", "")
    if not user:
        return ()
    facts, language = person(user, {"name": fields.get("user_name", "")}, places)
    text = words.read(fields.get("text", ""), places.bot_user)
    unique = fields.get("trigger_id") or fields.get("response_url", "")
    return [
        Received(
            address=command_address(fields, places),
            external_id=f"{user}:{unique}"[:256],
            parts=(Text(text=text or name),),
            at=now,
            profile=facts,
            language=language,
        )
    ]


def command_address(fields: Mapping[str, str], places: Places) -> str:
    """Where it was given, if that is between the bot and this user already; a command has no thread.

    `chat.postMessage` takes a user's id for the direct messages with them.
    """
    channel, user = fields.get("channel_id", ""), fields["user_id"]
    return channel if wire.is_direct(channel) else places.directs.get(user) or user
