"""What `[apps.x.channels.y]` with `kind = "telegram"` may hold."""

import hashlib
import hmac
import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{10,200}")
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr = Field(description="The bot's token, from @BotFather.")
    mode: Literal["webhook", "polling"] = Field(
        "webhook", description="'webhook': Telegram calls us. 'polling': we ask Telegram; needs no public address."
    )
    secret: SecretStr = Field(
        SecretStr(""),
        description="What Telegram sends along with every update: 1 to 256 of A-Z a-z 0-9 _ -. Default: made from the "
        "token.",
    )
    username: str = Field(
        "", max_length=64, description="The bot's name without @, for mentions in groups. Default: asked of Telegram."
    )
    groups: Literal["addressed", "all", "none"] = Field(
        "addressed",
        description="What to hear in groups and channels: what is said to the bot (a mention, a reply, a command, a "
        "tap), everything, or nothing.",
    )
    api: str = Field(
        "https://api.telegram.org",
        pattern=r"^https?://[^\s]+$",
        description="Another Bot API server, such as your own.",
    )
    timeout: float = Field(15.0, gt=0, le=60, description="Seconds Telegram has to answer a call.")
    poll_seconds: int = Field(25, ge=0, le=50, description="How long one question waits for news, with mode 'polling'.")

    @field_validator("token")
    @classmethod
    def token_is_one(cls, token: SecretStr) -> SecretStr:
        if not TOKEN.fullmatch(token.get_secret_value()):
            raise ValueError("is not a bot's token: digits, a colon and letters, as @BotFather gives it")
        return token

    @field_validator("secret")
    @classmethod
    def secret_is_allowed(cls, secret: SecretStr) -> SecretStr:
        if secret.get_secret_value() and not SECRET.fullmatch(secret.get_secret_value()):
            raise ValueError("may hold 1 to 256 of A-Z a-z 0-9 _ - only")
        return secret

    @field_validator("username", "api")
    @classmethod
    def bare(cls, value: str) -> str:
        return value.removeprefix("@").rstrip("/")

    @property
    def bot_id(self) -> int:
        """The bot's id as a user: the digits before the colon."""
        return int(self.token.get_secret_value().partition(":")[0])

    @property
    def secret_token(self) -> str:
        """Stays the same as long as the token does, and tells nothing about it."""
        given = self.secret.get_secret_value()
        key = self.token.get_secret_value().encode()
        return given or hmac.new(key, b"parley: webhook secret", hashlib.sha256).hexdigest()
