"""`parley nlp train | try | versions | rollback`: an app's intents, from its examples to what is served."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from nlp.embedding import default_folder, find, shared
from nlp.intents import Settings as IntentSettings
from nlp.intents.examples import Corpus, corpus
from nlp.intents.model import Mode
from nlp.intents.page import page
from nlp.intents.report import Report, report
from nlp.intents.stage import files_of, folder_of
from nlp.intents.train import train as learn
from nlp.intents.versions import Versions
from orchestrator.app import build
from orchestrator.cli.chat import apart
from orchestrator.cli.check import NO_SECRET
from orchestrator.cli.options import DEFAULT_CONFIG, AppName, ConfigPath, chosen_app, configured
from orchestrator.cli.table import table
from orchestrator.errors import Misconfigured
from orchestrator.registry import anchored, plugin, validated
from orchestrator.types import Understanding, Utterance

Html = Annotated[Path | None, typer.Option("--html", help="Write the report with plots to this file.")]
SHOWN = 8


@contextmanager
def trained(config: Path, app_name: str) -> Iterator[tuple[str, IntentSettings]]:
    """The app and the settings of its intents. Raises Misconfigured when it has none."""
    with configured(config) as (settings, base):
        app_id = chosen_app(settings, app_name)
        raw = settings.apps[app_id].nlp.stages.get("intents")
        if raw is None:
            raise Misconfigured(
                "this app has no intents by example: add 'file' or 'intents'",
                key=("apps", app_id, "nlp", "stages", "intents"),
            )
        found = anchored(validated(plugin("nlp", "intents"), raw), base)
        assert isinstance(found, IntentSettings)
        yield app_id, found


def train(
    html: Html = None, report_only: bool = False, app_name: AppName = "", config: ConfigPath = DEFAULT_CONFIG
) -> None:
    """Learn the app's intents from its examples, say how well they are told apart, and serve the new version.

    A running server takes it within a second, between two turns; 'parley nlp rollback' goes back.
    """
    with trained(config, app_name) as (app_id, settings):
        known = corpus(files_of(settings), settings.intents, settings.language)
        folder = settings.model or default_folder()
        encoder = shared(folder) if find(folder) else None
        mode: Mode = settings.mode if encoder else "lexical"
        if encoder is None:
            typer.echo(
                "The embedding model is not there: learning by TF-IDF alone; see 'parley models fetch'.", err=True
            )
        start = time.perf_counter()
        reports = report(known, encoder, mode)
        for one in reports:
            told(one)
        for code, name in known.left_out.items():
            typer.echo(f"not learned: {code}, in which only {name!r} has examples; there have to be two intents")
        if html is not None:
            html.write_text(page(f"Intents of {app_id}", reports), encoding="utf-8")
            typer.echo(f"The report is in {html}")
        if not report_only:
            number = Versions(folder_of(settings)).add(learn(known, encoder, mode))
            typer.echo(f"Version {number} is served now ({counted(known)}, {time.perf_counter() - start:.1f} s).")


def counted(known: Corpus) -> str:
    examples = sum(len(texts) for found in known.languages.values() for texts in found.values())
    return f"{len(known.intents)} intents, {examples} examples, {', '.join(known.languages)}"


def told(one: Report) -> None:
    typer.echo(f"{one.language}: {one.accuracy:.1%} of {one.examples} examples recognised unseen ({one.mode}).")
    rows = [(each.meant, each.told, str(len(each.texts)), each.texts[0]) for each in one.confusions[:SHOWN]]
    if rows:
        table(("meant", "taken for", "times", "such as"), rows, "")
    for pair in one.alike[:SHOWN]:
        typer.echo(f"too similar: {pair.one} {pair.one_text!r} and {pair.other} {pair.other_text!r}")
    if one.few:
        typer.echo(f"too few examples: {', '.join(one.few)}")


def versions(app_name: AppName = "", config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Show the versions of the app's intents that are kept."""
    with trained(config, app_name) as (_, settings):
        kept = Versions(folder_of(settings))
        now = kept.current()
        rows = []
        for number in kept.numbers():
            model = kept.load(number)
            mark = "served" + (", chosen by hand" if now and now.pinned else "") if now and now.number == number else ""
            names = len(next(iter(model.heads.values())).names)
            rows.append((str(number), model.mode, str(names), ", ".join(model.heads), mark))
    table(("version", "mode", "intents", "languages", ""), rows, "nothing was trained yet; see 'parley nlp train'")


def rollback(
    version: Annotated[int | None, typer.Argument(help="Which one.", show_default="the one before")] = None,
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Serve an earlier version of the app's intents, until they are trained again."""
    with trained(config, app_name) as (_, settings):
        number = Versions(folder_of(settings)).back(version)
    typer.echo(f"Version {number} is served now.")


def attempt(
    text: Annotated[list[str], typer.Argument(help="What a customer might write; several are read one by one.")],
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Read messages as the app would, with every engine, and say what was understood. Nothing is sent or kept."""
    with configured(config) as (settings, base), tempfile.TemporaryDirectory(prefix="parley-try-") as folder:
        app_id = chosen_app(settings, app_name)
        runtime = build(apart(settings, Path(folder)), base, secret=NO_SECRET)
        understander = runtime.apps[app_id].understander

        async def work() -> list[Understanding]:
            async with runtime.open():
                return [await understander.read(Utterance(text=one)) for one in text]

        found = asyncio.run(work())
    for one, understood in zip(text, found, strict=True):
        typer.echo(typer.style(one, bold=True))
        for line in lines(understood):
            typer.echo(f"  {line}")


def lines(found: Understanding) -> Iterator[str]:
    yield f"language   {found.language.code} ({found.language.reason}, {found.language.confidence:.2f})"
    yield f"pivot      {found.pivot or '(not translated)'}"
    named = ", ".join(f"{intent.name} {intent.score:.2f}" for intent in found.intents) or "none"
    yield f"intents    {named} (out of scope {found.out_of_scope:.2f})"
    if found.sentiment:
        mood = found.sentiment
        yield f"sentiment  {mood.label} {mood.score:+.2f} (confidence {mood.confidence:.2f}, {mood.engine})"
    yield f"wish       {found.wants_person:.2f}"
    if found.signals:
        yield f"signals    {', '.join(found.signals)}"
    for run in found.stages:
        detail = f": {run.detail}" if run.detail else ""
        yield f"           {run.stage} {run.engine} {run.outcome} {run.ms:.1f} ms{detail}"
