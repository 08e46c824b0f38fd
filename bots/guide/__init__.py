"""A self-service bot without code, from one TOML file: see docs/guide-bot.md."""

from bots.guide.bot import Settings, canned, create
from bots.guide.check import check
from bots.guide.texts import texts

__all__ = ["Settings", "canned", "check", "create", "texts"]
