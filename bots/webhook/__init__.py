"""A bot behind a webhook: Parley POSTs the turn, signed; the answer is actions as JSON, now or later."""

from bots.webhook.bot import Settings, create

__all__ = ["Settings", "create"]
