"""Channels in the database: `parley channels add --store`, `enable`, `disable`, `remove`."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from orchestrator.adapters.sqlite import path_of
from orchestrator.adapters.stores import shared, store_alone
from orchestrator.app import switchboard_of
from orchestrator.cli.bots.desk import author
from orchestrator.cli.channels.chosen import stored
from orchestrator.cli.options import DEFAULT_CONFIG, ConfigPath, configured
from orchestrator.config import Settings, secret
from orchestrator.errors import Conflict, Unavailable
from orchestrator.roster import NewChannel, Switchboard
from orchestrator.types import ChannelEntry

T = TypeVar("T")
Name = Annotated[str, typer.Argument(help="Name of the channel.")]


def worked(settings: Settings, base: Path, work: Callable[[Switchboard], Awaitable[T]]) -> T:
    """Straight on the database; a running server heeds every change in seconds."""

    async def run() -> T:
        async with store_alone(settings.store, base) as (store, clock):
            return await work(switchboard_of(settings, base, store, clock))

    return asyncio.run(run())


def keep(settings: Settings, base: Path, app_id: str, name: str, raw: Mapping[str, Any]) -> None:
    """What the references in `raw` lead to is kept, encrypted. Raises Misconfigured, Malformed, Conflict."""
    resolved = secret.resolve(raw, base, os.environ)
    new = NewChannel(id=name, raw=resolved, author=author())
    worked(settings, base, lambda switchboard: switchboard.add(app_id, new))


def entries(settings: Settings, base: Path) -> Sequence[ChannelEntry]:
    """None where there is no database yet, or where it can't be asked: that is told."""
    if not shared(settings.store.url) and not path_of(settings.store.url, base).exists():
        return ()
    try:
        return worked(settings, base, lambda switchboard: switchboard.records.entries())
    except Unavailable as error:
        typer.echo(f"without stored channels: {error}", err=True)
        return ()


def enable(name: Name, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Switch a stored channel on again."""
    change(config, name, lambda switchboard, app_id: switchboard.switch(app_id, name, True))
    typer.echo(f"{name} is on.")


def disable(name: Name, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Switch a stored channel off: its hook answers 404, nobody listens, nothing goes out."""
    change(config, name, lambda switchboard, app_id: switchboard.switch(app_id, name, False))
    typer.echo(f"{name} is off.")


def remove(name: Name, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Remove a stored channel with its settings, for good. Conversations it brought stay."""
    change(config, name, lambda switchboard, app_id: switchboard.remove(app_id, name))
    typer.echo(f"{name} is removed.")


def change(config: Path, name: str, work: Callable[[Switchboard, str], Awaitable[object]]) -> None:
    """Raises Misconfigured for a channel nobody knows, Conflict for one of parley.toml."""
    with configured(config) as (settings, base):
        if any(name in app.channels for app in settings.apps.values()):
            raise Conflict(f"channel {name!r} stands in {str(config)!r}; change it there")

        async def found(switchboard: Switchboard) -> None:
            entry = stored(await switchboard.records.entries(), name, settings)
            await work(switchboard, entry.app_id)

        worked(settings, base, found)
