"""Understanding a customer's words and translating both ways, under one deadline."""

from orchestrator.understand.asking import Link
from orchestrator.understand.chain import Chain, Health
from orchestrator.understand.glossary import Glossary
from orchestrator.understand.memory import Memory
from orchestrator.understand.meter import Meter, Quota
from orchestrator.understand.understander import Translated, Understander

__all__ = ["Chain", "Glossary", "Health", "Link", "Memory", "Meter", "Quota", "Translated", "Understander"]
