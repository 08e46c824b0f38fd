"""LINE's webhooks (developers.line.biz/en/reference/messaging-api/#webhooks), as far as they are read."""

from contextlib import suppress
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from orchestrator import codec, incoming
from orchestrator.errors import Malformed
from orchestrator.incoming import without_nulls


class Wire(BaseModel):
    model_config = ConfigDict(extra="ignore")

    drop_nulls = model_validator(mode="before")(without_nulls)


class Source(Wire):
    type: str = ""
    userId: str = ""
    groupId: str = ""
    roomId: str = ""

    @property
    def chat(self) -> str:
        """Where messages go."""
        return self.groupId or self.roomId or self.userId

    @property
    def private(self) -> bool:
        return not (self.groupId or self.roomId)

    @property
    def address(self) -> str:
        """A person; in a group or room every person has a conversation of their own."""
        return self.chat if self.private or not self.userId else f"{self.chat}/{self.userId}"


class Mentionee(Wire):
    index: int = Field(0, ge=0)
    length: int = Field(0, ge=0)
    type: str = ""
    userId: str = ""
    isSelf: bool = False


class Mention(Wire):
    mentionees: list[Mentionee] = []


class Provider(Wire):
    type: str = "line"
    originalContentUrl: str = ""


class Message(Wire):
    id: str = ""
    type: str = ""
    text: str = ""
    mention: Mention = Mention()
    quotedMessageId: str = ""
    markAsReadToken: str = ""
    contentProvider: Provider = Provider()
    fileName: str = ""
    fileSize: int = 0
    title: str = ""
    address: str = ""
    latitude: float = Field(0.0, ge=-90, le=90, allow_inf_nan=False)
    longitude: float = Field(0.0, ge=-180, le=180, allow_inf_nan=False)
    stickerId: str = ""
    keywords: list[str] = []


class Params(Wire):
    date: str = ""
    time: str = ""
    datetime: str = ""

    @property
    def picked(self) -> str:
        return self.datetime or self.date or self.time


class Postback(Wire):
    data: str = ""
    params: Params = Params()


class Unsend(Wire):
    messageId: str = ""


class Event(Wire):
    type: str = ""
    mode: str = "active"
    timestamp: float = 0.0
    source: Source = Source()
    webhookEventId: str = ""
    replyToken: str = ""
    message: Message | None = None
    postback: Postback | None = None
    unsend: Unsend | None = None


class Delivery(Wire):
    destination: str = ""
    events: list[Any] = []


def read(body: bytes) -> Delivery:
    """Raises Malformed."""
    try:
        return Delivery.model_validate(incoming.read_json(body))
    except ValidationError as error:
        raise Malformed(codec.problems("webhook", error)) from None


def events(delivery: Delivery) -> list[Event]:
    """One that can't be read takes no other with it. Raises Malformed when none of them can."""
    found, problem = [], None
    for number, value in enumerate(delivery.events):
        try:
            found.append(event(value, number))
        except Malformed as error:
            problem = error
    if problem is not None and not found:
        raise problem
    return found


def event(value: Any, number: int) -> Event:
    """What its message says may be beyond us: then it still is a message. Raises Malformed."""
    try:
        return Event.model_validate(value)
    except ValidationError as error:
        if isinstance(value, dict) and isinstance(value.get("message"), dict):
            said = {"id": value["message"].get("id"), "type": "unreadable"}
            with suppress(ValidationError):
                return Event.model_validate({**value, "message": said})
        raise Malformed(codec.problems(f"events.{number}", error)) from None
