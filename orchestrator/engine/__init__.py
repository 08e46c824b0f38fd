"""accept / turn / deliver: where effects are ordered. Knows no web framework, no SQL and no Redis."""

from orchestrator.engine.app import App, Channel, RunningBot
from orchestrator.engine.breaker import Breaker
from orchestrator.engine.desk import Desk
from orchestrator.engine.engine import Engine, World

__all__ = ["App", "Breaker", "Channel", "Desk", "Engine", "RunningBot", "World"]
