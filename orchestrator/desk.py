"""The desk's queue: whose turn it is, where a customer stands, and who may take a case. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from orchestrator.types import Agent, Handoff, Priority, QueueView

HEAD_START: Mapping[Priority, timedelta] = {
    "low": timedelta(0),
    "normal": timedelta(minutes=15),
    "high": timedelta(minutes=45),
    "urgent": timedelta(hours=2),
}
"""A case counts as waiting this much longer than it has. So the more pressing go first, and yet nobody starves: two
hours after it came, a case of low priority is ahead of every urgent one that comes then."""


def order(waiting: Sequence[Handoff], now: datetime) -> list[Handoff]:
    """Next first. A case from the future (another machine's clock) counts as new."""
    return sorted(
        waiting, key=lambda one: (min(one.offered_at, now) - HEAD_START[one.priority], one.offered_at, one.id)
    )


def position(waiting: Sequence[Handoff], handoff_id: str, now: datetime, team: str = "") -> int:
    """1 is next, among those who wait for the same team (or `team`); 0 when the case does not wait."""
    wanted = team or next((one.team for one in waiting if one.id == handoff_id), "")
    line = [one.id for one in order(waiting, now) if one.team == wanted]
    return line.index(handoff_id) + 1 if handoff_id in line else 0


def queue_view(
    waiting: Sequence[Handoff], handoff_id: str, *, now: datetime, is_open: bool = True, agents: int = 0
) -> QueueView:
    """What the customer of this case may know. `agents` are those online in its team."""
    team = next((one.team for one in waiting if one.id == handoff_id), "")
    return QueueView(
        position=position(waiting, handoff_id, now),
        waiting=sum(one.team == team for one in waiting),
        open=is_open,
        agents=agents,
    )


def eligible(agent: Agent, handoff: Handoff, *, translated: bool = True) -> bool:
    """Whether the agent may take the case: their team, and without translation their language."""
    if agent.disabled or agent.app_id != handoff.app_id:
        return False
    if agent.teams and handoff.team not in agent.teams:
        return False
    return translated or not handoff.language or handoff.language in agent.languages
