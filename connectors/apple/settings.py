"""What `[apps.x.channels.y]` with `kind = "apple"` may hold."""

import base64
import binascii
from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from orchestrator.types import Limits, MediaKind
from orchestrator.web_address import BaseAddress

LIMITS = Limits(
    text=10_000,
    quick_replies=5,
    quick_reply_title=60,
    list_rows=50,
    list_title=85,
    list_description=170,
    list_text=170,
    form=True,
    media=frozenset({"image", "gif", "audio", "video", "file"}),
    media_bytes=dict.fromkeys(get_args(MediaKind), 100_000_000),
    caption=2000,
    payload=256,
    typing=True,
)
"""Text has no documented limit; a bubble shows two lines of a title (register.apple.com/resources/messages)."""


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    gateway: Literal["apple"] = Field("apple", description="Who hands messages over: Apple's own gateway for MSPs.")
    msp_id: str = Field(min_length=1, description="The MSP's id: the audience of Apple's tokens, the issuer of ours.")
    secret: SecretStr = Field(description="The MSP's API secret, base64 as Apple Business Register shows it.")
    business_id: str = Field(min_length=1, description="The business account: messages to others are dropped.")
    max_age: float = Field(
        3600.0,
        gt=0,
        le=86_400,
        description="Seconds a request's token may be old. A message is heard once in any case.",
    )
    slot: int = Field(1800, gt=0, le=86_400, description="Seconds an appointment takes, in time pickers.")
    title: str = Field("", max_length=85, description="Over forms that have no title of their own.")
    timeout: float = Field(15.0, gt=0, le=60, description="Seconds Apple has to answer a call.")
    api: BaseAddress = Field("https://mspgw.push.apple.com/v1", description="Base URL of the gateway.")

    @model_validator(mode="after")
    def usable(self) -> Self:
        self.key()
        return self

    def key(self) -> bytes:
        """Raises ValueError when the secret can't be used."""
        text = self.secret.get_secret_value().strip()
        try:
            found = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            found = b""
        if len(found) < 16:
            raise ValueError("secret is not base64 of 16 bytes or more; copy the API secret as it is shown")
        return found
