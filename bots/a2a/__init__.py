"""An agent that speaks A2A, found by its card."""

from bots.a2a.bot import Settings, create

__all__ = ["Settings", "create"]
