"""Intents by example: see docs/intents.md."""

from nlp.embedding import default_folder, find
from nlp.intents.stage import Intents, Settings, made
from orchestrator.ports import Clock, Files, Http, Stage

__all__ = ["Intents", "Settings", "create", "usable"]


def usable(settings: Settings) -> str | None:
    """None, or why an app that did not ask for it goes without; "" when it has no examples."""
    if not (settings.file or settings.intents):
        return ""
    folder = settings.model or default_folder()
    return None if find(folder) else f"the embedding model is not in {str(folder)!r}; run 'parley models fetch'"


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Stage:
    return made(settings, clock)
