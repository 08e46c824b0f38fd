"""The record of one turn: what ran, what it said, how long it took. Never holds a secret."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from orchestrator.types.actions import Action
from orchestrator.types.bots import Arm
from orchestrator.types.channel import Loss
from orchestrator.types.decision import Decision
from orchestrator.types.understanding import StageRun

TurnOutcome = Literal["answered", "handed_off", "at_desk", "waiting", "discarded", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BotCall:
    """`version` of a registered bot, 0 for those of parley.toml; `arm` "canary" when a candidate answered."""

    bot: str
    outcome: Literal["ok", "later", "failed", "timeout", "open_circuit", "unknown"]
    ms: float = 0.0
    detail: str = ""
    version: int = 0
    arm: Arm = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """`actions` are what the bot wanted; with outcome "discarded" they were overtaken by a new controller."""

    id: str
    app_id: str
    conversation_id: str
    turn_id: str
    at: datetime
    ms: float
    epoch: int
    outcome: TurnOutcome
    seqs: tuple[int, ...] = ()
    stages: tuple[StageRun, ...] = ()
    decisions: tuple[Decision, ...] = ()
    bots: tuple[BotCall, ...] = ()
    actions: tuple[Action, ...] = ()
    losses: tuple[Loss, ...] = ()
    notes: tuple[str, ...] = ()
