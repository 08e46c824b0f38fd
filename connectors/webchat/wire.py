"""The web chat's own JSON: what a widget sends, one frame at a time, and what it is sent. README.md tells the story.

Frames from outside may hold fields we don't know: they are ignored, so that newer widgets can talk to older servers.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from orchestrator.codec import AnyPart, problems
from orchestrator.errors import Malformed
from orchestrator.types import Role

DEEPEST = 12
"""Levels of nesting a frame may have; a page context needs four."""

ClientId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Seq = Annotated[int, Field(ge=0, lt=2**53)]
Name = Annotated[str, StringConstraints(max_length=200)]
Words = Annotated[str, StringConstraints(max_length=20_000)]
Token = Annotated[str, StringConstraints(max_length=4096)]
Locale = Annotated[str, StringConstraints(max_length=35)]


class Frame(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class TextPart(Frame):
    kind: Literal["text"]
    text: Words


class UploadPart(Frame):
    """A file sent before; `upload` is the token its upload was answered with."""

    kind: Literal["media"]
    upload: Token
    alt: Name = ""


class LocationPart(Frame):
    kind: Literal["location"]
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    name: Name = ""
    address: Name = ""


class TapPart(Frame):
    kind: Literal["tap"] = "tap"
    payload: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    title: Name = ""
    message_id: Name = ""


class FormAnswerPart(Frame):
    kind: Literal["form_answer"] = "form_answer"
    form_id: Name
    values: Mapping[Name, Annotated[str, StringConstraints(max_length=2000)]] = Field(max_length=50)
    message_id: Name = ""


ClientPart = Annotated[TextPart | UploadPart | LocationPart | TapPart | FormAnswerPart, Field(discriminator="kind")]


class Hello(Frame):
    """First on a WebSocket. `after` is the last `seq` the client has; `context` the page it is on."""

    type: Literal["hello"]
    token: Token
    after: Seq = 0
    language: Locale = ""
    context: Mapping[str, Any] | None = None


class Send(Frame):
    """A message: exactly one of `text`, `tap`, `form_answer` and `parts`. Sent twice, it is one message."""

    type: Literal["send"]
    client_id: ClientId
    text: Words | None = None
    tap: TapPart | None = None
    form_answer: FormAnswerPart | None = None
    parts: tuple[ClientPart, ...] | None = Field(None, max_length=10)
    language: Locale = ""
    context: Mapping[str, Any] | None = None


class Start(Frame):
    """The customer opened an empty chat: where the channel says so, the bot greets."""

    type: Literal["start"]


class TypingOn(Frame):
    type: Literal["typing"]
    on: bool = True


class Read(Frame):
    type: Literal["read"]
    seq: Seq


class Delivered(Frame):
    type: Literal["delivered"]
    seq: Seq


class Context(Frame):
    """Replaces the page context; `language` is a hint."""

    type: Literal["context"]
    context: Mapping[str, Any]
    language: Locale = ""


class Identify(Frame):
    type: Literal["identify"]
    jwt: Token


class StartOver(Frame):
    type: Literal["start_over"]


class Renew(Frame):
    """A newer access token for the same visitor, before the one of the connection expires."""

    type: Literal["renew"]
    token: Token


class Resume(Frame):
    """Look again: another tab of this visitor has begun the conversation."""

    type: Literal["resume"]
    after: Seq = 0


class Ping(Frame):
    type: Literal["ping"]


ClientFrame = Annotated[
    Hello | Send | Start | TypingOn | Read | Delivered | Context | Identify | StartOver | Renew | Resume | Ping,
    Field(discriminator="type"),
]
CLIENT: TypeAdapter[ClientFrame] = TypeAdapter(ClientFrame)


class SessionRequest(Frame):
    """`resume` from an earlier session, `identity` a JWT of the shop's server; `start_over`: a fresh conversation."""

    resume: Token = ""
    identity: Token = ""
    language: Locale = ""
    start_over: bool = False


SESSION: TypeAdapter[SessionRequest] = TypeAdapter(SessionRequest)


class Shown(Frame):
    """A message as the customer sees it. `client_id` is set on the visitor's own."""

    type: Literal["message"] = "message"
    seq: int
    id: str
    role: Role
    author: str = ""
    at: datetime
    parts: tuple[AnyPart, ...]
    language: str = ""
    client_id: str = ""


