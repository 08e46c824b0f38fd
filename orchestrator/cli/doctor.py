"""`parley doctor`: is this deployment well, and if not, how to mend it."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.options import DEFAULT_CONFIG, ConfigPath, configured
from orchestrator.doctor.finding import Finding, State, worst
from orchestrator.errors import Misconfigured

Json = Annotated[bool, typer.Option("--json", help="For programs: one JSON document on standard output.")]
COLOURS: dict[State, str] = {"ok": "green", "warn": "yellow", "fail": "red"}


def doctor(as_json: Json = False, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Look at the machine, the configuration, database, Redis and the way in; say how to mend what is wrong.

    Changes nothing, and may be run while servers are running. Code 0: all is well, 1: something may hurt, 2:
    something is broken.
    """
    findings = asyncio.run(gathered(config))
    code = worst(findings)
    if as_json:
        typer.echo(json.dumps({"code": code, "findings": [asdict(one) for one in findings]}, indent=2))
    else:
        for line in lines(findings):
            typer.echo(line)
    raise typer.Exit(code)


async def gathered(config: Path) -> list[Finding]:
    from orchestrator.doctor.rounds import examine  # the drivers of both servers, which no other command waits for

    try:
        with configured(config) as (settings, base):
            return [finding async for finding in examine(settings, base, config)]
    except Misconfigured as error:
        problems = [str(problem) for problem in error.problems] or [str(error)]
        mend = "see docs/configuration.md"
        return [Finding(part="configuration", state="fail", said=one, mend=mend) for one in problems]


def lines(findings: list[Finding]) -> list[str]:
    width = max(len(one.part) for one in findings)
    made = []
    for one in findings:
        made.append(f"{typer.style(f'{one.state:<4}', fg=COLOURS[one.state])}  {one.part:<{width}}  {one.said}")
        if one.mend:
            made.append(f"{'':<4}  {'':<{width}}  → {one.mend}")
    return made
