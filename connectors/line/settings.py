"""What `[apps.x.channels.y]` with `kind = "line"` may hold."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from orchestrator.web_address import BaseAddress


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    secret: SecretStr = Field(description="The channel secret: what LINE signs its webhooks with.")
    token: SecretStr = Field(description="The channel access token (long-lived).")
    destination: str = Field(
        "",
        max_length=64,
        description="The bot's user id (U…): webhooks for others are dropped. Default: asked of LINE.",
    )
    groups: Literal["addressed", "all", "none"] = Field(
        "addressed",
        description="What to hear in groups and rooms: what is said to the bot (a mention, a tap), all, or nothing.",
    )
    mark_read: bool = Field(True, description="Whether messages are shown as read once they are taken.")
    preview: str = Field(
        "",
        pattern=r"^(https://\S+)?$",
        description="URL (https, JPEG or PNG, 1 MB at most) of the picture that stands for a film until it is played. "
        "Without one films go as their address.",
    )
    api: BaseAddress = Field("https://api.line.me", description="Base URL of the Messaging API.")
    data_api: BaseAddress = Field("https://api-data.line.me", description="Base URL customers' files are fetched from.")
    timeout: float = Field(15.0, gt=0, le=60, description="Seconds LINE has to answer a call.")

    @field_validator("secret", "token")
    @classmethod
    def is_one(cls, secret: SecretStr) -> SecretStr:
        value = secret.get_secret_value()
        if not value.strip() or not value.isprintable():
            raise ValueError(
                "is missing, or holds what no key holds; copy it from the LINE Developers console once more"
            )
        return secret
