"""What `[apps.x.channels.y]` with `kind = "wechat"` may hold."""

import base64
import binascii
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from orchestrator.types import Limits
from orchestrator.web_address import BaseAddress

MEGABYTE = 1_048_576
LIMITS = Limits(
    text=2048,
    unit="bytes",
    quick_replies=10,
    quick_reply_title=60,
    quick_reply_text=1000,
    list_rows=10,
    list_title=60,
    list_description=0,
    list_text=1000,
    media=frozenset({"image", "audio", "video"}),
    media_mimes={
        "image": frozenset({"image/png", "image/jpeg", "image/gif", "image/bmp"}),
        "audio": frozenset({"audio/mpeg", "audio/amr"}),
        "video": frozenset({"video/mp4"}),
    },
    media_bytes={"image": 10 * MEGABYTE, "audio": 2 * MEGABYTE, "video": 10 * MEGABYTE},
    caption=0,
    payload=64,
    typing=True,
    templates=True,
    window=172_800.0,
)
"""developers.weixin.qq.com/doc/offiaccount: customer-service messages, within 48 hours of the customer's last."""


class MenuEntry(BaseModel):
    """A button of the account's menu: says `payload`, opens `url`, or unfolds `entries`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=1, description="At most 16 bytes, 60 below another entry.")
    payload: str = Field("", max_length=128)
    url: str = Field("", max_length=1024)
    entries: tuple["MenuEntry", ...] = Field((), max_length=5)

    @model_validator(mode="after")
    def one_thing(self) -> Self:
        if sum(map(bool, (self.payload, self.url, self.entries))) != 1:
            raise ValueError(f"menu entry {self.title!r} needs one of payload, url and entries")
        return self


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    app_id: str = Field(min_length=1, description="AppID of the account (wx…).")
    app_secret: SecretStr = Field(description="AppSecret.")
    token: SecretStr = Field(description="The token of the server configuration: letters and digits you made up.")
    aes_key: SecretStr | tuple[SecretStr, ...] = Field(
        SecretStr(""), description="EncodingAESKey, 43 letters and digits; while it is being changed, both."
    )
    plain: bool = Field(
        False,
        description="Takes messages that are not encrypted as well. Their signature does not cover what they say: "
        "whoever has seen one can forge others.",
    )
    account: str = Field("", description="The account's own id (gh_…): messages for another are dropped. Empty: any.")
    menu: tuple[MenuEntry, ...] = Field((), max_length=3, description="The account's menu, made by 'channels setup'.")
    templates: dict[str, str] = Field(default_factory=dict, description="Names of templates to their template ids.")
    tolerance: float = Field(300.0, gt=0, le=86_400, description="Seconds a timestamp may be off.")
    api: BaseAddress = Field("https://api.weixin.qq.com", description="Base URL of the API.")
    timeout: float = Field(10.0, gt=0, le=60, description="Seconds the API has to answer.")

    @model_validator(mode="after")
    def safe(self) -> Self:
        if not self.keys and not self.plain:
            raise ValueError("aes_key is missing: choose the safe mode at WeChat, or set plain = true to do without")
        if not self.token.get_secret_value():
            raise ValueError("token is empty")
        return self

    @property
    def keys(self) -> tuple[bytes, ...]:
        """Raises ValueError."""
        given = self.aes_key if isinstance(self.aes_key, tuple) else (self.aes_key,)
        return tuple(key(each.get_secret_value()) for each in given if each.get_secret_value())


def key(text: str) -> bytes:
    try:
        found = base64.b64decode(text + "=", validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(text) != 43 or len(found) != 32:
        raise ValueError("aes_key is not an EncodingAESKey of 43 letters and digits")
    return found
