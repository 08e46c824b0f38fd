"""What `[apps.x.channels.y]` with `kind = "rasa"` may hold."""

from typing import get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from orchestrator.types import Limits, MediaKind
from orchestrator.web_address import OptionalWebAddress

LIMITS = Limits(
    text=100_000,
    markup="markdown",
    quick_replies=50,
    quick_reply_title=200,
    buttons=50,
    button_title=200,
    link_buttons=False,
    media=frozenset(get_args(MediaKind)),
    caption=0,
)
"""Rasa's format knows text, buttons with a payload, an image and an attachment; it has no limits of its own."""


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr = Field(
        SecretStr(""), description="What clients send as ?token=, as to Rasa's --auth-token. Empty: anybody may write."
    )
    callback: OptionalWebAddress = Field(
        "",
        description="Where answers are POSTed, as by Rasa's callback channel. Empty: they are the response (REST).",
    )
    allow_private: bool = Field(False, description="Whether `callback` may be in a private network.")
    timeout: float = Field(60.0, gt=0, le=600, description="Seconds a request waits for the bot, or a callback takes.")
