"""Registered bots: what is kept of them, beside those of parley.toml."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from orchestrator.types.actions import Action

TrialMode = Literal["shadow", "canary"]
TrialState = Literal["running", "promoted", "stopped", "rolled_back"]
Arm = Literal["live", "shadow", "canary"]
BotNoteKind = Literal["error", "shadow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Serves:
    """Whom the bot answers without a rule that names it: all that is given must hold; nothing given: nobody.

    `segment` is a condition in CEL over the facts of a turn, such as `customer.tier == "gold"`.
    """

    channels: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    segment: str = ""

    @property
    def anybody(self) -> bool:
        return bool(self.channels or self.languages or self.intents or self.segment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What the developer declares. `session`: where its state is kept, in slots or with the bot itself."""

    languages: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    streaming: bool = False
    nlp: bool = False
    session: Literal["slots", "own"] = "slots"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """What the conformance suite made of a version; `failed` are the names of the checks."""

    level: int
    suite: str
    at: datetime
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialLimits:
    """How much worse than the active version a candidate may be before it is taken back, from `turns` turns on.

    `errors` and `handoffs` are shares of turns (0.05: five in a hundred more), `latency` a factor on the 95th
    percentile, `sentiment` the drop of the customers' mean score (-1..1). 0 leaves the measure out.
    """

    turns: int = 50
    errors: float = 0.05
    latency: float = 2.0
    handoffs: float = 0.1
    sentiment: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A candidate version beside the active one: in the shadow, or for a sticky `share` (0..1) of customers."""

    version: int
    mode: TrialMode
    share: float = 0.0
    limits: TrialLimits = TrialLimits()
    state: TrialState = "running"
    reason: str = ""
    started_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BotEntry:
    """`active` is the version that answers, 0 while none ever did; `revision` grows with every change and fences it."""

    app_id: str
    name: str
    active: int = 0
    enabled: bool = False
    serves: Serves = Serves()
    trial: Trial | None = None
    revision: int = 0
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BotVersion:
    """`sealed` is its whole configuration, encrypted; `shown` the same without what is secret."""

    app_id: str
    name: str
    version: int
    kind: str
    sealed: str = field(repr=False)
    shown: Mapping[str, Any] = field(default_factory=dict)
    capabilities: Capabilities = Capabilities()
    note: str = ""
    author: str = ""
    created_at: datetime
    grade: Grade | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BotCount:
    """So many of `what` in one hour, adding up to `total`: see orchestrator.roster.tally."""

    app_id: str
    bot: str
    version: int
    arm: Arm
    hour: datetime
    what: str
    count: int = 0
    total: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BotNote:
    """Something worth keeping that a bot did: an error, or what it would have answered in the shadow.

    `same` tells whether that was what the customer got. `detail` never holds the customer's words.
    """

    id: str
    app_id: str
    bot: str
    version: int
    kind: BotNoteKind
    conversation_id: str
    turn_id: str
    at: datetime
    outcome: str = ""
    ms: float = 0.0
    detail: str = ""
    same: bool = False
    actions: tuple[Action, ...] = ()
