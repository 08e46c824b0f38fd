"""What Messenger and Instagram channels have in common in their settings, and what sets them apart."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field, field_validator

from connectors.meta.settings import MetaSettings
from orchestrator.types import Limits

DAY = 86_400.0
INBOX = Limits(
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
    caption=0,
    payload=1000,
    typing=True,
    read=True,
    window=DAY,
)
"""Of both; each adds what it takes of text and files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavour:
    """`product` is the `object` of deliveries, `fields` what the app subscribes to, `identity` what tells whose token
    it is, `person` what makes up a customer's name. `tracked`: a message carries our own mark, which comes back in its
    echo. `uploads`: files may be handed over. `registers`: the app's webhook can be set by its API."""

    kind: str
    product: str
    who: str
    limits: Limits
    fields: tuple[str, ...]
    identity: str
    person: str
    tracked: bool
    uploads: bool
    registers: bool


class InboxSettings(MetaSettings):
    human_agent: bool = Field(
        False,
        description="Whether the app has the permission Human Agent: a person's answer may then follow within 7 days.",
    )
    typing: bool = Field(
        True, description="Whether the customer sees that an answer is coming, and that theirs was read."
    )
    names: bool = Field(True, description="Whether to ask the platform for the name of a person who writes.")
    get_started: str = Field(
        "GET_STARTED", max_length=1000, description="Payload of the button that opens a conversation: the bot greets."
    )
    ice_breakers: Mapping[str, str] = Field(
        default_factory=dict,
        max_length=4,
        description="Questions shown to who opens a conversation, with their payloads.",
    )

    @property
    def account(self) -> str:
        """Id of the page or account whose inbox it is; "" when any is."""
        return ""

    @field_validator("ice_breakers")
    @classmethod
    def short(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for question in value:
            if not 0 < len(question) <= 80:
                raise ValueError(f"a question has 1 to 80 characters, {question[:20]!r}… has {len(question)}")
        return value
