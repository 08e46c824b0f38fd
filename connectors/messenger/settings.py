"""What `[apps.x.channels.y]` with `kind = "messenger"` may hold."""

from pydantic import Field, field_validator

from connectors.meta.inbox_settings import Flavour, InboxSettings
from connectors.meta.settings import PlatformId, http_base
from orchestrator.types import Limits

DAY = 86_400.0
MEGABYTE = 1_000_000
LIMITS = Limits(
    text=2000,
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
    media=frozenset({"image", "gif", "audio", "video", "file"}),
    media_bytes={
        "image": 8 * MEGABYTE,
        "gif": 8 * MEGABYTE,
        "audio": 25 * MEGABYTE,
        "video": 25 * MEGABYTE,
        "file": 25 * MEGABYTE,
    },
    caption=0,
    payload=1000,
    typing=True,
    read=True,
    window=DAY,
)
"""developers.facebook.com/docs/messenger-platform/reference/send-api"""

MESSENGER = Flavour(
    kind="messenger",
    product="page",
    who="Messenger",
    limits=LIMITS,
    fields=(
        "messages",
        "messaging_postbacks",
        "messaging_optins",
        "messaging_referrals",
        "message_deliveries",
        "message_reads",
        "message_echoes",
        "message_edits",
        "message_reactions",
        "messaging_handovers",
    ),
    identity="id,name",
    person="first_name,last_name",
    tracked=True,
    uploads=True,
    registers=True,
)


class Settings(InboxSettings):
    page_id: PlatformId = Field("", description="Id of the Facebook page; events of other pages are dropped.")
    api: str = Field("https://graph.facebook.com", description="Base URL of the Graph API.")

    @property
    def account(self) -> str:
        return self.page_id

    @field_validator("api")
    @classmethod
    def base(cls, value: str) -> str:
        return http_base(value)
