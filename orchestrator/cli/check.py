"""`parley check`: would this configuration run, and what would it do."""

from collections.abc import Iterator

import typer

from orchestrator.app import Runtime, build
from orchestrator.cli.options import DEFAULT_CONFIG, ConfigPath, configured
from orchestrator.engine import App

NO_SECRET = "nothing is signed while checking, and no key is made"


def check(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Read the configuration and all it names (rules, bots' files, translations), and say what would run.

    Starts nothing and writes nothing. Everything that is wrong is told at once, each with its file and line.
    """
    with configured(config) as (settings, base):
        runtime = build(settings, base, secret=settings.server.secret or NO_SECRET)
        for line in report(runtime):
            typer.echo(line)
    typer.echo(f"{config} is fine.")


def report(runtime: Runtime) -> Iterator[str]:
    settings = runtime.settings
    yield f"server {runtime.public_url}, listening on {settings.server.host}:{settings.server.port}"
    yield f"database {runtime.store.place}"
    yield f"media {runtime.files.where}"
    for app in runtime.apps.values():
        yield from report_app(app)


def report_app(app: App) -> Iterator[str]:
    settings = app.settings
    yield f"app {app.id}: {app.name}; customers write {', '.join(settings.languages)}, the pivot is {settings.pivot}"
    for channel in app.channels.values():
        yield f"  channel {channel.id} ({channel.settings.kind}), bot {app.bot_for(channel.id)}"
    for running in app.bots.values():
        fallback = f", falls back to {running.settings.fallback}" if running.settings.fallback else ""
        yield f"  bot {running.name} ({running.settings.kind}), {running.settings.deadline:g} s a turn{fallback}"
    yield f"  teams {', '.join(settings.teams)}"
    for number, rule in enumerate(app.policy.rules, 1):
        yield f"  rule {number} {rule.name} → {rule.then} {rule.bot or rule.team}".rstrip()
    for line in app.understander.available():
        yield f"  {line}"
