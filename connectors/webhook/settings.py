"""What `[apps.x.channels.y]` with `kind = "webhook"` may hold."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from orchestrator import signing
from orchestrator.errors import Misconfigured
from orchestrator.types import Limits, MediaKind
from orchestrator.web_address import OptionalWebAddress

DEFAULT_LIMITS = Limits(
    text=16_000,
    markup="markdown",
    quick_replies=20,
    quick_reply_title=80,
    buttons=10,
    button_title=80,
    link_buttons=True,
    list_rows=100,
    list_title=80,
    list_description=200,
    cards=10,
    card_title=200,
    card_subtitle=400,
    card_buttons=5,
    form=True,
    location=True,
    media=frozenset(get_args(MediaKind)),
)
"""Everything natively: what receives plain JSON can show what it likes."""


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    url: OptionalWebAddress = Field(
        "", description="Where Parley POSTs messages to. Empty: this channel only receives."
    )
    secret: SecretStr | tuple[SecretStr, ...] = Field(
        SecretStr(""),
        description="Standard Webhooks secret, or several while rotating: each is accepted, and Parley signs with all.",
    )
    signature: Literal["standard", "none"] = Field(
        "standard", description="'none' takes unsigned requests from anybody: for tests and closed networks only."
    )
    tolerance: float = Field(300.0, gt=0, le=3600, description="Seconds a webhook-timestamp may be off.")
    timeout: float = Field(15.0, gt=0, le=60, description="Seconds the receiver has to answer.")
    typing: bool = Field(False, description="Whether to POST typing events.")
    allow_private: bool = Field(
        False,
        description="Whether `url` may be on this machine or in a private network; else the SSRF guard refuses it.",
    )
    limits: Limits = Field(DEFAULT_LIMITS, description="What the receiver can show; left out means as by default.")

    @property
    def secrets(self) -> tuple[SecretStr, ...]:
        """Without the empty ones."""
        given = self.secret if isinstance(self.secret, tuple) else (self.secret,)
        return tuple(each for each in given if each.get_secret_value())

    @field_validator("limits", mode="before")
    @classmethod
    def known_limits(cls, value: Any) -> Any:
        """Named limits over the defaults; a limit nobody knows is a typing mistake."""
        if not isinstance(value, Mapping):
            return value
        defaults = {field.name: getattr(DEFAULT_LIMITS, field.name) for field in fields(Limits)}
        if unknown := sorted(set(value) - set(defaults)):
            raise ValueError(f"there is no limit {unknown[0]!r}; known: {', '.join(sorted(defaults))}")
        return defaults | dict(value)

    @model_validator(mode="after")
    def signed(self) -> Self:
        if self.signature == "standard" and not self.secrets:
            raise ValueError("secret is missing; set one, or signature = 'none' to take unsigned requests from anybody")
        self.keys()
        return self

    def keys(self) -> tuple[bytes, ...]:
        """Raises ValueError when a secret can't be used."""
        try:
            return tuple(signing.key(secret.get_secret_value()) for secret in self.secrets)
        except Misconfigured as error:
            raise ValueError(str(error)) from None
