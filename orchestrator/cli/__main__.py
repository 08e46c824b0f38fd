"""`python -m orchestrator.cli` is `parley`."""

from orchestrator.cli import main

main()
