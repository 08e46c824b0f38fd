"""Bots that are registered while the server runs, beside those of parley.toml. See docs/registry.md."""

from orchestrator.roster.registrar import NewBot, Registrar
from orchestrator.roster.roster import Roster

__all__ = ["NewBot", "Registrar", "Roster"]
