"""A language model behind any OpenAI-compatible chat API, with what it may know, do and cost."""

from bots.openai.bot import create
from bots.openai.settings import Settings

__all__ = ["Settings", "create"]
