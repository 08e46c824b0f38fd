"""What `[apps.x.channels.y]` with `kind = "whatsapp"` may hold."""

from collections.abc import Mapping
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from connectors.meta.settings import MetaSettings, PlatformId
from orchestrator.types import Limits
from orchestrator.web_address import BaseAddress

DAY = 86_400.0
MEGABYTE = 1_000_000
LIMITS = Limits(
    text=4096,
    markup="markdown",
    quick_replies=3,
    quick_reply_title=20,
    quick_reply_text=1024,
    buttons=3,
    button_title=20,
    button_text=1024,
    link_buttons=True,
    lone_link=True,
    list_rows=10,
    list_title=24,
    list_description=72,
    list_text=1024,
    cards=10,
    card_title=80,
    card_subtitle=77,
    card_buttons=2,
    alike_cards=True,
    location=True,
    media=frozenset({"image", "audio", "video", "file"}),
    media_mimes={
        "image": frozenset({"image/jpeg", "image/png"}),
        "audio": frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}),
        "video": frozenset({"video/mp4", "video/3gpp"}),
    },
    media_bytes={
        "image": 5 * MEGABYTE,
        "audio": 16 * MEGABYTE,
        "video": 16 * MEGABYTE,
        "file": 100 * MEGABYTE,
    },
    caption=1024,
    payload=200,
    typing=True,
    read=True,
    templates=True,
    window=DAY,
)
"""developers.facebook.com/docs/whatsapp/cloud-api/messages. A card's 160 characters hold its title in bold and its
subtitle; a row's id 200, a button's 256."""


class Flow(BaseModel):
    """A published WhatsApp Flow that asks for what a form of the bot asks for."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    id: PlatformId = Field(min_length=1, description="Id of the published flow.")
    screen: str = Field("", description="Its first screen. Empty: the flow asks its own endpoint.")


class Settings(MetaSettings):
    phone_number_id: PlatformId = Field(
        "", description="Id of the phone number (not the number itself); events for other numbers are dropped."
    )
    account_id: PlatformId = Field(
        "", description="Id of the WhatsApp Business Account: with it setup subscribes the app to its messages."
    )
    flows: Mapping[str, Flow] = Field(
        default_factory=dict,
        description="By the id of a bot's form: the flow that shows it. Other forms are asked in text.",
    )
    template_language: str = Field("en", description="Language of a template that names none.")
    list_button: str = Field("☰", min_length=1, max_length=20, description="The button that opens a list without one.")
    previews: bool = Field(True, description="Whether a message with a link shows a preview of the page.")
    typing: bool = Field(
        True, description="Whether the customer sees that an answer is coming, and that theirs was read."
    )
    api: BaseAddress = Field("https://graph.facebook.com", description="Base URL of the Graph API.")

    @property
    def limits(self) -> Limits:
        return replace(LIMITS, form=bool(self.flows), typing=self.typing, read=self.typing)
