"""Fitting messages to channels, and what customers type to the choices they were offered."""

from orchestrator.fit.choices import restore
from orchestrator.fit.filling import Filled, fill, question, to_ask
from orchestrator.fit.match import match
from orchestrator.fit.shape import shape

__all__ = ["Filled", "fill", "match", "question", "restore", "shape", "to_ask"]
