"""Bots and channels that are added while the server runs, beside those of parley.toml. See docs/registry.md."""

from orchestrator.roster.connections import Connections
from orchestrator.roster.registrar import NewBot, Registrar
from orchestrator.roster.roster import Roster
from orchestrator.roster.switchboard import NewChannel, Switchboard

__all__ = ["Connections", "NewBot", "NewChannel", "Registrar", "Roster", "Switchboard"]
