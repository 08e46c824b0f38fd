"""Deciding, purely: who answers and why, and what a bot's answer does to the conversation."""

from orchestrator.decide.apply import Applied, apply_actions
from orchestrator.decide.burst import together
from orchestrator.decide.facts import BotOutcome, DeskPresence, facts
from orchestrator.decide.hours import OpenState, opens
from orchestrator.decide.packet import packet
from orchestrator.decide.route import route
from orchestrator.decide.rules import Policy

__all__ = [
    "Applied",
    "BotOutcome",
    "DeskPresence",
    "OpenState",
    "Policy",
    "apply_actions",
    "facts",
    "opens",
    "packet",
    "route",
    "together",
]
