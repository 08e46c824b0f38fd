"""`parley keys …`: keys for the public API."""

import asyncio
from typing import Annotated

import typer

from orchestrator.app import accounts_of
from orchestrator.cli.options import DEFAULT_CONFIG, AppName, ConfigPath, chosen_app, configured
from orchestrator.http.keys import create_key
from orchestrator.types import ApiKey, Scope

app = typer.Typer(help="Keys for the public API (/v1).", no_args_is_help=True)


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
    settings, base = configured(config)
    app_id = chosen_app(settings, app_name)

    async def make() -> str:
        async with accounts_of(settings, base) as (accounts, clock):
            return (await create_key(accounts, clock, app_id, name, [scope]))[1]

    typer.echo(asyncio.run(make()))


@app.command("list")
def list_keys(app_name: AppName = "", config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Show the keys of an app, never the keys themselves."""
    settings, base = configured(config)
    app_id = chosen_app(settings, app_name)

    async def found() -> list[ApiKey]:
        async with accounts_of(settings, base) as (accounts, _):
            return list(await accounts.keys(app_id))

    for key in asyncio.run(found()):
        state = "revoked" if key.revoked else ",".join(key.scopes)
        typer.echo(f"{key.id}  {key.hint}…  {state:18} {key.name}")


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="As shown by 'parley keys list'.")],
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Make a key useless, at once."""
    settings, base = configured(config)
    app_id = chosen_app(settings, app_name)

    async def end() -> None:
        async with accounts_of(settings, base) as (accounts, _):
            await accounts.revoke_key(app_id, key_id)

    asyncio.run(end())
    typer.echo(f"{key_id} is revoked.")
