"""Intents by example: see docs/intents.md."""

from nlp.intents.stage import Intents, Settings, made
from orchestrator.ports import Clock, Files, Http, Stage

__all__ = ["Intents", "Settings", "create"]


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Stage:
    return made(settings, clock)
