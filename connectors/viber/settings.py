"""What `[apps.x.channels.y]` with `kind = "viber"` may hold."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from orchestrator.web_address import BaseAddress


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr = Field(description="The bot's authentication token, from partners.viber.com.")
    name: str = Field(min_length=1, max_length=28, description="Who messages are from, as customers see it.")
    avatar: str = Field("", pattern=r"^(https?://\S+)?$", description="URL of a picture shown beside the name.")
    opening: str | Mapping[str, str] = Field(
        "",
        description="Shown to who opens the chat and has not written yet: nothing else may be sent to them. A text, or "
        "one per language.",
    )
    api: BaseAddress = Field("https://chatapi.viber.com/pa", description="Base URL of the REST API.")
    timeout: float = Field(15.0, gt=0, le=60, description="Seconds Viber has to answer a call.")

    @field_validator("token")
    @classmethod
    def token_is_one(cls, token: SecretStr) -> SecretStr:
        """It goes into a header."""
        if not token.get_secret_value().strip() or not token.get_secret_value().isprintable():
            raise ValueError("is missing, or holds what no token holds; copy it from the bot's page once more")
        return token

    def opening_in(self, language: str) -> str:
        if isinstance(self.opening, str):
            return self.opening
        wanted = (language, language.partition("-")[0], "en", *self.opening)
        return next((self.opening[code] for code in wanted if self.opening.get(code)), "")
