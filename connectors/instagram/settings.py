"""What `[apps.x.channels.y]` with `kind = "instagram"` may hold."""

from pydantic import Field

from connectors.meta.inbox_settings import INBOX, Flavour, InboxSettings
from connectors.meta.settings import PlatformId
from orchestrator.copies import replace
from orchestrator.web_address import BaseAddress

MEGABYTE = 1_000_000
LIMITS = replace(
    INBOX,
    text=1000,
    unit="bytes",
    title_unit="characters",
    media=frozenset({"image", "gif", "audio", "video"}),
    media_mimes={
        "image": frozenset({"image/png", "image/jpeg", "image/gif"}),
        "audio": frozenset({"audio/aac", "audio/mp4", "audio/x-m4a", "audio/wav", "audio/x-wav"}),
        "video": frozenset({"video/mp4", "video/ogg", "video/x-msvideo", "video/quicktime", "video/webm"}),
    },
    media_bytes={"image": 8 * MEGABYTE, "gif": 8 * MEGABYTE, "audio": 25 * MEGABYTE, "video": 25 * MEGABYTE},
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
    api: BaseAddress = Field(
        "https://graph.instagram.com",
        description="Base URL of the API; https://graph.facebook.com with the token of the page behind the account.",
    )

    @property
    def account(self) -> str:
        return self.account_id
