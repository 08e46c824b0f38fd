"""Trying channels without accounts: platforms played in memory, their webhooks posted with a platform's habits."""

from orchestrator.simulate.courier import Courier, Habits
from orchestrator.simulate.platform import Platform, Sight
from orchestrator.simulate.simulation import Simulation, playable, simulated

__all__ = ["Courier", "Habits", "Platform", "Sight", "Simulation", "playable", "simulated"]
