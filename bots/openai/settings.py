"""What a bot that is a language model is configured with: what it knows, what it may do, what it may cost."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from orchestrator.web_address import ServerAddress

Tool = Literal["hand_off", "quick_replies", "show_cards", "set_slots", "pass_to", "close", "not_understood"]


class Limits(BaseModel):
    """0 is no limit. Tokens are those the server counts, sent and received; what it does not count is estimated."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    turn_tokens: int = Field(20_000, ge=0, description="Most tokens of one turn.")
    conversation_tokens: int = Field(200_000, ge=0, description="Most tokens of one conversation.")
    day_tokens: int = Field(0, ge=0, description="Most tokens of all conversations in a day (UTC).")
    conversation_cost: float = Field(0.0, ge=0, description="Most money for one conversation.")
    day_cost: float = Field(0.0, ge=0, description="Most money for all conversations in a day (UTC).")
    price_in: float = Field(0.0, ge=0, description="Money for a million tokens sent.")
    price_out: float = Field(0.0, ge=0, description="Money for a million tokens received.")


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    url: ServerAddress = Field("https://api.openai.com/v1", description="Base address; '/chat/completions' is added.")
    api_key: SecretStr = Field(SecretStr(""), description="Key, as env:NAME; servers of your own may need none.")
    headers: Mapping[str, SecretStr] = Field(default_factory=dict, description="Sent along, such as Azure's api-key.")
    model: str = Field(min_length=1, description="Name of the model.")
    instructions: str = Field("", description="Who the bot is and what it does, in any language.")
    instructions_file: Path | None = Field(None, description="The same from a text file.")
    language: str = Field("", description="The language it is to answer in; empty: the customer's, untranslated.")
    trusted: bool = Field(
        True, description="Whether the address may be private, such as 127.0.0.1; never for one that came over the API."
    )
    stream: bool = Field(True, description="Read the answer as it comes, and show it where a channel can.")
    retries: int = Field(1, ge=0, le=5, description="More tries after a 429, a 503 or no connection.")
    temperature: float | None = Field(None, ge=0, le=2, description="Left out when unset: some models refuse it.")
    max_tokens: int = Field(800, ge=16, le=100_000, description="Longest answer, in tokens.")
    max_tokens_key: Literal["max_tokens", "max_completion_tokens"] = Field(
        "max_tokens", description="What the server calls that: OpenAI's reasoning models want the second."
    )
    extra: Mapping[str, Any] = Field(default_factory=dict, description="More fields of the request, as the server has.")
    context_tokens: int = Field(8000, ge=500, le=2_000_000, description="Room for what is sent; older lines go first.")
    history: int = Field(20, ge=0, le=200, description="Earlier lines it is shown.")
    page: tuple[str, ...] = Field(("page", "cart"), description="Keys of the page's context it is shown; '*': all.")
    vision: bool = Field(False, description="Whether the model looks at pictures that customers send.")
    knowledge: tuple[Path, ...] = Field(
        (), description="Files or folders it may quote: .md, .txt, and .toml with [[faq]] tables such as a guide's."
    )
    snippets: int = Field(4, ge=0, le=20, description="Pieces of them in a turn: those that fit the words best.")
    tools: tuple[Tool, ...] = Field(
        ("hand_off", "quick_replies", "not_understood"), description="What the model may do besides talking."
    )
    slots: Mapping[str, str] = Field(
        default_factory=dict, description="Slots it may set with 'set_slots', and what each is for."
    )
    bots: tuple[str, ...] = Field((), description="Bots it may hand the conversation to with 'pass_to'.")
    teams: tuple[str, ...] = Field((), description="Teams it may name with 'hand_off'.")
    link_hosts: tuple[str, ...] = Field(
        (), description="Hosts it may link to, besides those in instructions and knowledge; '*': any."
    )
    rounds: int = Field(3, ge=1, le=10, description="Requests in a turn, when tools have to be mended or told about.")
    limits: Limits = Field(Limits(), description="What it may cost: its keys are in bots/openai/README.md.")
