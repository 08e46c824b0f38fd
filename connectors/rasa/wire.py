"""Rasa's messages, both directions (rasa/core/channels/rest.py and callback.py of Rasa 3)."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from orchestrator import codec
from orchestrator.errors import Malformed
from orchestrator.types import (
    Buttons,
    Inbound,
    Media,
    Part,
    QuickReplies,
    Received,
    Rendering,
    Started,
    Tap,
    Text,
)

DEFAULT_SENDER = "default"
"""Who writes when a client names nobody; Rasa's own."""
START = "/session_start"
LONGEST = 100_000
MOST_FACTS = 50


class Sent(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    sender: Annotated[str, StringConstraints(min_length=1, max_length=256)] = DEFAULT_SENDER
    message: Annotated[str, StringConstraints(max_length=LONGEST)] | None = None
    metadata: dict[str, Any] | None = None
    message_id: Annotated[str, StringConstraints(max_length=256)] = Field("")


def read(body: bytes, now: datetime, new_id: str) -> list[Inbound]:
    """One event, none for an empty message. A client that names a `message_id` may send it twice. Raises Malformed."""
    try:
        sent = Sent.model_validate(orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the body is not JSON (line {error.lineno}, column {error.colno})") from None
    except ValidationError as error:
        raise Malformed(codec.problems("message", error)) from None
    words = (sent.message or "").strip()
    if not words:
        return []
    metadata = sent.metadata or {}
    external_id = sent.message_id or str(metadata.get("message_id") or "")[:256] or new_id
    started = Started(
        address=sent.sender,
        external_id=external_id,
        at=now,
        profile=facts(metadata),
        context=metadata or None,
        language=str(metadata.get("language") or metadata.get("locale") or "")[:35],
    )
    if words == START:
        return [started]
    known = {field.name: getattr(started, field.name) for field in fields(started)}
    return [Received(parts=(spoken(words),), **known)]


def spoken(words: str) -> Part:
    """What begins with a slash is a button's payload, as everywhere in Rasa."""
    if words.startswith("/") and len(words) > 1:
        return Tap(payload=words[1:])
    return Text(text=words)


def facts(metadata: dict[str, Any]) -> dict[str, str | int | float | bool | None]:
    plain = {str(key)[:64]: value for key, value in metadata.items() if isinstance(value, str | int | float | bool)}
    return dict(list(plain.items())[:MOST_FACTS])


def messages(address: str, renderings: Sequence[Rendering]) -> list[dict[str, Any]]:
    return [{"recipient_id": address, **told} for one in renderings for part in one.parts for told in written(part)]


def written(part: Part) -> Iterator[dict[str, Any]]:
    match part:
        case Text(text=text):
            # As Rasa does: a blank line parts messages.
            yield from ({"text": piece} for piece in text.split("\n\n") if piece.strip())
        case Buttons(text=text, buttons=buttons):
            yield {"text": text, "buttons": [pressed(one.title, one.payload) for one in buttons]}
        case QuickReplies(text=text, choices=choices):
            yield {"text": text, "buttons": [pressed(one.title, one.payload) for one in choices]}
        case Media(media="image" | "gif", url=url):
            yield {"image": url}
        case Media(url=url):
            yield {"attachment": url}


def pressed(title: str, payload: str) -> dict[str, str]:
    return {"title": title, "payload": f"/{payload}"}
