"""A bot of the Bot Framework or of Copilot Studio, by Direct Line 3.0."""

from bots.directline.bot import Settings, create

__all__ = ["Settings", "create"]
