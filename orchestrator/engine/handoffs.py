"""The conversation's side of a handoff: every change of controller, each with a new epoch."""

from datetime import datetime, timedelta

from orchestrator.copies import replace
from orchestrator.decide.aggregates import after_offer, after_return
from orchestrator.engine.app import App
from orchestrator.types import (
    Agent,
    Controller,
    Conversation,
    Handoff,
    HandoffOrder,
    HandoffRef,
    HandoffState,
    Packet,
    Returned,
)


def controlled(conversation: Conversation, controller: Controller) -> Conversation:
    """Another one may speak now: the epoch grows, and what the old one still owes is void."""
    return replace(conversation, controller=controller, epoch=conversation.epoch + 1, awaiting=None, choices=())


def offered(
    app: App, conversation: Conversation, order: HandoffOrder, packet: Packet, *, handoff_id: str, now: datetime
) -> tuple[Conversation, Handoff]:
    """The case goes to the team's queue; while it waits the bot is silent unless the policy lets it go on."""
    policy = app.settings.policy
    expires = now + timedelta(minutes=policy.offer_minutes) if policy.offer_minutes else None
    handoff = Handoff(
        id=handoff_id,
        app_id=app.id,
        conversation_id=conversation.id,
        state="offered",
        team=order.team,
        priority=order.priority,
        reason=order.reason,
        packet=packet,
        offered_at=now,
        language=conversation.language.code,
        expires_at=expires,
    )
    if policy.while_waiting == "hold":
        conversation = controlled(conversation, Controller(kind="desk"))
    sums = after_offer(conversation.aggregates)
    return replace(conversation, handoff=reference(handoff), aggregates=sums, wake_at=expires), handoff


def accepted(conversation: Conversation, handoff: Handoff, agent: Agent, now: datetime) -> tuple[Conversation, Handoff]:
    handoff = replace(handoff, state="accepted", agent_id=agent.id, accepted_at=now, expires_at=None)
    conversation = controlled(conversation, Controller(kind="desk", name=agent.id))
    return replace(conversation, handoff=reference(handoff), wake_at=None, status="open"), handoff


def transferred(conversation: Conversation, handoff: Handoff, team: str) -> tuple[Conversation, Handoff]:
    """Back to waiting, in another team's queue, with its place by the time it was first offered."""
    handoff = replace(handoff, state="offered", team=team, agent_id="", accepted_at=None)
    conversation = controlled(conversation, Controller(kind="desk"))
    return replace(conversation, handoff=reference(handoff)), handoff


def ended(
    conversation: Conversation, handoff: Handoff, state: HandoffState, *, note: str, now: datetime
) -> tuple[Conversation, Handoff]:
    """The bot has the conversation again, knows what happened, and starts with a clean slate of complaints."""
    returned = Returned(handoff_id=handoff.id, agent=handoff.agent_id, note=note, at=now)
    handoff = replace(handoff, state=state, ended_at=now, note=note, expires_at=None)
    sums = after_return(conversation.aggregates)
    if conversation.controller.kind == "desk":
        conversation = controlled(conversation, Controller(kind="bot", name=conversation.bot))
    return replace(conversation, handoff=None, aggregates=sums, returned=returned, wake_at=None), handoff


def reference(handoff: Handoff) -> HandoffRef:
    return HandoffRef(
        id=handoff.id, state=handoff.state, team=handoff.team, priority=handoff.priority, agent_id=handoff.agent_id
    )
