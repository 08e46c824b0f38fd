"""`parley bots check`: the conformance kit on the command line."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from orchestrator import conformance
from orchestrator.cli.options import DEFAULT_CONFIG, AppName, ConfigPath, chosen_app, configured
from orchestrator.config import BotSettings, Settings
from orchestrator.conformance import Report, Verdict, show
from orchestrator.conformance.target import Conditions, Target, named, subject
from orchestrator.errors import Misconfigured
from orchestrator.ledger import nowhere
from orchestrator.registry import own


def check(
    what: Annotated[
        str, typer.Argument(metavar="NAME|URL", help="A bot of the configuration, its address, or module:function.")
    ],
    level: Annotated[int, typer.Option(min=1, max=3, help="Run the checks up to this level.")] = 3,
    need: Annotated[int, typer.Option(min=0, max=3, help="Fail (exit code 1) below this level.")] = 1,
    secret: Annotated[
        str, typer.Option(envvar="PARLEY_BOT_SECRET", help="whsec_… of a bot named by its address.", show_default=False)
    ] = "",
    deadline: Annotated[
        float, typer.Option(min=0, help="Seconds a turn may take.", show_default="the bot's own, or 10")
    ] = 0.0,
    patience: Annotated[float, typer.Option(min=0.1, help="Most seconds to wait for an answer promised later.")] = 120,
    restart: Annotated[str, typer.Option(help="Command that restarts a bot named by its address.")] = "",
    callback: Annotated[
        str, typer.Option(help="How a bot elsewhere reaches this machine.", show_default="loopback")
    ] = "",
    callback_port: Annotated[int, typer.Option(min=0, max=65535, help="Port for that; 0 takes a free one.")] = 0,
    varies: Annotated[bool, typer.Option("--varies", help="Its wording differs from call to call.")] = False,
    junit: Annotated[Path | None, typer.Option(help="Write a report for build servers here.")] = None,
    badge: Annotated[Path | None, typer.Option(help="Write an SVG badge here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """See whether a bot behaves: every check with what was seen, and what to do where it failed.

    Level 1 is what a bot must do before any customer meets it, 2 what goes wrong only in production, 3 everything a
    customer may bring. Nothing is sent to anybody and nothing is kept.
    """
    given = Conditions(
        callback=callback, callback_port=callback_port, restart=restart, patience=patience, varies=varies
    )
    target = named(what, secret) or configured_bot(config, app_name, what)
    if deadline:
        target = changed(target, deadline)
    report = asyncio.run(looked(target, given, level, silent if as_json else tell))
    if as_json:
        typer.echo(json.dumps(show.plain(report), indent=2, ensure_ascii=False))
    else:
        typer.echo(show.summary(report))
    write(report, junit, badge)
    if report.level < need:
        raise typer.Exit(1)


def changed(target: Target, deadline: float) -> Target:
    return Target(
        name=target.name,
        kind=target.kind,
        raw=target.raw,
        base=target.base,
        deadline=deadline,
        languages=target.languages,
    )


async def looked(target: Target, given: Conditions, level: int, told: Callable[[Verdict], None]) -> Report:
    async with subject(target, given) as found:
        return await conformance.run(found, level, told)


def silent(_: Verdict) -> None:
    return None


def tell(verdict: Verdict) -> None:
    for line in show.lines(verdict):
        typer.echo(line)


def write(report: Report, junit: Path | None, badge: Path | None) -> None:
    for path, data in ((junit, show.junit(report)), (badge, show.badge(report).encode())):
        if path is not None:
            try:
                path.write_bytes(data)
            except OSError as error:
                raise Misconfigured(f"{str(path)!r} can't be written: {error.strerror}") from None


def configured_bot(config: Path, app_name: str, name: str) -> Target:
    """Raises Misconfigured."""
    with configured(config) as (settings, base):
        app_id = chosen_app(settings, app_name)
        return target_of(name, bot_settings(settings, app_id, name), base, settings.apps[app_id].languages)


def bot_settings(settings: Settings, app_id: str, name: str) -> BotSettings:
    bots = settings.apps[app_id].bots
    if name not in bots:
        raise Misconfigured(nowhere("bot", name, bots))
    return bots[name]


def target_of(name: str, bot: BotSettings, base: Path, languages: tuple[str, ...]) -> Target:
    return Target(name=name, kind=bot.kind, raw=own(bot), base=base, deadline=bot.deadline, languages=languages)
