"""`parley desk …`: who works at the desk."""

import asyncio
from typing import Annotated

import typer

from orchestrator.app import accounts_of
from orchestrator.cli.options import DEFAULT_CONFIG, AppName, ConfigPath, chosen_app, configured, password_from
from orchestrator.errors import Misconfigured
from orchestrator.http.passwords import create_agent
from orchestrator.types import AgentRole

app = typer.Typer(help="Who works at the desk.", no_args_is_help=True)


@app.callback()
def desk() -> None:
    """Who works at the desk."""


@app.command("add-agent")
def add_agent(
    email: Annotated[str, typer.Argument(help="What the agent signs in with.")],
    name: Annotated[str, typer.Option(help="What customers and colleagues read.")] = "",
    role: Annotated[AgentRole, typer.Option(help="agent or admin.")] = "agent",
    team: Annotated[list[str] | None, typer.Option(help="A team they work for; repeat it. None: every team.")] = None,
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Let a person work at the desk. Asks for the password; PARLEY_PASSWORD or --password-stdin give it in scripts."""
    settings, base = configured(config)
    app_id = chosen_app(settings, app_name)
    unknown = [one for one in team or [] if one not in settings.apps[app_id].teams]
    if unknown:
        raise Misconfigured(f"--team {unknown[0]!r}: known are {', '.join(sorted(settings.apps[app_id].teams))}")
    password = password_from(password_stdin)

    async def add() -> str:
        async with accounts_of(settings, base) as (accounts, clock):
            agent = await create_agent(
                accounts, clock, app_id, email, name or email.partition("@")[0], password, role=role, teams=team or ()
            )
            return agent.id

    typer.echo(f"{email} can sign in at /desk (agent {asyncio.run(add())}, app {app_id!r}).")
