"""`parley` in this process: what a command prints where, and its code, without the seconds a process takes to start."""

from pathlib import Path

from typer.testing import CliRunner

from orchestrator.cli.main import app
from orchestrator.errors import ParleyError
from tests.support.process import Ran


def run(*arguments: str | Path) -> Ran:
    """For tests that are no coroutines: commands have a loop of their own."""
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    error = result.exception if isinstance(result.exception, ParleyError) else None
    if result.exception is not None and error is None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr + (f"parley: {error}" if error else ""))
