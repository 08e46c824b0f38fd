"""What may be asked of the registry over HTTP. Strict: an unknown field is an error."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from orchestrator.types import Capabilities, Serves, Trial, TrialLimits

Code = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
Short = Annotated[str, StringConstraints(min_length=1, max_length=100)]
BotName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
PartKind = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Declared(Body):
    languages: list[Code] = Field(default_factory=list, max_length=50)
    parts: list[PartKind] = Field(default_factory=list, max_length=50)
    streaming: bool = False
    nlp: bool = False
    session: Literal["slots", "own"] = "slots"

    def known(self) -> Capabilities:
        return Capabilities(
            languages=tuple(self.languages),
            parts=tuple(self.parts),
            streaming=self.streaming,
            nlp=self.nlp,
            session=self.session,
        )


class Serving(Body):
    channels: list[Short] = Field(default_factory=list, max_length=100)
    languages: list[Code] = Field(default_factory=list, max_length=50)
    intents: list[Short] = Field(default_factory=list, max_length=200)
    segment: str = Field("", max_length=2000, description='A condition in CEL, such as `customer.tier == "gold"`.')

    def known(self) -> Serves:
        return Serves(
            channels=tuple(self.channels),
            languages=tuple(self.languages),
            intents=tuple(self.intents),
            segment=self.segment.strip(),
        )


class NewVersionBody(Body):
    settings: Mapping[str, Any] = Field(
        description="As in parley.toml: `kind`, `url`, `secret`, `deadline`, `fallback` … Kept encrypted."
    )
    capabilities: Declared = Declared()
    note: str = Field("", max_length=500)


class NewBotBody(NewVersionBody):
    name: BotName
    serves: Serving = Serving()


class Enabling(Body):
    version: int = Field(0, ge=0, le=2**31, description="Default: the newest.")
    force: bool = Field(False, description="Also when it was not checked, or fails level 1.")


class Rollback(Body):
    to: int = Field(0, ge=0, le=2**31, description="Default: the version before the active one.")


class Checking(Body):
    version: int = Field(0, ge=0, le=2**31, description="Default: the newest.")
    level: int = Field(3, ge=1, le=3)


class Limits(Body):
    turns: int = Field(50, ge=1, le=1_000_000)
    errors: float = Field(0.05, ge=0, le=1)
    latency: float = Field(2.0, ge=0, le=1000)
    handoffs: float = Field(0.1, ge=0, le=1)
    sentiment: float = Field(0.2, ge=0, le=2)


class NewTrial(Body):
    version: int = Field(ge=1, le=2**31)
    mode: Literal["shadow", "canary"]
    share: float = Field(0.0, ge=0, lt=1, description="Of customers, for a canary: 0.1 is every tenth.")
    limits: Limits = Limits()
    force: bool = False

    def known(self, now: datetime) -> Trial:
        limits = TrialLimits(**self.limits.model_dump())
        return Trial(version=self.version, mode=self.mode, share=self.share, limits=limits, started_at=now)


class EndTrial(Body):
    promote: bool = Field(False, description="Whether the candidate answers everybody from now on.")
