"""Who answers a turn, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from orchestrator.types.handoff import Priority

Route = Literal["bot", "handoff", "desk", "queue"]
"""bot: a bot answers · handoff: offer the case to the desk now · desk: an agent has it · queue: it waits for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCheck:
    """One rule as it was considered: whether it held, on what values; `error` when it could not be evaluated."""

    rule: str
    held: bool
    values: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffOrder:
    team: str
    priority: Priority
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    route: Route
    bot: str = ""
    rule: str = ""
    reason: str = ""
    handoff: HandoffOrder | None = None
    checks: tuple[RuleCheck, ...] = ()
    policy_version: str = ""
