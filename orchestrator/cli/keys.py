"""`parley keys …`: keys for the public API."""

from typing import Annotated

import typer

from orchestrator.cli.options import DEFAULT_CONFIG, AppName, ConfigPath, chosen_app, configured, with_accounts
from orchestrator.cli.table import table
from orchestrator.http.keys import create_key
from orchestrator.ports import Accounts, Clock
from orchestrator.types import ApiKey, Scope

app = typer.Typer(
    help="Keys for the public API (/v1). A running server heeds every change at once.", no_args_is_help=True
)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[
        Scope, typer.Option(help="read; write, which also reads; admin: everything, and the keys.")
    ] = "read",
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Make a key and show it, this once."""
    with configured(config) as (settings, base):
        app_id = chosen_app(settings, app_name)

        async def make(accounts: Accounts, clock: Clock) -> str:
            return (await create_key(accounts, clock, app_id, name, [scope]))[1]

        typer.echo(with_accounts(settings, base, make))


@app.command("list")
def list_keys(app_name: AppName = "", config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Show the keys of an app: their names and what they may do, never the keys themselves."""
    with configured(config) as (settings, base):
        app_id = chosen_app(settings, app_name)

        async def found(accounts: Accounts, _: Clock) -> list[ApiKey]:
            return list(await accounts.keys(app_id))

        keys = with_accounts(settings, base, found)
    rows = [
        (
            key.id,
            f"{key.hint}…",
            "revoked" if key.revoked else ",".join(key.scopes),
            f"{key.created_at:%Y-%m-%d}",
            key.name,
        )
        for key in keys
    ]
    table(("id", "key", "may", "since", "name"), rows, f"app {app_id!r} has no keys yet; see 'parley keys add'")


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="As shown by 'parley keys list'.")],
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Make a key useless, at once."""
    with configured(config) as (settings, base):
        app_id = chosen_app(settings, app_name)

        async def end(accounts: Accounts, _: Clock) -> None:
            await accounts.revoke_key(app_id, key_id)

        with_accounts(settings, base, end)
    typer.echo(f"{key_id} is revoked.")
