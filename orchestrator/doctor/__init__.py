"""`parley doctor`: looks at everything a deployment stands on, changes nothing, and says how to mend what it finds."""

from orchestrator.doctor.finding import Finding, State, worst
from orchestrator.doctor.rounds import examine

__all__ = ["Finding", "State", "examine", "worst"]
