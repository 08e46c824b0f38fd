"""Several bots bid for each turn; the best confident answer wins, and keeps the conversation while it is confident."""

from bots.hybrid.bot import Settings, create

__all__ = ["Settings", "create"]
