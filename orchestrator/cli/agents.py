"""`parley desk …`: who works at the desk."""

from dataclasses import replace
from typing import Annotated

import typer

from orchestrator.cli.options import (
    DEFAULT_CONFIG,
    AppName,
    ConfigPath,
    chosen_app,
    configured,
    password_from,
    with_accounts,
)
from orchestrator.cli.table import table
from orchestrator.errors import Misconfigured, NotFound
from orchestrator.http.passwords import Passwords, check_password, create_agent, plain_email
from orchestrator.ledger import nowhere
from orchestrator.ports import Accounts, Clock
from orchestrator.types import Agent, AgentRole

app = typer.Typer(help="Who works at the desk. A running server heeds every change at once.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="What the agent signs in with.")]
PasswordStdin = Annotated[bool, typer.Option(help="Read the password from standard input.")]


@app.command("add-agent")
def add_agent(
    email: Email,
    name: Annotated[
        str, typer.Option(help="What customers and colleagues read.", show_default="the first part of the e-mail")
    ] = "",
    role: Annotated[AgentRole, typer.Option(help="admin sees every team.")] = "agent",
    team: Annotated[list[str] | None, typer.Option(help="A team they work for; repeat it. None: every team.")] = None,
    password_stdin: PasswordStdin = False,
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Let a person work at the desk.

    Asks for the password; in scripts PARLEY_PASSWORD or --password-stdin gives it.
    """
    with configured(config) as (settings, base):
        app_id = chosen_app(settings, app_name)
        teams = settings.apps[app_id].teams
        for one in team or []:
            if one not in teams:
                raise Misconfigured(f"--team: {nowhere('team', one, teams)}")
        password = password_from(password_stdin)

        async def add(accounts: Accounts, clock: Clock) -> Agent:
            shown = name or email.partition("@")[0]
            return await create_agent(accounts, clock, app_id, email, shown, password, role=role, teams=team or ())

        agent = with_accounts(settings, base, add)
    typer.echo(f"{agent.name} can sign in at /desk as {agent.email} (app {app_id!r}, {agent.role}).")


@app.command("list")
def list_agents(app_name: AppName = "", config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Show who may work at the desk."""
    with configured(config) as (settings, base):
        app_id = chosen_app(settings, app_name)

        async def found(accounts: Accounts, _: Clock) -> list[Agent]:
            return list(await accounts.agents(app_id))

        agents = with_accounts(settings, base, found)
    rows = [
        (a.email, a.name, a.role, ", ".join(a.teams) or "every team", "disabled" if a.disabled else "") for a in agents
    ]
    table(
        ("e-mail", "name", "role", "teams", ""),
        rows,
        f"nobody works for app {app_id!r} yet; see 'parley desk add-agent'",
    )


@app.command("disable")
def disable(email: Email, app_name: AppName = "", config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Lock an agent out, at once; their name stays in the conversations."""
    change(config, app_name, email, disabled=True)
    typer.echo(f"{email} can't sign in any more; 'parley desk enable' allows it again.")


@app.command("enable")
def enable(email: Email, app_name: AppName = "", config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Let an agent sign in again, also one who tried too many wrong passwords."""
    change(config, app_name, email, disabled=False)
    typer.echo(f"{email} can sign in again.")


@app.command("unlock")
def unlock(email: Email, app_name: AppName = "", config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Let an agent who tried too many wrong passwords try again at once; a disabled one stays disabled.

    Nobody is signed out. Tries from one address, or for one e-mail, are counted besides; those counts end by
    themselves within 15 minutes.
    """
    with configured(config) as (settings, base):
        app_id = chosen_app(settings, app_name)

        async def lift(accounts: Accounts, clock: Clock) -> str:
            agent = await known_agent(accounts, app_id, email)
            await accounts.save_agent(replace(agent, failures=0, locked_until=None))
            rested = agent.locked_until is not None and agent.locked_until > clock.now()
            return "is unlocked" if rested else "was not locked; earlier wrong passwords are forgotten"

        told = with_accounts(settings, base, lift)
    typer.echo(f"{email} {told}.")


@app.command("password")
def password(
    email: Email, password_stdin: PasswordStdin = False, app_name: AppName = "", config: ConfigPath = DEFAULT_CONFIG
) -> None:
    """Give an agent a new password, and sign them out everywhere.

    Asks for the password; in scripts PARLEY_PASSWORD or --password-stdin gives it.
    """
    new = password_from(password_stdin)
    change(config, app_name, email, password=new)
    typer.echo(f"{email} has a new password and is signed out everywhere.")


def change(config: ConfigPath, app_name: str, email: str, *, disabled: bool | None = None, password: str = "") -> None:
    """Raises NotFound when nobody has that e-mail, Malformed on a bad password. Failures to sign in are forgotten."""
    with configured(config) as (settings, base):
        app_id = chosen_app(settings, app_name)

        async def save(accounts: Accounts, _: Clock) -> None:
            agent = await known_agent(accounts, app_id, email)
            changed = replace(agent, failures=0, locked_until=None)
            if disabled is not None:
                changed = replace(changed, disabled=disabled)
            if password:
                check_password(password, agent.email)
                changed = replace(changed, password_hash=await Passwords().hash(password))
            await accounts.save_agent(changed)
            await accounts.end_sessions(app_id, agent.id)

        with_accounts(settings, base, save)


async def known_agent(accounts: Accounts, app_id: str, email: str) -> Agent:
    """Raises NotFound."""
    agent = await accounts.agent_by_email(app_id, plain_email(email))
    if agent is None:
        raise NotFound(f"app {app_id!r} has no agent {email!r}; see 'parley desk list'")
    return agent
