"""A bot of Botpress Cloud, by its Chat API."""

from bots.botpress.bot import Settings, create

__all__ = ["Settings", "create"]
