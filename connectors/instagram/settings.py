"""What `[apps.x.channels.y]` with `kind = "instagram"` may hold."""

from pydantic import Field, field_validator

from connectors.meta.inbox_settings import Flavour, InboxSettings
from connectors.meta.settings import PlatformId, http_base
from orchestrator.types import Limits

DAY = 86_400.0
MEGABYTE = 1_000_000
LIMITS = Limits(
    text=1000,
    unit="bytes",
    title_unit="characters",
    quick_replies=13,
    quick_reply_title=20,
    buttons=3,
    button_title=20,
    button_text=640,
    link_buttons=True,
    cards=10,
    card_title=80,
    card_subtitle=80,
    card_buttons=3,
    media=frozenset({"image", "gif", "audio", "video"}),
    media_mimes={
        "image": frozenset({"image/png", "image/jpeg", "image/gif"}),
        "audio": frozenset({"audio/aac", "audio/mp4", "audio/x-m4a", "audio/wav", "audio/x-wav"}),
        "video": frozenset({"video/mp4", "video/ogg", "video/x-msvideo", "video/quicktime", "video/webm"}),
    },
    media_bytes={"image": 8 * MEGABYTE, "gif": 8 * MEGABYTE, "audio": 25 * MEGABYTE, "video": 25 * MEGABYTE},
    caption=0,
    payload=1000,
    typing=True,
    read=True,
    window=DAY,
)
"""developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api"""

INSTAGRAM = Flavour(
    kind="instagram",
    product="instagram",
    who="Instagram",
    limits=LIMITS,
    fields=(
        "messages",
        "messaging_postbacks",
        "messaging_seen",
        "messaging_referral",
        "message_reactions",
        "message_edit",
        "messaging_handover",
    ),
    identity="id,user_id,username",
    person="name,username",
    tracked=False,
    uploads=False,
    registers=False,
)


class Settings(InboxSettings):
    account_id: PlatformId = Field(
        "", description="Id of the Instagram professional account; events of others are dropped."
    )
    api: str = Field(
        "https://graph.instagram.com",
        description="Base URL of the API; https://graph.facebook.com with the token of the page behind the account.",
    )

    @property
    def account(self) -> str:
        return self.account_id

    @field_validator("api")
    @classmethod
    def base(cls, value: str) -> str:
        return http_base(value)
