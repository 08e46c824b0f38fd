"""What `[apps.x.channels.y]` with `kind = "x"` may hold."""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from orchestrator.types import Limits
from orchestrator.web_address import BaseAddress

MEGABYTE = 1_048_576
LIMITS = Limits(
    text=10_000,
    media=frozenset({"image", "gif", "video"}),
    media_mimes={
        "image": frozenset({"image/jpeg", "image/png", "image/webp"}),
        "gif": frozenset({"image/gif"}),
        "video": frozenset({"video/mp4"}),
    },
    media_bytes={"image": 5 * MEGABYTE, "gif": 15 * MEGABYTE, "video": 25 * MEGABYTE},
    caption=10_000,
)
"""docs.x.com/x-api/direct-messages: no buttons, so choices are numbered text. X takes videos up to 512 MB; we 25."""


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    user_id: str = Field(pattern=r"^\d{1,20}$", description="The account's own numeric id.")
    consumer_secret: SecretStr = Field(description="The app's API secret: signs the webhook, and OAuth 1.0a requests.")
    consumer_key: str = Field("", description="The app's API key, for OAuth 1.0a.")
    access_token: SecretStr = Field(
        SecretStr(""), description="The account's access token: of OAuth 1.0a with `access_secret`, else of OAuth 2."
    )
    access_secret: SecretStr = Field(SecretStr(""), description="The secret of an OAuth 1.0a access token.")
    client_id: str = Field("", description="OAuth 2 client id, to renew the access token with.")
    client_secret: SecretStr = Field(SecretStr(""), description="OAuth 2 client secret, of a confidential client.")
    refresh_token: SecretStr = Field(
        SecretStr(""), description="OAuth 2 refresh token (scope offline.access). X gives a new one with each use."
    )
    token_file: Path | None = Field(
        None, description="Where renewed OAuth 2 tokens are kept; all processes must see the same file."
    )
    bearer: SecretStr = Field(
        SecretStr(""), description="The app's own bearer token: 'channels setup' registers the webhook with it."
    )
    api: BaseAddress = Field("https://api.x.com", description="Base URL of the API.")
    timeout: float = Field(15.0, gt=0, le=120, description="Seconds the API has to answer.")

    @model_validator(mode="after")
    def signs(self) -> Self:
        if not self.consumer_secret.get_secret_value():
            raise ValueError("consumer_secret is empty")
        if self.access_secret.get_secret_value():
            if not (self.consumer_key and self.access_token.get_secret_value()):
                raise ValueError("OAuth 1.0a needs consumer_key, consumer_secret, access_token and access_secret")
        elif self.refresh_token.get_secret_value():
            if not (self.client_id and self.token_file):
                raise ValueError(
                    "refresh_token needs client_id and token_file: X's refresh tokens are good for one use"
                )
        elif not self.access_token.get_secret_value():
            raise ValueError("set access_token and access_secret (OAuth 1.0a), or refresh_token (OAuth 2)")
        return self
