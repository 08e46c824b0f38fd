"""What `[apps.x.channels.y]` with `kind = "slack"` may hold."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from orchestrator.types import Limits
from orchestrator.web_address import BaseAddress

LIMITS = Limits(
    text=3000,
    markup="markdown",
    buttons=25,
    button_title=75,
    link_buttons=True,
    list_rows=100,
    list_title=75,
    list_description=75,
    cards=10,
    card_title=150,
    card_subtitle=200,
    card_buttons=3,
    form=True,
    media=frozenset({"image", "gif", "audio", "video", "file"}),
    caption=2000,
    payload=150,
    typing=True,
)
"""Block Kit (docs.slack.dev/reference/block-kit): a section 3000, an option's value 150, a card 3 buttons."""


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr = Field(description="Bot token, xoxb-…, of the app installed in the workspace.")
    signing_secret: SecretStr = Field(
        SecretStr(""), description="The app's signing secret. Needed unless `app_token` is set (Socket Mode)."
    )
    app_token: SecretStr = Field(
        SecretStr(""),
        description="App-level token, xapp-…: Socket Mode, which needs no public address.",
        json_schema_extra={"owner": True},
    )
    team: str = Field("", description="Workspace id, T…: events of other workspaces are dropped.")
    app: str = Field("", description="App id, A…: events for other apps are dropped.")
    bot_user: str = Field("", description="The bot's own user id, U…; empty: found out when it is needed.")
    answer: Literal["addressed", "all"] = Field(
        "addressed",
        description="In channels: only messages that mention the bot and what follows in their threads, or all.",
    )
    cards: Literal["carousel", "sections"] = Field(
        "carousel", description="How a carousel is shown. Where Slack refuses its carousel block, sections are sent."
    )
    names: bool = Field(True, description="Whether to look up the name and language of a person who writes.")
    status: str = Field("is typing…", max_length=50, description="What an assistant thread shows while a bot thinks.")
    timeout: float = Field(10.0, gt=0, le=60, description="Seconds Slack has to answer a call.")
    api: BaseAddress = Field("https://slack.com/api", description="Base URL of the Web API.")

    @model_validator(mode="after")
    def reachable(self) -> Self:
        if not self.token.get_secret_value():
            raise ValueError("token is empty; copy the bot token (xoxb-…) from 'OAuth & Permissions'")
        if not self.signing_secret.get_secret_value() and not self.app_token.get_secret_value():
            raise ValueError("signing_secret is missing; or set app_token to use Socket Mode")
        return self
