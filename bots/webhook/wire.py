"""What goes over the wire, version 1. Additions are compatible and keep the version; anything else raises it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.types import ChannelView, HistoryLine, Returned, Said, Turn, Understanding


class TurnV1(BaseModel):
    """The body of the request. `turn_id` is also the header webhook-id: the same when a turn is tried again."""

    model_config = ConfigDict(frozen=True)
    version: Literal[1] = 1
    turn_id: str
    app_id: str
    conversation_id: str
    customer_id: str
    bot: str
    epoch: int
    deadline: datetime = Field(description="An answer that arrives later is ignored.")
    now: datetime
    callback_url: str = Field("", description="After a 202: where to POST the actions, once.")
    text: str = Field(
        description="What the customer said, in the bot's language; several messages are joined by lines."
    )
    original: str = Field(description="The same as typed.")
    language: str = Field(description="The customer's language, ISO 639-1.")
    bot_language: str
    payload: str = Field("", description="Of the last button, quick reply or row the customer chose.")
    form: Mapping[str, str] = Field(description="The last form's values, by field name.")
    messages: tuple[Said, ...] = Field(description="Each message that waited, oldest first; none: just opened.")
    channel: ChannelView
    understanding: Understanding | None = None
    profile: Mapping[str, Any]
    context: Mapping[str, Any] = Field(description="What the page passed: cart, page, anything.")
    slots: Mapping[str, Any]
    history: tuple[HistoryLine, ...]
    returned: Returned | None = Field(None, description="Set once after an agent gave the conversation back.")


def encode(turn: Turn) -> bytes:
    """Raises ValueError when some text can't be UTF-8."""
    found = {name: getattr(turn, name) for name in TurnV1.model_fields if name not in ("version", "turn_id")}
    return TurnV1.model_construct(turn_id=turn.id, **found).model_dump_json().encode()
