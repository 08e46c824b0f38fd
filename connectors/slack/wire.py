"""What Slack posts: Events API as JSON, interactivity and slash commands as forms; Socket Mode wraps the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from orchestrator import codec
from orchestrator.errors import Malformed
from orchestrator.types import RawRequest

Kind = Literal["event", "action", "command", "challenge", "nothing"]
MOST_FIELDS = 100


def identity(value: Any) -> str:
    """Slack names a thing by its id, or shows it whole with the id inside (`user` of `team_join`)."""
    found = value.get("id") if isinstance(value, dict) else value
    return str(found)[:200] if isinstance(found, str | int) and not isinstance(found, bool) else ""


def words(value: Any) -> str:
    return value if isinstance(value, str) else ""


def listed(value: Any) -> list[Any]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def mapped(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


Id = Annotated[str, BeforeValidator(identity)]
Words = Annotated[str, BeforeValidator(words)]
Table = Annotated[dict[str, Any], BeforeValidator(mapped)]
Flag = Annotated[bool, BeforeValidator(lambda value: value is True)]


class Loose(BaseModel):
    """Tolerant: unknown fields are passed over, fields of another type are empty."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class File(Loose):
    id: Id = ""
    name: Words = ""
    title: Words = ""
    mimetype: Words = ""
    mode: Words = ""
    size: Annotated[int, BeforeValidator(lambda value: value if isinstance(value, int) else 0)] = 0
    url_private: Words = ""
    url_private_download: Words = ""
    is_external: Flag = False


Files = Annotated[tuple[File, ...], BeforeValidator(listed)]


class Event(Loose):
    """The inner event; for edits `message` and `previous_message` are such events too."""

    type: Words = ""
    subtype: Words = ""
    channel: Id = ""
    channel_id: Id = ""
    channel_type: Words = ""
    user: Id = ""
    bot_id: Id = ""
    app_id: Id = ""
    text: Words = ""
    ts: Id = ""
    event_ts: Id = ""
    message_ts: Id = ""
    deleted_ts: Id = ""
    thread_ts: Id = ""
    parent_user_id: Id = ""
    item_user: Id = ""
    reaction: Words = ""
    tab: Words = ""
    files: Files = ()
    edited: Table = Field(default_factory=dict)
    item: Table = Field(default_factory=dict)
    metadata: Table = Field(default_factory=dict)
    message: Table = Field(default_factory=dict)
    previous_message: Table = Field(default_factory=dict)
    assistant_thread: Table = Field(default_factory=dict)

    @property
    def direct(self) -> bool:
        return is_direct(self.channel, self.channel_type)


class Authorization(Loose):
    user_id: Id = ""
    team_id: Id = ""
    enterprise_id: Id = ""
    is_bot: Flag = False


class Delivery(Loose):
    """`event_callback`."""

    team_id: Id = ""
    context_team_id: Id = ""
    enterprise_id: Id = ""
    api_app_id: Id = ""
    event_id: Id = ""
    event: Event
    authorizations: Annotated[tuple[Authorization, ...], BeforeValidator(listed)] = ()

    @property
    def teams(self) -> set[str]:
        granted = {name for each in self.authorizations for name in (each.team_id, each.enterprise_id)}
        return {self.team_id, self.context_team_id, self.enterprise_id, *granted}

    @property
    def bot_user(self) -> str:
        """Who this was delivered to, where Slack says so: the bot's own user."""
        return next((each.user_id for each in self.authorizations if each.is_bot), "")


def is_direct(channel: str, channel_type: str = "") -> bool:
    return channel_type in ("im", "app_home") or channel.startswith("D")


@dataclass(frozen=True, slots=True)
class Payload:
    """One delivery, however it came; `delivery` is that of an event."""

    kind: Kind
    data: Mapping[str, Any]
    delivery: Delivery | None = None


def read(request: RawRequest) -> Payload:
    """Raises Malformed."""
    if request.method != "POST":
        raise Malformed(f"Slack POSTs its events; this was a {request.method}")
    written = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return posted(request.body, written)


@lru_cache(maxsize=16)
def posted(body: bytes, written: bool) -> Payload:
    """Kept for the length of a request, which is looked at three times."""
    return form(body) if written else event(loaded(body))


def form(body: bytes) -> Payload:
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise Malformed("the form can't be read as UTF-8, or has too many fields") from None
    if "payload" in fields:
        return Payload("action", loaded(fields["payload"].encode()))
    return Payload("command" if fields.get("command") else "nothing", fields)


def event(data: Mapping[str, Any]) -> Payload:
    match data.get("type"):
        case "url_verification":
            return Payload("challenge", data)
        case "event_callback":
            return Payload("event", data, delivery(data))
    return Payload("nothing", data)


def loaded(body: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Malformed("the body is not JSON") from None
    if not isinstance(found, dict):
        raise Malformed("the body is not a JSON object")
    return found


def delivery(data: Mapping[str, Any]) -> Delivery:
    """Raises Malformed."""
    try:
        return Delivery.model_validate(data)
    except ValidationError as error:
        raise Malformed(codec.problems("event", error)) from None


def inner(data: Mapping[str, Any]) -> Event:
    """The message inside an edit."""
    return Event.model_validate(data)


def moment(ts: str, now: datetime) -> datetime:
    """Of a Slack timestamp, "1355517523.000005"; never later than now."""
    try:
        return min(datetime.fromtimestamp(float(ts), UTC), now)
    except (ValueError, OverflowError, OSError):
        return now


def split(address: str) -> tuple[str, str]:
    """An address is a channel, or `channel:thread`."""
    channel, _, thread = address.partition(":")
    return channel, thread
