"""An app as the engine runs it: its settings turned into connectors, bots, a policy and an understander."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING

from orchestrator.config import AppSettings, BotSettings, ChannelSettings, Hours
from orchestrator.decide.hours import OpenState, opens
from orchestrator.decide.rules import Policy
from orchestrator.engine.breaker import Breaker
from orchestrator.errors import NotFound
from orchestrator.ports import Bot, Connector, Panel
from orchestrator.types import ChannelView, TrialMode
from orchestrator.understand import Understander

if TYPE_CHECKING:
    from orchestrator.engine.watch import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    id: str
    settings: ChannelSettings
    connector: Connector
    view: ChannelView = field(init=False)
    """What bots see of it."""

    def __post_init__(self) -> None:
        view = ChannelView(id=self.id, kind=self.connector.kind, limits=self.connector.limits)
        object.__setattr__(self, "view", view)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningBot:
    name: str
    settings: BotSettings
    bot: Bot
    breaker: Breaker
    version: int = 0
    """Of a registered bot; 0 for those of parley.toml."""
    panel: Panel | None = field(init=False)
    """The bot itself, where it lets others answer."""

    def __post_init__(self) -> None:
        # Looked at once: `isinstance` of a Protocol takes 30 µs, which every turn would pay.
        object.__setattr__(self, "panel", self.bot if isinstance(self.bot, Panel) else None)

    def answers_in(self, customer: str) -> str:
        """The language its words are in for a customer of that language; "" when nobody but the bot knows."""
        return customer if customer in self.settings.languages else self.bot.language

    def reads(self, customer: str) -> str:
        """The language it wants to be told in what a customer of that language says."""
        return customer if self.settings.original else self.answers_in(customer) or customer


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A version on trial beside the one that answers: in the shadow, or for a sticky `share` (0..1) of customers."""

    running: RunningBot
    mode: TrialMode
    share: float = 0.0

    def takes(self, customer_id: str) -> bool:
        """Whether this customer meets it; the same customer always does or never does."""
        if self.mode != "canary":
            return False
        name = f"{self.running.name}\0{self.running.version}\0{customer_id}".encode()
        return int.from_bytes(blake2b(name, digest_size=8).digest()) < self.share * 2**64


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    id: str
    settings: AppSettings
    channels: Mapping[str, Channel]
    bots: Mapping[str, RunningBot]
    policy: Policy
    understander: Understander
    candidates: Mapping[str, Candidate] = field(default_factory=dict)
    """By the name of the bot they are to replace."""
    watch: "Watch | None" = None
    """Counts how its bots do."""

    def channel(self, channel_id: str) -> Channel:
        """Raises NotFound."""
        if channel_id not in self.channels:
            raise NotFound(f"app {self.id!r} has no channel {channel_id!r}")
        return self.channels[channel_id]

    def bot_for(self, channel_id: str) -> str:
        """The bot that answers on a channel unless a rule, or another bot, says otherwise."""
        channel = self.channels.get(channel_id)
        return (channel.settings.bot if channel else "") or self.settings.bot

    def hours_of(self, channel_id: str) -> Hours | None:
        """When people are there for customers of this channel."""
        channel = self.channels.get(channel_id)
        return (channel.settings.hours if channel else None) or self.settings.policy.hours

    def opens(self, channel_id: str, now: datetime) -> OpenState:
        return opens(self.hours_of(channel_id), now)

    @property
    def name(self) -> str:
        return self.settings.name or self.id
