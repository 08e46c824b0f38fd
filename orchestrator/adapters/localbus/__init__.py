"""The Bus of a single process: wake-ups, live updates, rate limits and presence in memory."""

from orchestrator.adapters.localbus.bus import LocalBus

__all__ = ["LocalBus"]
