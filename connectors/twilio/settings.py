"""What `[apps.x.channels.y]` with `kind = "twilio"` may hold."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from orchestrator.types import Limits
from orchestrator.web_address import BaseAddress, OptionalBaseAddress, OptionalWebAddress

WHATSAPP = "whatsapp:"
MEGABYTE = 1_048_576
SMS_LIMITS = Limits(text=1530, unit="gsm7", media=frozenset())
"""Ten segments of 153 septets, or 67 UTF-16 units: as much as Twilio sends as one message."""
MMS_LIMITS = Limits(
    text=1530,
    unit="gsm7",
    media=frozenset({"image", "gif", "audio", "video"}),
    media_bytes={"image": 5 * MEGABYTE, "gif": 5 * MEGABYTE, "audio": 5 * MEGABYTE, "video": 5 * MEGABYTE},
    caption=1530,
)
WHATSAPP_LIMITS = Limits(
    text=1600,
    markup="markdown",
    quick_replies=3,
    quick_reply_title=20,
    quick_reply_text=1024,
    buttons=3,
    button_title=20,
    button_text=1024,
    list_rows=10,
    list_title=24,
    list_description=72,
    list_text=1024,
    location=True,
    media=frozenset({"image", "audio", "video", "file"}),
    media_bytes={"image": 5 * MEGABYTE, "audio": 16 * MEGABYTE, "video": 16 * MEGABYTE, "file": 16 * MEGABYTE},
    caption=1600,
    payload=200,
    templates=True,
    window=86_400.0,
)
"""twilio.com/docs/whatsapp and twilio.com/docs/content: in a session content needs no approval, with three buttons."""


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    account_sid: str = Field(pattern=r"^AC[0-9A-Za-z]{1,62}$", description="Of the account whose messages these are.")
    auth_token: SecretStr | tuple[SecretStr, ...] = Field(
        description="Signs what Twilio posts; while it is being rotated, both. The first sends, without `api_key`."
    )
    api_key: str = Field("", description="SID of an API key (SK…) to send with, instead of the auth token.")
    api_secret: SecretStr = Field(SecretStr(""), description="The API key's secret.")
    sender: str = Field(
        "", description="Number that sends, as +15017122661, a short code, or whatsapp:+14155238886 for WhatsApp."
    )
    messaging_service: str = Field(
        "", pattern=r"^(MG[0-9A-Za-z]{1,62})?$", description="Messaging service (MG…) that chooses the sender."
    )
    whatsapp: bool = Field(False, description="Whether the messaging service sends over WhatsApp.")
    mms: bool = Field(False, description="Whether the number sends MMS (US, Canada, Australia); else media are links.")
    url: OptionalWebAddress = Field(
        "",
        description="The hook's address as Twilio has it, if it is not Parley's own for this channel; statuses are "
        "asked for at it.",
    )
    statuses: bool = Field(True, description="Whether to ask for delivery statuses, where `url` is set.")
    smart_encoding: bool = Field(False, description="Whether Twilio may replace signs that make an SMS more expensive.")
    templates: dict[str, str] = Field(
        default_factory=dict, description="Names of templates to their Content SIDs (HX…); a SID is a name as well."
    )
    keywords: bool = Field(
        True, description="Whether STOP and START by SMS count as refusing and allowing, also without Twilio's word."
    )
    api: BaseAddress = Field("https://api.twilio.com", description="Base URL of the API.")
    content_api: OptionalBaseAddress = Field(
        "", description="Base URL of the Content API. Empty: content.twilio.com, or `api` if set."
    )
    timeout: float = Field(15.0, gt=0, le=60, description="Seconds the API has to answer.")

    @model_validator(mode="after")
    def complete(self) -> Self:
        if not (self.sender or self.messaging_service):
            raise ValueError("set 'sender' or 'messaging_service': who do messages come from?")
        if not all(self.tokens):
            raise ValueError("auth_token is empty")
        if bool(self.api_key) != bool(self.api_secret.get_secret_value()):
            raise ValueError("api_key and api_secret go together")
        return self

    @property
    def tokens(self) -> tuple[str, ...]:
        given = self.auth_token if isinstance(self.auth_token, tuple) else (self.auth_token,)
        return tuple(each.get_secret_value() for each in given)

    @property
    def over_whatsapp(self) -> bool:
        return self.whatsapp or self.sender.startswith(WHATSAPP)

    @property
    def limits(self) -> Limits:
        if self.over_whatsapp:
            return WHATSAPP_LIMITS
        return MMS_LIMITS if self.mms else SMS_LIMITS

    @property
    def content(self) -> str:
        if self.content_api:
            return self.content_api
        return "https://content.twilio.com" if self.api == "https://api.twilio.com" else self.api
