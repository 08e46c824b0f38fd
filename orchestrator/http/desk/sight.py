"""Which conversations an agent sees. Pure."""

from orchestrator.errors import Forbidden
from orchestrator.types import Agent, Conversation


def sees(agent: Agent, conversation: Conversation) -> bool:
    """An admin, and an agent of no team, everything of the app; others their teams' cases, their own, and nobody's.

    Nobody's: a conversation without an open case, which the bot leads or which is over.
    """
    if agent.app_id != conversation.app_id:
        return False
    case = conversation.handoff
    if agent.role == "admin" or not agent.teams or case is None:
        return True
    return case.team in agent.teams or agent.id in (case.agent_id, holder(conversation))


def holder(conversation: Conversation) -> str:
    """The id of the agent who leads it, "" when none does."""
    return conversation.controller.name if conversation.controller.kind == "desk" else ""


def check(agent: Agent, conversation: Conversation) -> Conversation:
    """Raises Forbidden, naming the team whose case it is."""
    if sees(agent, conversation):
        return conversation
    team = conversation.handoff.team if conversation.handoff else ""
    raise Forbidden(f"this case belongs to team {team!r}; ask for a transfer to yours")
