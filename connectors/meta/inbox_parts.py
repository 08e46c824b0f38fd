"""What a message in an inbox says, as parts."""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.meta.inbox_wire import Attachment, Message
from orchestrator.types import Location, Media, MediaKind, Part, Tap, Text, Unsupported

FILES: Mapping[str, MediaKind] = {"image": "image", "video": "video", "audio": "audio", "file": "file"}
"""Others with a link (share, story_mention, ig_reel …) may be a picture or a film: the file itself will tell."""
LIKES = frozenset({"369239263222822", "369239343222814", "369239383222810"})
"""The thumb of Messenger, small, middle and large."""
LONGEST_NOTE = 2000


def parts(said: Message) -> tuple[Part, ...]:
    """At least one."""
    text = said.text
    if said.quick_reply:
        return (Tap(payload=said.quick_reply.payload or text, title=text),)
    found: list[Part] = [Text(text=text)] if text else []
    for one in said.attachments or ():
        found += attachment(one, text)
    if not found:
        found.append(
            Unsupported(what="message", note="unsupported by the platform's API" if said.is_unsupported else "")
        )
    return tuple(found)


def attachment(one: Attachment, text: str) -> Iterator[Part]:
    payload = one.payload or {}
    if one.type == "location" and (where := place(payload, one.title)):
        yield where
    elif one.type == "fallback":
        yield from shared(one, payload, text)
    elif link := str(payload.get("url") or ""):
        alt = "👍" if str(payload.get("sticker_id")) in LIKES else str(payload.get("title") or one.title or "")
        yield Media(url=f"ref:{link}", media=FILES.get(one.type, "file"), alt=alt)
    else:
        yield Unsupported(what=one.type or "attachment", note=titles(payload)[:LONGEST_NOTE])


def place(payload: Mapping[str, Any], name: str) -> Location | None:
    found = payload.get("coordinates")
    try:
        latitude, longitude = float(found["lat"]), float(found["long"])  # type: ignore[index]
    except (TypeError, KeyError, ValueError):
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    return Location(latitude=latitude, longitude=longitude, name=name)


def shared(one: Attachment, payload: Mapping[str, Any], text: str) -> Iterator[Part]:
    """A link with its page's title, unless it stands in the text anyway."""
    link = str(one.url or payload.get("url") or "")
    words = "\n".join(filter(None, (one.title or str(payload.get("title") or ""), link)))
    if words and (not link or link not in text):
        yield Text(text=words)
    elif not text:
        yield Unsupported(what="fallback")


def titles(payload: Mapping[str, Any]) -> str:
    """Of the cards or products of a template."""
    found: list[str] = []
    for holder in (payload, payload.get("generic"), payload.get("product")):
        elements = holder.get("elements") if isinstance(holder, dict) else None
        if isinstance(elements, list):
            found += [str(item.get("title")) for item in elements if isinstance(item, dict) and item.get("title")]
    return "; ".join(found)
