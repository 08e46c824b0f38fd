"""What X posts: Account Activity, and X Activity, which wraps the same or a message of version 2."""

import html
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from orchestrator.errors import Malformed
from orchestrator.types import (
    Consent,
    Inbound,
    Location,
    Media,
    MediaKind,
    Part,
    Profile,
    Received,
    SeenUpTo,
    Tap,
    Text,
    Unsupported,
)

MEDIA: Mapping[str, MediaKind] = {"photo": "image", "video": "video", "animated_gif": "gif"}
MIMES: Mapping[str, str] = {"photo": "image/jpeg", "video": "video/mp4", "animated_gif": "video/mp4"}
EARLIEST = 946_684_800.0
MOST_EVENTS = 1000


def read(body: bytes, own: str, now: datetime) -> list[Inbound]:
    """Raises Malformed. What is another account's of the same app is left out, and what this account wrote itself."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the body is not JSON (line {error.lineno}, column {error.colno})") from None
    if not isinstance(found, dict):
        raise Malformed("the body is not the JSON object X posts")
    if isinstance(found.get("data"), dict):
        return activity(found["data"], own, now)
    return account(found, own, now) if text(found.get("for_user_id")) in ("", own) else []


def activity(data: Mapping[str, Any], own: str, now: datetime) -> list[Inbound]:
    """X Activity (docs.x.com/x-api/activity)."""
    kind, payload = text(data.get("event_type")), mapping(data.get("payload"))
    if text(mapping(data.get("filter")).get("user_id")) not in ("", own):
        return []
    if kind.startswith("chat."):
        return encrypted(payload, text(data.get("event_uuid")), own, now) if kind == "chat.received" else []
    if not kind.startswith("dm."):
        return []
    if "direct_message_events" in payload or "direct_message_mark_read_events" in payload:
        return account(payload, own, now)
    return [message_v2(payload, now)] if kind == "dm.received" and ours(payload, own) else []


def account(found: Mapping[str, Any], own: str, now: datetime) -> list[Inbound]:
    messages, reads = items(found, "direct_message_events"), items(found, "direct_message_mark_read_events")
    if len(messages) + len(reads) > MOST_EVENTS:
        raise Malformed(f"{len(messages) + len(reads)} events in one request; {MOST_EVENTS} are the most")
    users = mapping(found.get("users"))
    events: list[Inbound] = []
    for item in messages:
        events += message(item, users, own, now)
    for item in reads:
        if (sender := text(item.get("sender_id"))) and sender != own:
            events.append(SeenUpTo(address=sender, state="read", at=when(item.get("created_timestamp"), now)))
    for item in items(found, "block_events"):
        events += blocked(item, own, now)
    return events


def message(item: Mapping[str, Any], users: Mapping[str, Any], own: str, now: datetime) -> list[Inbound]:
    created = mapping(item.get("message_create"))
    sender, message_id = text(created.get("sender_id")), text(item.get("id"))
    if not sender or sender == own or not message_id:
        return []
    at = when(item.get("created_timestamp"), now)
    found = said(mapping(created.get("message_data")), text(item.get("type")))
    known = profile(mapping(users.get(sender)))
    return [Received(address=sender, external_id=message_id, parts=found, at=at, profile=known)]


def said(data: Mapping[str, Any], kind: str) -> tuple[Part, ...]:
    if kind not in ("", "message_create"):
        return (Unsupported(what=kind[:80]),)
    words = written(data)
    chosen = mapping(data.get("quick_reply_response"))
    if payload := text(chosen.get("metadata")):
        return (Tap(payload=payload, title=words),)
    parts = attached(mapping(data.get("attachment")))
    if words:
        parts.append(Text(text=words))
    return tuple(parts) or (Unsupported(what="message", note="it is empty"),)


def written(data: Mapping[str, Any]) -> str:
    """The words as they were typed: X escapes three signs, shortens links, and ends with a link to what is attached."""
    words = text(data.get("text"))
    for link in items(mapping(data.get("entities")), "urls"):
        short, long = text(link.get("url")), text(link.get("expanded_url"))
        if short and long.startswith(("https://", "http://")):
            words = words.replace(short, long, 1)
    shown = mapping(mapping(data.get("attachment")).get("media"))
    for name in ("url", "expanded_url"):
        words = words.rstrip().removesuffix(text(shown.get(name)))
    return html.unescape(words).replace("\0", "").strip()


def attached(found: Mapping[str, Any]) -> list[Part]:
    kind = text(found.get("type"))
    if kind == "media":
        return [media(mapping(found.get("media")))]
    if kind == "location":
        return [place(mapping(found.get("location")))]
    return [Unsupported(what=kind[:80])] if kind else []


def media(found: Mapping[str, Any]) -> Part:
    """Behind a handle: X asks who we are before it shows what was sent in private."""
    kind = text(found.get("type"))
    url = best(found) or text(found.get("media_url_https"))
    if not url.startswith("https://"):
        return Unsupported(what=kind or "media", note="it has no address")
    return Media(url=f"ref:{url}", media=MEDIA.get(kind, "file"), mime=MIMES.get(kind, ""))


def best(found: Mapping[str, Any]) -> str:
    """The finest MP4 of a video."""
    variants = items(mapping(found.get("video_info")), "variants")
    films = [each for each in variants if each.get("content_type") == "video/mp4"]
    return max(((rate(each), text(each.get("url"))) for each in films), default=(0, ""))[1]


def rate(film: Mapping[str, Any]) -> int:
    found = film.get("bitrate") or film.get("bit_rate")
    return found if isinstance(found, int) else 0


def place(found: Mapping[str, Any]) -> Part:
    pair = mapping(mapping(found.get("shared_coordinate")).get("coordinates")).get("coordinates")
    if isinstance(pair, list) and len(pair) == 2 and all(isinstance(each, int | float) for each in pair):
        longitude, latitude = map(float, pair)
        if abs(latitude) <= 90 and abs(longitude) <= 180:
            return Location(latitude=latitude, longitude=longitude)
    return Unsupported(what="location")


def profile(user: Mapping[str, Any]) -> Profile:
    found = mapping(user.get("data")) or user
    known: dict[str, str | int | float | bool | None] = {}
    if name := text(found.get("name")):
        known["name"] = name[:100]
    if handle := text(found.get("screen_name")) or text(found.get("username")):
        known["x_handle"] = handle[:50]
    return known


def ours(payload: Mapping[str, Any], own: str) -> bool:
    """Whether somebody else wrote it, to this account alone: a group's conversation has no dash in its id."""
    conversation = text(payload.get("dm_conversation_id"))
    alone = not conversation or "-" in conversation
    return bool(payload.get("id")) and text(payload.get("sender_id")) not in ("", own) and alone


