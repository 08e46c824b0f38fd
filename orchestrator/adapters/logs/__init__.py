"""What this process says about itself: one line an event, with ids and without the customer's words."""

from orchestrator.adapters.logs.setup import configure

__all__ = ["configure"]
