"""Stored conversations against a new bot, policy or understanding, without touching anybody. See docs/replay.md."""

from orchestrator.replay.compare import Compared, Side, Summary, summary
from orchestrator.replay.runner import Replayer
from orchestrator.replay.stored import Stored, stored

__all__ = ["Compared", "Replayer", "Side", "Stored", "Summary", "stored", "summary"]
