"""Dialogflow, CX and ES, by detectIntent."""

from bots.dialogflow.bot import create
from bots.dialogflow.settings import Settings

__all__ = ["Settings", "create"]
