"""`parley bots add | enable | disable | rollback | remove | serve`."""

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.bots.desk import author, settings_from, with_registrar
from orchestrator.cli.options import DEFAULT_CONFIG, AppName, ConfigPath
from orchestrator.conformance import Report, show
from orchestrator.conformance.suite import run as run_suite
from orchestrator.conformance.target import Target, subject
from orchestrator.registry import own
from orchestrator.roster import NewBot, Registrar
from orchestrator.roster.settings import read
from orchestrator.types import BotVersion, Capabilities, Serves

Name = Annotated[str, typer.Argument(metavar="NAME", help="The bot's name.")]
Version = Annotated[int, typer.Option("--version", min=0, help="Which version.", show_default="the newest")]
Force = Annotated[bool, typer.Option("--force", help="Also when it was not checked, or fails level 1.")]
Channels = Annotated[list[str] | None, typer.Option("--channel", help="Serves this channel; may be repeated.")]
Languages = Annotated[list[str] | None, typer.Option("--language", help="Serves customers of this language.")]
Intents = Annotated[list[str] | None, typer.Option("--intent", help="Serves this intent.")]
Segment = Annotated[str, typer.Option(help="Serves customers of whom this condition (CEL) holds.")]


def serving(channels: list[str] | None, languages: list[str] | None, intents: list[str] | None, segment: str) -> Serves:
    return Serves(
        channels=tuple(channels or ()),
        languages=tuple(languages or ()),
        intents=tuple(intents or ()),
        segment=segment.strip(),
    )


def add(
    name: Name,
    kind: Annotated[str, typer.Option(help="Which backend.", show_default="webhook")] = "",
    url: Annotated[str, typer.Option(help="Where a bot behind an address is.")] = "",
    secret: Annotated[str, typer.Option(help="env:NAME or file:PATH of the secret that signs its requests.")] = "",
    pairs: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any other setting.")] = None,
    file: Annotated[Path | None, typer.Option("--from", help="A TOML file with its settings.")] = None,
    channels: Channels = None,
    languages: Languages = None,
    intents: Intents = None,
    segment: Segment = "",
    speaks: Annotated[list[str] | None, typer.Option(help="Declares a language it speaks.")] = None,
    note: Annotated[str, typer.Option(help="What is new in this version.")] = "",
    check: Annotated[bool, typer.Option("--check/--no-check", help="Run the conformance suite on it.")] = True,
    enable: Annotated[bool, typer.Option("--enable", help="Let it answer, if it passes level 1.")] = False,
    force: Force = False,
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Register a bot, or a new version of one. It answers once it is enabled."""
    serves = serving(channels, languages, intents, segment)

    async def work(registrar: Registrar, app_id: str, base: Path) -> None:
        raw = settings_from(file, pairs or [], {"kind": kind, "url": url, "secret": secret}, base)
        raw.setdefault("kind", "webhook")
        known = Capabilities(languages=tuple(speaks or ()))
        new = NewBot(name=name, raw=raw, capabilities=known, note=note, author=author())
        _, version = await registrar.register(app_id, new)
        typer.echo(f"{name} version {version.version} is registered.")
        if serves.anybody:
            await registrar.serve(app_id, name, serves)
        if check:
            await graded(registrar, app_id, base, version)
        if enable:
            await registrar.enable(app_id, name, version.version, force=force)
            typer.echo(f"{name} version {version.version} answers from now on.")

    with_registrar(config, app_name, work)


async def graded(registrar: Registrar, app_id: str, base: Path, version: BotVersion) -> Report:
    """Its level is kept with the version; what failed is told."""
    settings = read(registrar.settings_of(version))
    target = Target(
        name=version.name,
        kind=settings.kind,
        raw=own(settings),
        base=base,
        deadline=settings.deadline,
        languages=registrar.apps[app_id].languages,
    )
    async with subject(target) as found:
        report = await run_suite(found)
    for verdict in report.failed():
        for line in show.lines(verdict):
            typer.echo(line)
    typer.echo(show.summary(report))
    await registrar.graded(app_id, version.name, version.version, report)
    return report


def enable(
    name: Name, version: Version = 0, force: Force = False, app_name: AppName = "", config: ConfigPath = DEFAULT_CONFIG
) -> None:
    """Let a version answer, by default the newest. It must pass level 1 of the conformance suite."""

    async def work(registrar: Registrar, app_id: str, _: Path) -> None:
        entry = await registrar.enable(app_id, name, version, force=force)
        typer.echo(f"{name} version {entry.active} answers from now on.")

    with_registrar(config, app_name, work)


def disable(name: Name, app_name: AppName = "", config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Switch a bot off. Its turns go to its fallback, or as the policy says."""

    async def work(registrar: Registrar, app_id: str, _: Path) -> None:
        await registrar.disable(app_id, name)
        typer.echo(f"{name} is off.")

    with_registrar(config, app_name, work)


def rollback(
    name: Name,
    to: Annotated[int, typer.Option(min=0, help="Version to go back to.", show_default="the one before")] = 0,
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Go back to an earlier version, at once."""

    async def work(registrar: Registrar, app_id: str, _: Path) -> None:
        entry = await registrar.rollback(app_id, name, to)
        typer.echo(f"{name} version {entry.active} answers again.")

    with_registrar(config, app_name, work)


def remove(name: Name, app_name: AppName = "", config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Remove a bot with its versions and figures, for good."""

    async def work(registrar: Registrar, app_id: str, _: Path) -> None:
        await registrar.remove(app_id, name)
        typer.echo(f"{name} is removed.")

    with_registrar(config, app_name, work)


def serve(
    name: Name,
    channels: Channels = None,
    languages: Languages = None,
    intents: Intents = None,
    segment: Segment = "",
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Say whom a bot answers without a rule that names it; without options: nobody."""

    async def work(registrar: Registrar, app_id: str, _: Path) -> None:
        serves = serving(channels, languages, intents, segment)
        await registrar.serve(app_id, name, serves)
        typer.echo(f"{name} serves {whom(serves)}.")

    with_registrar(config, app_name, work)


def whom(serves: Serves) -> str:
    told = [
        f"channel {', '.join(serves.channels)}" if serves.channels else "",
        f"customers of {', '.join(serves.languages)}" if serves.languages else "",
        f"intent {', '.join(serves.intents)}" if serves.intents else "",
        f"where {serves.segment}" if serves.segment else "",
    ]
    return "; ".join(filter(None, told)) or "nobody unless a rule or channel names it"
