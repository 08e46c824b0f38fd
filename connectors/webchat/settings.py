"""What a web chat channel can be told in `[apps.<app>.channels.<name>]`."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

Origin = re.compile(
    r"^https?://(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$|^https?://\[[0-9a-f:]+\](:[0-9]{1,5})?$"
)
LanguageCode = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]

UPLOADS = (
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/avif",
    "application/pdf",
    "text/plain",
    "text/csv",
    "audio/*",
    "video/*",
)


class UploadSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    enabled: bool = Field(True, description="Whether customers may send pictures and files.")
    max_bytes: int = Field(10 * 1024 * 1024, ge=1024, le=100 * 1024 * 1024, description="Largest file.")
    types: tuple[str, ...] = Field(UPLOADS, description="Media types, or families ('audio/*'), customers may send.")


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field("", max_length=60, description="Title of the chat; default: the app's name.")
    color: str = Field("#0b6e69", pattern=r"^#[0-9a-fA-F]{6}$", description="Brand colour; text on it stays readable.")
    logo: str = Field("", description="Picture in the header: a URL, or a path on this server.")
    theme: Literal["auto", "light", "dark"] = Field("auto", description="auto follows the customer's system.")
    position: Literal["right", "left"] = Field("right", description="Corner of the page the launcher sits in.")
    greeting: str | Mapping[LanguageCode, str] = Field(
        "", description="First words shown in an empty chat: a text, or one per language."
    )
    bot_greets: bool = Field(False, description="Whether opening an empty chat starts a turn, so that the bot greets.")
    origins: tuple[str, ...] = Field(
        (),
        description="Origins of the pages that may embed the chat, such as 'https://shop.example' or "
        "'https://*.shop.example'. '*' allows every page: for demonstrations only. Parley's own is always allowed.",
    )
    identity_secret: SecretStr = Field(
        SecretStr(""), description="Key your server signs identify tokens with (HS256, 32 characters or more)."
    )
    token_secret: SecretStr = Field(
        SecretStr(""),
        description="Key for visitor tokens, 32 characters or more; default: made from the server's secret.",
    )
    token_minutes: int = Field(60, ge=1, le=1440, description="Life of a visitor token; the widget renews it in time.")
    resume_days: int = Field(90, ge=1, le=730, description="How long a visitor may stay away and find the chat again.")
    text_max: int = Field(4000, ge=100, le=20000, description="Longest message, in characters.")
    sockets_per_visitor: int = Field(8, ge=1, description="Connections one visitor may hold (each open tab has one).")
    sockets_per_address: int = Field(
        200,
        ge=1,
        description="Connections one public IP address may hold; private addresses (proxies) are not counted.",
    )
    upload: UploadSettings = UploadSettings()
    texts: Mapping[LanguageCode, Mapping[str, str]] = Field(
        default_factory=dict, description="Your own wording of the chat's texts, by language; see docs/widget.md."
    )

    @field_validator("origins")
    @classmethod
    def origins_are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if origin != "*" and not Origin.match(origin):
                raise ValueError(
                    f"{origin!r} is not an origin; write scheme and host only, like 'https://shop.example'"
                )
        return origins

    @field_validator("identity_secret", "token_secret")
    @classmethod
    def secrets_are_long(cls, secret: SecretStr) -> SecretStr:
        if 0 < len(secret.get_secret_value().encode()) < 32:
            raise ValueError("is too short: 32 characters at least; make one with 'openssl rand -hex 32'")
        return secret

    @field_validator("logo")
    @classmethod
    def logo_is_an_address(cls, logo: str) -> str:
        if logo and not re.match(r"^(https?://|/[^/])", logo):
            raise ValueError("is neither a URL (https://…) nor a path on this server (/…)")
        return logo

    def allows(self, origin: str) -> bool:
        """Whether a page of this origin may embed the chat; Parley's own origin is not this method's business."""
        return any(matches(pattern, origin.lower()) for pattern in self.origins)

    def greeting_for(self, language: str, pivot: str) -> tuple[str, str]:
        """The language it is written in, and the greeting: in `language` if it can be; a text alone is the pivot's."""
        if isinstance(self.greeting, str):
            return pivot, self.greeting
        written = next((code for code in (language, "en", *self.greeting) if self.greeting.get(code)), language)
        return written, self.greeting.get(written, "")


def matches(pattern: str, origin: str) -> bool:
    if pattern == "*":
        return True
    scheme, wild, domain = pattern.lower().partition("://*.")
    if not wild:
        return pattern.lower() == origin
    return origin.startswith(f"{scheme}://") and origin.endswith(f".{domain}")
