"""What a Dialogflow bot is configured with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.web_address import OptionalServerAddress

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9:._-]{0,100}$")]


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    edition: Literal["cx", "es"] = Field("cx", description="Dialogflow CX (Conversational Agents), or ES.")
    credentials: Path = Field(description="A service account's key file (JSON), with the role Dialogflow API Client.")
    project: Id = Field("", description="Project of the agent. Default: the service account's.")
    location: Id = Field("global", description="Location of the agent, such as 'europe-west1'.")
    agent: Id = Field("", description="Id of the agent; CX only, where it is needed.")
    environment: Id = Field("", description="Environment; empty: the draft.")
    language: str = Field("en", description="The language the bot is written in; empty: it answers in the customer's.")
    codes: Mapping[str, str] = Field(
        default_factory=dict, description="Dialogflow's language codes where they differ, such as { pt = 'pt-BR' }."
    )
    parameters: Mapping[str, str] = Field(
        default_factory=lambda: {"channel": "channel"},
        description="Session parameters, and what goes into each, such as 'profile.name' or 'context.cart.total'.",
    )
    read_parameters: tuple[str, ...] = Field((), description="Parameters that become slots; '*' is all of them.")
    greeting_event: str = Field("", description="Event when a chat was just opened, such as 'WELCOME'.")
    time_zone: str = Field("", description="Time zone for dates, such as 'Europe/Madrid'. Default: the agent's.")
    api: OptionalServerAddress = Field("", description="Another endpoint than the location's.")
    trusted: bool = Field(True, description="Whether 'api' may be private; never for one that came over the API.")
    retries: int = Field(1, ge=0, le=5, description="More tries after a 429, a 503 or no connection.")
