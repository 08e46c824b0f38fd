"""`parley channels list`: what there is, where it comes from, and what could be."""

import json
from collections.abc import Sequence
from typing import Annotated

import typer

from orchestrator.app import address
from orchestrator.cli.channels import stored
from orchestrator.cli.options import DEFAULT_CONFIG, ConfigPath, configured
from orchestrator.cli.table import table
from orchestrator.config import Settings
from orchestrator.registry import found, plugin
from orchestrator.types import ChannelEntry


def overview(
    config: ConfigPath = DEFAULT_CONFIG,
    kinds: Annotated[bool, typer.Option("--kinds", help="Every kind of channel that is installed instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Every channel, of parley.toml and stored, with the address its platform delivers to."""
    heads: tuple[str, ...] = ("kind", "what it is")
    rows: list[tuple[str, ...]] = []
    if kinds:
        rows = [(kind, about(kind)) for kind in sorted(found("connectors"))]
    else:
        heads = ("app", "channel", "kind", "bot", "from", "its platform delivers to")
        with configured(config) as (settings, base):
            rows = [*configured_rows(settings), *stored_rows(settings, stored.entries(settings, base))]
    if as_json:
        typer.echo(json.dumps([dict(zip(heads, row, strict=True)) for row in rows], indent=2))
        return
    table(heads, rows, "no channel is configured; 'parley channels add KIND' adds one")


def configured_rows(settings: Settings) -> list[tuple[str, ...]]:
    return [
        (app_id, name, channel.kind, channel.bot or app.bot, "parley.toml", hook(settings, name, channel.kind))
        for app_id, app in settings.apps.items()
        for name, channel in app.channels.items()
    ]


def stored_rows(settings: Settings, entries: Sequence[ChannelEntry]) -> list[tuple[str, ...]]:
    """Those of apps this configuration has."""
    return [
        (
            entry.app_id,
            entry.id,
            entry.kind,
            str(entry.shown.get("bot") or settings.apps[entry.app_id].bot),
            "stored" if entry.enabled else "stored, off",
            hook(settings, entry.id, entry.kind),
        )
        for entry in entries
        if entry.app_id in settings.apps
    ]


def hook(settings: Settings, name: str, kind: str) -> str:
    url = settings.server.public_url or address(settings)
    return f"{url}/hooks/{name}" if kind != "webchat" else ""


def about(kind: str) -> str:
    """The first line of what its module says of itself."""
    text = getattr(plugin("connectors", kind), "__doc__", None) or ""
    return text.strip().partition("\n")[0].rstrip(".")
