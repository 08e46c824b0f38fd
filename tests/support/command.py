"""`parley` in this process: what a command prints where, and its code, without the seconds a process takes to start."""

import asyncio
from pathlib import Path

from typer.testing import CliRunner

from orchestrator.cli.main import app
from orchestrator.errors import ParleyError
from tests.support.process import Ran


def run(*arguments: str | Path, given: str = "", **env: str) -> Ran:
    """For tests that are no coroutines: commands have a loop of their own. `given` is the standard input."""
    result = CliRunner().invoke(app, [str(one) for one in arguments], input=given, env=env)
    error = result.exception if isinstance(result.exception, ParleyError) else None
    if result.exception is not None and error is None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr + (f"parley: {error}" if error else ""))


async def here(*arguments: str | Path, given: str = "", **env: str) -> Ran:
    """For tests that are coroutines."""
    return await asyncio.to_thread(run, *arguments, given=given, **env)