def message_v2(payload: Mapping[str, Any], now: datetime) -> Received:
    message_id, words = text(payload.get("id")), html.unescape(text(payload.get("text"))).replace("\0", "").strip()
    keys = mapping(payload.get("attachments")).get("media_keys")
    listed = keys[:4] if isinstance(keys, list) else []
    parts: list[Part] = [Media(url=f"ref:dm/{message_id}/{text(key)}", media="file") for key in listed]
    if text(payload.get("event_type")) not in ("", "MessageCreate"):
        parts = [Unsupported(what=text(payload.get("event_type"))[:80])]
    elif words:
        parts.append(Text(text=words))
    return Received(
        address=text(payload.get("sender_id")),
        external_id=message_id,
        parts=tuple(parts) or (Unsupported(what="message", note="it is empty"),),
        at=when(payload.get("created_at"), now),
    )


def encrypted(payload: Mapping[str, Any], uuid: str, own: str, now: datetime) -> list[Inbound]:
    """Messages of X Chat are encrypted from end to end: the customer learns at least that nobody can read them."""
    sender = text(payload.get("sender_id"))
    message_id = text(payload.get("id")) or uuid
    if not message_id or sender in ("", own):
        return []
    note = "it is encrypted from end to end"
    part = Unsupported(what="chat", note=note)
    return [Received(address=sender, external_id=message_id, parts=(part,), at=when(payload.get("created_at"), now))]


def blocked(item: Mapping[str, Any], own: str, now: datetime) -> list[Inbound]:
    source = text(mapping(item.get("source")).get("id"))
    if source in ("", own):
        return []
    return [Consent(address=source, allowed=item.get("type") != "block", at=now, reason="blocked")]


def when(value: Any, now: datetime) -> datetime:
    """Milliseconds since 1970, as text; or ISO 8601. Never later than now."""
    try:
        if isinstance(value, str) and not value.isdecimal():
            found = datetime.fromisoformat(value)
        else:
            found = datetime.fromtimestamp(float(value) / 1000, UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return now
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return min(found, now) if found.timestamp() > EARLIEST else now


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def items(found: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    value = found.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text(value: Any) -> str:
    """Ids may come as numbers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""
