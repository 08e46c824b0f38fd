"""The conformance kit: a named, versioned suite that tells whether a bot behaves, and what to fix where it does not.

`parley bots check` runs it on the command line, `orchestrator.pytest_plugin` under pytest; docs/conformance.md
is written for those whose bot failed.
"""

from orchestrator.conformance.report import DOCS, SUITE, VERSION, Report, Verdict
from orchestrator.conformance.subject import Subject
from orchestrator.conformance.suite import CHECKS, Check, examine, run

__all__ = ["CHECKS", "DOCS", "SUITE", "VERSION", "Check", "Report", "Subject", "Verdict", "examine", "run"]