class Withdrawn(Frame):
    type: Literal["withdrawn"] = "withdrawn"
    seq: int


class Standing(Frame):
    """1 is next. `open` is False outside business hours."""

    position: int
    waiting: int
    open: bool = True
    agents: int = 0


class AgentShown(Frame):
    id: str
    name: str


class State(Frame):
    """Who has the conversation. `busy`: a message of the customer's waits for an answer that is being made."""

    type: Literal["state"] = "state"
    status: Literal["none", "open", "closed"] = "none"
    controller: Literal["bot", "queue", "agent"] = "bot"
    agent: AgentShown | None = None
    queue: Standing | None = None
    language: str = ""
    busy: bool = False


class MarksShown(Frame):
    """As `seq`s: how far the customer's messages have come (at bot or desk, read there), and what they have `seen`."""

    type: Literal["marks"] = "marks"
    delivered: int = 0
    read: int = 0
    seen: int = 0


class Ready(Frame):
    """Where things stand. `fresh`: forget what you have and show `messages`; else they follow what you have."""

    type: Literal["ready"] = "ready"
    conversation: str = ""
    fresh: bool = True
    messages: tuple[Shown, ...] = ()
    more: bool = False
    last_seq: int = 0
    state: State = State()
    marks: MarksShown = MarksShown()


class TypingShown(Frame):
    """`text` is what there is of a bot's answer so far, from its beginning, until the message takes its place."""

    type: Literal["typing"] = "typing"
    role: Role
    name: str = ""
    on: bool
    text: str = ""


class Ack(Frame):
    """The message is durable. `seq` 0: it was a command."""

    type: Literal["ack"] = "ack"
    client_id: str = ""
    seq: int = 0
    id: str = ""
    duplicate: bool = False


class Problem(Frame):
    """`code` for programs, `text` for the customer in their language, `detail` for developers; seconds to wait."""

    type: Literal["error"] = "error"
    code: str
    text: str
    detail: str = ""
    client_id: str = ""
    retry_after: float | None = None


class SessionShown(Frame):
    """New tokens for the same browser. The widget keeps `resume` and forgets it when it is replaced."""

    type: Literal["session"] = "session"
    token: str
    expires_in: int
    resume: str
    known: bool = False


class Pong(Frame):
    type: Literal["pong"] = "pong"


ServerFrame = Ready | Shown | Withdrawn | State | MarksShown | TypingShown | Ack | Problem | SessionShown | Pong


def read_frame(data: bytes | str) -> ClientFrame:
    """Raises Malformed, naming the field and never the value."""
    try:
        return CLIENT.validate_python(parsed(data))
    except ValidationError as error:
        raise Malformed(problems("frame", error)) from None


def read_session(data: bytes) -> SessionRequest:
    """Raises Malformed."""
    try:
        return SESSION.validate_python(parsed(data or b"{}"))
    except ValidationError as error:
        raise Malformed(problems("session", error)) from None


def client_id_of(data: bytes | str) -> str:
    """The client id of a frame that was refused, so that the widget knows which message it was; "" when it has none."""
    try:
        raw = orjson.loads(data)
    except orjson.JSONDecodeError:
        return ""
    found = raw.get("client_id") if isinstance(raw, dict) else None
    return found[:64] if isinstance(found, str) else ""


def parsed(data: bytes | str) -> Any:
    try:
        raw = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"frame is not JSON: {error.msg} at character {error.pos}") from None
    if not isinstance(raw, dict):
        raise Malformed("frame is malformed: it must be a JSON object")
    return scrubbed(raw, DEEPEST)


def scrubbed(value: Any, depth: int) -> Any:
    """Without NUL characters, which no database takes in a text. Raises Malformed when nested too deeply."""
    match value:
        case str():
            return value.replace("\0", "") if "\0" in value else value
        case dict() | list() if depth == 0:
            raise Malformed(f"frame is nested deeper than {DEEPEST} levels")
        case dict():
            return {scrubbed(key, depth): scrubbed(item, depth - 1) for key, item in value.items()}
        case list():
            return [scrubbed(item, depth - 1) for item in value]
        case _:
            return value
