"""What several commands share: options, the configuration, an app's accounts."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from orchestrator.adapters.logs import configure
from orchestrator.adapters.stores import store_alone
from orchestrator.config import LogSettings, Settings, load
from orchestrator.errors import Misconfigured
from orchestrator.ledger import nowhere
from orchestrator.ports import Accounts, Clock

T = TypeVar("T")

ConfigPath = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="PARLEY_CONFIG", help="Configuration file.", show_default="parley.toml"),
]
DEFAULT_CONFIG = Path("parley.toml")
AppName = Annotated[str, typer.Option("--app", help="Which app; may be left out when there is only one.")]
Host = Annotated[str, typer.Option(help="Address to listen on.", show_default="from the configuration")]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Port; 0 takes a free one.", show_default="from the configuration"),
]


@contextmanager
def configured(path: Path) -> Iterator[tuple[Settings, Path]]:
    """The settings, and the folder their relative paths start from. Raises Misconfigured, with file and line.

    Logs warnings only, to standard error: `parley serve` sets up its own.
    """
    configure(LogSettings(level="warning", format="console"))
    found = load(path)
    with found.explaining():
        yield found.settings, found.base


def chosen_app(settings: Settings, name: str) -> str:
    """Raises Misconfigured when there is no such app, or several and none was named."""
    known = ", ".join(sorted(settings.apps)) or "none"
    if name and name not in settings.apps:
        raise Misconfigured(f"--app: {nowhere('app', name, settings.apps)}")
    if not name and len(settings.apps) != 1:
        raise Misconfigured(f"say which app with --app; known: {known}")
    return name or next(iter(settings.apps))


def with_accounts(settings: Settings, base: Path, work: Callable[[Accounts, Clock], Awaitable[T]]) -> T:
    """Agents and keys, straight from the database; a server may be running on it."""

    async def worked() -> T:
        async with store_alone(settings.store, base) as (accounts, clock):
            return await work(accounts, clock)

    return asyncio.run(worked())


def listening(settings: Settings, host: str, port: int | None, *, worker: bool = False) -> Settings:
    """A worker's port is for machines that watch it."""
    own = "ops_port" if worker else "port"
    changes = {**({"host": host} if host else {}), **({own: port} if port is not None else {})}
    return settings.model_copy(update={"server": settings.server.model_copy(update=changes)})


def password_from(stdin: bool) -> str:
    """A new password: one line of standard input, or PARLEY_PASSWORD, or asked for twice. Never an argument."""
    if stdin:
        return typer.get_text_stream("stdin").readline().rstrip("\r\n")
    if given := os.environ.get("PARLEY_PASSWORD"):
        return given
    return str(typer.prompt("Password (10 characters or more)", hide_input=True, confirmation_prompt=True))
