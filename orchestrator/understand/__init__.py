"""Understanding a customer's words and translating both ways, under one deadline."""

from orchestrator.understand.chain import Chain, Link
from orchestrator.understand.memory import Memory
from orchestrator.understand.understander import Translated, Understander

__all__ = ["Chain", "Link", "Memory", "Translated", "Understander"]
