"""What `[apps.x.channels.y]` with `kind = "teams"` may hold."""

from collections.abc import Mapping
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from orchestrator.types import Limits
from orchestrator.web_address import WebAddress

LIMITS = Limits(
    text=10_000,
    markup="markdown",
    quick_replies=6,
    quick_reply_title=40,
    buttons=6,
    button_title=60,
    link_buttons=True,
    list_rows=50,
    list_title=100,
    list_description=100,
    cards=10,
    card_title=120,
    card_subtitle=240,
    card_buttons=6,
    form=True,
    media=frozenset({"image", "file"}),
    media_mimes={"image": frozenset({"image/png", "image/jpeg"})},
    media_bytes={"image": 1_048_576},
    caption=1000,
    payload=256,
    typing=True,
)
"""A message is at most 100 KB, a card 28 KB, a picture 1 MB (learn.microsoft.com/microsoftteams/platform)."""

HOSTS = (
    "smba.trafficmanager.net",
    ".botframework.com",
    ".botframework.us",
    ".botframework.azure.us",
    "smba.infra.gcc.teams.microsoft.com",
    "smba.infra.gov.teams.microsoft.us",
    "smba.infra.dod.teams.microsoft.us",
)


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    app_id: str = Field(min_length=1, description="Microsoft App ID of the bot, a GUID.")
    app_password: SecretStr = Field(description="Client secret of that app.")
    tenant: str = Field(
        "botframework.com",
        pattern=r"^[A-Za-z0-9.-]+$",
        description="Where the token is fetched: the tenant's id of a single-tenant bot (new ones are).",
    )
    tenants: tuple[str, ...] = Field((), description="Tenants whose people are answered; empty: all that may write.")
    answer: Literal["addressed", "all"] = Field(
        "addressed", description="In groups: only messages that mention the bot and what follows there, or all."
    )
    files: Literal["consent", "links"] = Field(
        "consent", description="How files are sent in personal chats: offered to the person's OneDrive, or as links."
    )
    timeout: float = Field(15.0, gt=0, le=60, description="Seconds the service has to answer a call.")
    api: WebAddress = Field(
        "https://smba.trafficmanager.net/teams/",
        description="Service address for whoever has not written yet; for others it is the one they wrote from.",
    )
    login: WebAddress = Field("https://login.microsoftonline.com", description="Where tokens are fetched.")
    openid: WebAddress = Field(
        "https://login.botframework.com/v1/.well-known/openidconfiguration",
        description="Metadata of the keys that requests to the hook are signed with.",
    )
    issuers: tuple[str, ...] = Field(
        ("https://api.botframework.com",), min_length=1, description="Who may have issued the token of a request."
    )
    jwks: Mapping[str, Any] = Field(
        {}, description="Those keys themselves, instead of fetching them: for networks that let nothing in."
    )
    service_hosts: tuple[str, ...] = Field(
        HOSTS, description="Hosts our token may be sent to; one that begins with a dot stands for all below it."
    )

    @model_validator(mode="after")
    def secret(self) -> Self:
        if not self.app_password.get_secret_value():
            raise ValueError("app_password is empty; make a client secret under 'Certificates & secrets' of the app")
        return self

    def own(self, url: str) -> bool:
        """Whether it is on the origin of a configured address: that one is trusted, whatever it is."""
        parts = urlsplit(url)
        mine = (urlsplit(each) for each in (self.api, self.login, self.openid))
        return any((parts.scheme, parts.netloc) == (each.scheme, each.netloc) for each in mine)

    def may_have_token(self, url: str) -> bool:
        """Whether our token may go there: Microsoft's own hosts over https, and what was configured."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        listed = any(host.endswith(each) if each.startswith(".") else host == each for each in self.service_hosts)
        return (parts.scheme == "https" and listed and parts.port in (None, 443)) or self.own(url)
