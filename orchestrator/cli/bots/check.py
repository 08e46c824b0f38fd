"""`parley bots check`: the conformance kit on the command line."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from orchestrator import conformance
from orchestrator.cli.bots.desk import with_registrar
from orchestrator.cli.options import DEFAULT_CONFIG, AppName, ConfigPath, chosen_app, configured
from orchestrator.config import BotSettings
from orchestrator.conformance import Report, Verdict, show
from orchestrator.conformance.target import Conditions, Target, named, subject
from orchestrator.errors import Misconfigured, NotFound
from orchestrator.ledger import nowhere
from orchestrator.registry import own
from orchestrator.roster import Registrar
from orchestrator.roster.registrar import PLACEHOLDER
from orchestrator.roster.settings import read


def check(
    what: Annotated[str, typer.Argument(metavar="NAME|URL", help="A bot of the app, its address, or module:function.")],
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
    version: Annotated[int, typer.Option(min=0, help="Of a registered bot.", show_default="the newest")] = 0,
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """See whether a bot behaves: every check with what was seen, and what to do where it failed.

    Level 1 is what a bot must do before any customer meets it, 2 what goes wrong only in production, 3 everything a
    customer may bring. Nothing is sent to anybody; of a registered bot the level is kept.
    """
    given = Conditions(
        callback=callback, callback_port=callback_port, restart=restart, patience=patience, varies=varies
    )
    told = silent if as_json else tell
    target = named(what, secret) or configured_bot(config, app_name, what)
    if target is None:
        report = registered(config, app_name, what, version, Run(given, level, told, deadline))
    else:
        report = asyncio.run(looked(changed(target, deadline), given, level, told))
    if as_json:
        typer.echo(json.dumps(show.plain(report), indent=2, ensure_ascii=False))
    else:
        typer.echo(show.summary(report))
    write(report, junit, badge)
    if report.level < need:
        raise typer.Exit(1)


def changed(target: Target, deadline: float) -> Target:
    return replace(target, deadline=deadline or target.deadline)


@dataclass(frozen=True, slots=True)
class Run:
    """How the suite is to be run; `deadline` 0 is the bot's own."""

    given: Conditions
    level: int
    told: Callable[[Verdict], None]
    deadline: float


def registered(config: Path, app_name: str, name: str, version: int, run: Run) -> Report:
    """A registered version is checked with its own settings, and its level kept with it. Raises Misconfigured."""

    async def work(registrar: Registrar, app_id: str, base: Path) -> Report:
        try:
            chosen = await registrar.chosen(app_id, name, version)
        except NotFound:
            known = {*registrar.apps[app_id].bots, *(one.name for one in await registrar.bots.entries(app_id))}
            raise Misconfigured(nowhere("bot", name, known)) from None
        settings = read(registrar.settings_of(chosen))
        target = target_of(name, settings, base, registrar.apps[app_id].languages)
        report = await looked(changed(target, run.deadline), run.given, run.level, run.told)
        await registrar.graded(app_id, name, chosen.version, report)
        return report

    return with_registrar(config, app_name, work)


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


def configured_bot(config: Path, app_name: str, name: str) -> Target | None:
    """None when the configuration has no such bot, or only a place for it."""
    with configured(config) as (settings, base):
        app = settings.apps[chosen_app(settings, app_name)]
        bot = app.bots.get(name)
        if bot is None or bot.kind == PLACEHOLDER:
            return None
        return target_of(name, bot, base, app.languages)


def target_of(name: str, bot: BotSettings, base: Path, languages: tuple[str, ...]) -> Target:
    return Target(name=name, kind=bot.kind, raw=own(bot), base=base, deadline=bot.deadline, languages=languages)
