"""`parley check`: would this configuration run, and what would it do."""

import typer

from orchestrator.app import build
from orchestrator.cli.options import DEFAULT_CONFIG, ConfigPath, configured
from orchestrator.engine import App

NO_SECRET = "nothing is signed while checking, and no key is made"


def check(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Read the configuration and everything it names, start nothing, and say what was found or what is wrong."""
    with configured(config) as (settings, base):
        runtime = build(settings, base, secret=settings.server.secret or NO_SECRET)
    for app in runtime.apps.values():
        report(app)
    typer.echo(f"{config} is fine.")


def report(app: App) -> None:
    typer.echo(f"app {app.id!r} ({app.name}): languages {', '.join(app.settings.languages)}")
    for channel in app.channels.values():
        typer.echo(f"  channel {channel.id:16} {channel.connector.kind:10} bot {app.bot_for(channel.id)}")
    for running in app.bots.values():
        fallback = f", falls back to {running.settings.fallback}" if running.settings.fallback else ""
        typer.echo(f"  bot     {running.name:16} {running.settings.kind:10} {running.settings.deadline:g} s{fallback}")
    for rule in app.policy.rules:
        typer.echo(f"  rule    {rule.name:16} → {rule.then} {rule.team or rule.bot}".rstrip())
    for line in app.understander.available():
        typer.echo(f"  {line}")
