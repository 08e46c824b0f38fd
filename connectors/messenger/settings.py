"""What `[apps.x.channels.y]` with `kind = "messenger"` may hold."""

from pydantic import Field

from connectors.meta.inbox_settings import INBOX, Flavour, InboxSettings
from connectors.meta.settings import PlatformId
from orchestrator.copies import replace
from orchestrator.web_address import BaseAddress

MEGABYTE = 1_000_000
LIMITS = replace(
    INBOX,
    text=2000,
    media=frozenset({"image", "gif", "audio", "video", "file"}),
    media_bytes={
        "image": 8 * MEGABYTE,
        "gif": 8 * MEGABYTE,
        "audio": 25 * MEGABYTE,
        "video": 25 * MEGABYTE,
        "file": 25 * MEGABYTE,
    },
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
    api: BaseAddress = Field("https://graph.facebook.com", description="Base URL of the Graph API.")

    @property
    def account(self) -> str:
        return self.page_id
