"""What a Rasa bot is configured with."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from orchestrator.web_address import ServerAddress

SLOTS = {
    "parley_language": "language",
    "parley_channel": "channel",
    "parley_profile": "profile",
    "parley_context": "context",
}
Method = Literal["HS256", "HS384", "HS512", "RS256", "RS384", "RS512"]


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    url: ServerAddress = Field(description="The Rasa server, such as http://127.0.0.1:5005.")
    token: SecretStr = Field(SecretStr(""), description="The server's --auth-token.")
    jwt_secret: SecretStr = Field(SecretStr(""), description="The server's --jwt-secret, or the private key beside it.")
    jwt_method: Method = Field("HS256", description="The server's --jwt-method.")
    headers: Mapping[str, SecretStr] = Field(default_factory=dict, description="Sent along, for a proxy before Rasa.")
    language: str = Field("en", description="The language the bot is written in; empty: it answers in the customer's.")
    trusted: bool = Field(
        True, description="Whether the address may be private, such as 127.0.0.1; never for one that came over the API."
    )
    retries: int = Field(1, ge=0, le=5, description="More tries after a 429, a 503 or no connection.")
    channel: str = Field("rest", pattern=r"^[\w.-]{1,64}$", description="Rasa's channel: /webhooks/CHANNEL/webhook.")
    sender: Literal["conversation", "customer"] = Field(
        "conversation", description="Whose id Rasa's tracker has: 'customer' remembers across conversations."
    )
    sync: bool = Field(True, description="Keep the tracker in step; Rasa needs --enable-api for that.")
    slots: Mapping[str, str] = Field(
        default_factory=lambda: dict(SLOTS),
        description="Rasa's slots by name, and what goes into each: language, channel, profile, context, sentiment, "
        "intent, or a value deeper in, such as 'profile.name' or 'context.cart.total'.",
    )
    note_slot: str = Field("parley_note", description="Slot for an agent's note when the bot gets the customer back.")
    read_slots: tuple[str, ...] = Field(
        (), description="Rasa's slots that Parley keeps too: agents and rules see them."
    )
    session: bool = Field(True, description="Begin with /session_start; what action_session_start says is said.")
    greeting: str = Field("", description="Sent to Rasa when a chat was just opened, such as '/greet'.")
    form_intent: str = Field("inform", description="Intent that a filled-in form is sent as, its values as entities.")
    media_intent: str = Field("", description="Intent for a picture or file without words; empty: nothing is sent.")
    fallback_intent: str = Field(
        "nlu_fallback", description="A message Rasa reads as this counts as not understood; empty: never look."
    )
    commands: bool = Field(False, description="Whether what a customer types may begin with / and name an intent.")
    markdown: bool = Field(False, description="Whether the bot's texts are Markdown.")
    unknown_custom: Literal["refuse", "ignore"] = Field(
        "refuse", description="What to do with a custom payload that is none of Parley's."
    )
