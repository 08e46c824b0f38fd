"""`parley bots list | show | versions`."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestrator.cli.bots.change import Name, whom
from orchestrator.cli.bots.desk import with_registrar
from orchestrator.cli.options import DEFAULT_CONFIG, AppName, ConfigPath
from orchestrator.cli.table import table
from orchestrator.errors import NotFound
from orchestrator.ledger import nowhere
from orchestrator.roster import Registrar, trials
from orchestrator.roster.trials import Figures
from orchestrator.types import BotEntry, BotNote, BotVersion

AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]


def list_bots(app_name: AppName = "", as_json: AsJson = False, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Every bot of an app, of the configuration and registered, with what answers and whom."""

    async def work(registrar: Registrar, app_id: str, _: Path) -> list[dict[str, Any]]:
        rows = [
            {"name": name, "kind": bot.kind, "state": "configured", "version": "", "level": "", "serves": ""}
            for name, bot in registrar.apps[app_id].bots.items()
            if bot.kind != "registered"
        ]
        for entry in await registrar.bots.entries(app_id):
            rows.append(row(entry, await registrar.bots.versions(app_id, entry.name)))
        return sorted(rows, key=lambda each: str(each["name"]))

    found = with_registrar(config, app_name, work)
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    heads = ("name", "kind", "state", "version", "level", "serves")
    table(heads, [[str(one[head]) for head in heads] for one in found], "no bots yet; see 'parley bots add'")


def row(entry: BotEntry, versions: Sequence[BotVersion]) -> dict[str, Any]:
    shown = next((one for one in versions if one.version == entry.active), versions[0])
    return {
        "name": entry.name,
        "kind": shown.kind,
        "state": state(entry),
        "version": f"{entry.active or '-'} of {len(versions)}",
        "level": shown.grade.level if shown.grade else "unchecked",
        "serves": whom(entry.serves),
    }


def state(entry: BotEntry) -> str:
    trial = entry.trial
    trying = f", trying {trial.version} ({trial.mode})" if trial and trial.state == "running" else ""
    return ("enabled" if entry.enabled else "off") + trying


def versions(name: Name, app_name: AppName = "", config: ConfigPath = DEFAULT_CONFIG) -> None:
    """The versions of a bot, the newest first."""

    async def work(registrar: Registrar, app_id: str, _: Path) -> tuple[BotEntry, Sequence[BotVersion]]:
        return await registrar.bots.entry(app_id, name), await registrar.bots.versions(app_id, name)

    entry, found = with_registrar(config, app_name, work)
    rows = [
        (
            f"{one.version}{' *' if one.version == entry.active else ''}",
            one.kind,
            str(one.grade.level) if one.grade else "unchecked",
            f"{one.created_at:%Y-%m-%d %H:%M}",
            one.author,
            one.note,
        )
        for one in found
    ]
    table(("version", "kind", "level", "since", "author", "note"), rows, "")


def show(name: Name, app_name: AppName = "", config: ConfigPath = DEFAULT_CONFIG) -> None:
    """One registered bot: settings without secrets, whom it serves, how it does, its recent errors."""

    async def work(registrar: Registrar, app_id: str, _: Path) -> list[str]:
        try:
            entry = await registrar.bots.entry(app_id, name)
        except NotFound:
            known = [one.name for one in await registrar.bots.entries(app_id)]
            raise NotFound(nowhere("registered bot", name, known)) from None
        found = await registrar.bots.versions(app_id, name)
        since = trials.since(entry.trial) if entry.trial else registrar.clock.now() - timedelta(hours=24)
        figures = trials.figures(await registrar.bots.counts(app_id, since, name))
        errors = await registrar.bots.notes(app_id, bot=name, kind="error", limit=5)
        return [*about(entry, found), *map(figured, figures), *map(troubled, errors)]

    for line in with_registrar(config, app_name, work):
        typer.echo(line)


def about(entry: BotEntry, versions: Sequence[BotVersion]) -> list[str]:
    shown = next((one for one in versions if one.version == entry.active), versions[0])
    grade = shown.grade
    failed = f", failed {', '.join(grade.failed)}" if grade and grade.failed else ""
    lines = [
        f"{entry.name}: {state(entry)}, version {entry.active or '-'} of {len(versions)}",
        f"  serves {whom(entry.serves)}",
        f"  level {grade.level} of {grade.suite}{failed}" if grade else "  never checked",
        f"  settings {json.dumps(dict(shown.shown), ensure_ascii=False, default=str)}",
    ]
    if entry.trial is not None:
        trial = entry.trial
        reason = f": {trial.reason}" if trial.reason else ""
        lines.append(f"  version {trial.version} as {trial.mode} ({trial.share:.0%}): {trial.state}{reason}")
    return lines


def figured(one: Figures) -> str:
    same = f", {one.same:.0%} answered alike" if one.same is not None else ""
    felt = f", sentiment {one.sentiment:+.2f}" if one.sentiment is not None else ""
    return (
        f"  version {one.version} {one.arm}: {one.turns} turns, {one.failed:.1%} failed, "
        f"{one.handoffs:.1%} handed off, half within {one.p50:g} ms, 95 % within {one.p95:g} ms{felt}{same}"
    )


def troubled(note: BotNote) -> str:
    return f"  {note.at:%Y-%m-%d %H:%M} version {note.version} {note.outcome}: {note.detail or 'no more is known'}"
