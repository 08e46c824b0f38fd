"""What WeChat posts, as events."""

from collections.abc import Mapping
from datetime import UTC, datetime

from orchestrator.errors import Malformed
from orchestrator.types import (
    Consent,
    Inbound,
    Location,
    Media,
    MediaKind,
    Part,
    Received,
    Started,
    StatusChanged,
    Tap,
    Text,
    Unsupported,
)

Fields = Mapping[str, str]

MEDIA: Mapping[str, MediaKind] = {"image": "image", "voice": "audio", "video": "video", "shortvideo": "video"}
MIMES: Mapping[str, str] = {"image": "image/jpeg", "video": "video/mp4", "shortvideo": "video/mp4"}
SCENE = "qrscene_"
SCANNED = frozenset(("scancode_push", "scancode_waitmsg"))
EARLIEST = 946_684_800


def read(fields: Fields, account: str, now: datetime) -> list[Inbound]:
    """Raises Malformed. What is another account's is left out."""
    who, kind = fields.get("FromUserName", ""), fields.get("MsgType", "")
    if not who or not kind:
        raise Malformed("FromUserName or MsgType is missing: this is no message of WeChat's")
    if account and fields.get("ToUserName") != account:
        return []
    at = created(fields, now)
    if kind == "event":
        return event(fields, who, at)
    external_id = fields.get("MsgId") or f"{who}.{fields.get('CreateTime', '')}.{kind}"
    return [Received(address=who, external_id=external_id, parts=said(fields, kind), at=at)]


def created(fields: Fields, now: datetime) -> datetime:
    text = fields.get("CreateTime", "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 11) or int(text) < EARLIEST:
        return now
    return min(datetime.fromtimestamp(int(text), UTC), now)


def said(fields: Fields, kind: str) -> tuple[Part, ...]:
    if kind in MEDIA:
        return media(fields, kind)
    if kind == "text":
        return (text(fields),)
    if kind == "location":
        return (place(fields),)
    if kind == "link":
        lines = (fields.get(name, "") for name in ("Title", "Description", "Url"))
        return (Text(text="\n".join(filter(None, lines)) or "…"),)
    return (Unsupported(what=kind[:80]),)


def text(fields: Fields) -> Part:
    content = fields.get("Content", "")
    if chosen := fields.get("bizmsgmenuid"):
        return Tap(payload=chosen, title=content)
    return Text(text=content) if content else Unsupported(what="text", note="it is empty")


def media(fields: Fields, kind: str) -> tuple[Part, ...]:
    """Behind handles: media are fetched by id, with our access token, and are gone after three days."""
    handle = fields.get("MediaId", "")
    if not handle:
        return (Unsupported(what=kind, note="it has no media id"),)
    found = Media(url=f"ref:{handle}", media=MEDIA[kind], mime=MIMES.get(kind, ""))
    heard = fields.get("Recognition", "")
    return (found, Text(text=heard)) if heard else (found,)


def place(fields: Fields) -> Part:
    try:
        latitude, longitude = float(fields.get("Location_X", "")), float(fields.get("Location_Y", ""))
    except ValueError:
        return Unsupported(what="location")
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return Unsupported(what="location", note="its coordinates are nowhere on earth")
    return Location(latitude=latitude, longitude=longitude, name=fields.get("Label", ""))


def event(fields: Fields, who: str, at: datetime) -> list[Inbound]:
    """Nothing for what nobody said: a page opened, a place reported, a picture that comes as a message as well."""
    kind, key = fields.get("Event", ""), fields.get("EventKey", "")
    external_id = f"{who}.{fields.get('CreateTime', '')}.{kind}"
    match kind:
        case "subscribe":
            started = Started(address=who, external_id=external_id, at=at, context=scene(key.removeprefix(SCENE)))
            return [Consent(address=who, allowed=True, at=at, reason="subscribed"), started]
        case "unsubscribe":
            return [Consent(address=who, allowed=False, at=at, reason="unsubscribed")]
        case "SCAN":
            return [Started(address=who, external_id=external_id, at=at, context=scene(key))]
        case "CLICK":
            return [Received(address=who, external_id=external_id, parts=(Tap(payload=key),), at=at)]
        case _ if kind in SCANNED:
            tap = Tap(payload=key, title=fields.get("ScanCodeInfo.ScanResult", ""))
            return [Received(address=who, external_id=external_id, parts=(tap,), at=at)]
        case "TEMPLATESENDJOBFINISH":
            return template_sent(fields, at)
        case _:
            return []


def scene(key: str) -> Mapping[str, str] | None:
    """The QR code somebody scanned."""
    return {"scene": key} if key else None


def template_sent(fields: Fields, at: datetime) -> list[Inbound]:
    message_id, status = fields.get("MsgID", ""), fields.get("Status", "")
    if not message_id:
        return []
    if status == "success":
        return [StatusChanged(external_id=message_id, state="delivered", at=at)]
    return [StatusChanged(external_id=message_id, state="failed", at=at, error=status[:200])]
