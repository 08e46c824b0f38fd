"""The part of `[apps.x.channels.y]` that is the same for every channel of a Meta app."""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator

PlatformId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{0,128}$")]
VERSION = re.compile(r"v\d{1,3}\.\d{1,2}")


class MetaSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    app_secret: SecretStr = Field(description="App secret (App settings → Basic): every delivery is signed with it.")
    verify_token: SecretStr = Field(
        SecretStr(""), description="A secret of your choice that Meta says when it asks whether the hook is yours."
    )
    access_token: SecretStr = Field(
        SecretStr(""), description="Token that may send: of a system user, which does not expire, or of the page."
    )
    app_id: PlatformId = Field(
        "", description="Id of the app. With it `parley channels setup` registers the webhook itself."
    )
    version: str = Field("v23.0", description="Version of the Graph API.")
    timeout: float = Field(15.0, gt=0, le=60, description="Seconds the platform has to answer.")
    oldest_days: float = Field(
        0.0,
        ge=0,
        description="Messages older than so many days are dropped as replays; 0: none. Meta tries for 7 days.",
    )

    @field_validator("app_secret")
    @classmethod
    def set(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value():
            raise ValueError("the app secret is missing: without it anybody could say anything")
        return value

    @field_validator("version")
    @classmethod
    def versioned(cls, value: str) -> str:
        if not VERSION.fullmatch(value):
            raise ValueError("a version such as 'v23.0' is needed")
        return value
