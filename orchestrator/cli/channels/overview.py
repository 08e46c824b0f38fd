"""`parley channels list`: what is configured, and what could be."""

import json
from typing import Annotated

import typer

from orchestrator.app import address
from orchestrator.cli.options import DEFAULT_CONFIG, ConfigPath, configured
from orchestrator.cli.table import table
from orchestrator.config import Settings
from orchestrator.registry import found, plugin


def overview(
    config: ConfigPath = DEFAULT_CONFIG,
    kinds: Annotated[bool, typer.Option("--kinds", help="Every kind of channel that is installed instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Every configured channel with the address its platform delivers to."""
    heads: tuple[str, ...] = ("kind", "what it is")
    rows: list[tuple[str, ...]] = []
    if kinds:
        rows = [(kind, about(kind)) for kind in sorted(found("connectors"))]
    else:
        heads = ("app", "channel", "kind", "bot", "its platform delivers to")
        with configured(config) as (settings, _):
            rows = configured_rows(settings)
    if as_json:
        typer.echo(json.dumps([dict(zip(heads, row, strict=True)) for row in rows], indent=2))
        return
    table(heads, rows, "no channel is configured; 'parley channels add KIND' adds one")


def configured_rows(settings: Settings) -> list[tuple[str, ...]]:
    url = settings.server.public_url or address(settings)
    return [
        (app_id, name, channel.kind, channel.bot or app.bot, f"{url}/hooks/{name}" if channel.kind != "webchat" else "")
        for app_id, app in settings.apps.items()
        for name, channel in app.channels.items()
    ]


def about(kind: str) -> str:
    """The first line of what its module says of itself."""
    text = getattr(plugin("connectors", kind), "__doc__", None) or ""
    return text.strip().partition("\n")[0].rstrip(".")
