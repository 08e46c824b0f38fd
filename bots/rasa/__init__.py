"""A Rasa server by REST, its tracker kept in step. `bots.rasa.actions` runs inside Rasa's action server, not here."""

from bots.rasa.bot import create
from bots.rasa.settings import Settings

__all__ = ["Settings", "create"]
