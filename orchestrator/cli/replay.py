"""`parley replay`: stored conversations against a new bot, policy or understanding."""

import asyncio
import json
import os
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ValidationError

from orchestrator.adapters.files import LocalFiles
from orchestrator.adapters.http_client import HttpClient
from orchestrator.adapters.metrics import Metrics
from orchestrator.adapters.stores import Database, store_alone
from orchestrator.app import Part, registrar_of
from orchestrator.cli.options import DEFAULT_CONFIG, AppName, ConfigPath, chosen_app, configured
from orchestrator.config import AppSettings, BotSettings, NlpSettings, PolicySettings, Settings, secret
from orchestrator.config.explain import problems
from orchestrator.conformance.target import named
from orchestrator.copies import replace
from orchestrator.engine import App, Breaker, RunningBot
from orchestrator.errors import Misconfigured
from orchestrator.ledger import nowhere
from orchestrator.ports import Clock
from orchestrator.registry import Workshop, build_app, own, running
from orchestrator.replay import Compared, Replayer, stored, summary
from orchestrator.replay.page import page
from orchestrator.replay.show import lines, plain
from orchestrator.replay.stored import heads
from orchestrator.roster.registrar import PLACEHOLDER, Registrar
from orchestrator.roster.settings import read

SPAN = re.compile(r"(\d+(?:\.\d+)?)([hdw])")
UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
NEVER = 2**31
"""Failures after which a bot is left alone: in a replay each turn is asked."""


def replay(
    since: Annotated[str, typer.Option(help="How far back: 30d, 12h, 2w, or a date such as 2026-11-01.")] = "30d",
    bot: Annotated[
        str,
        typer.Option(help="Bot that answers: a name, NAME@VERSION of a registered one, module:function, an address."),
    ] = "",
    secret: Annotated[
        str, typer.Option(envvar="PARLEY_BOT_SECRET", help="whsec_… of a bot named by its address.", show_default=False)
    ] = "",
    policy: Annotated[Path | None, typer.Option(help="A TOML file with the \\[policy] to try.")] = None,
    nlp: Annotated[Path | None, typer.Option(help="A TOML file with the \\[nlp] to try.")] = None,
    understand: Annotated[bool, typer.Option("--understand", help="Understand every message anew.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Most conversations, the latest first.")] = 1000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Conversations replayed at once.")] = 4,
    show: Annotated[int, typer.Option(min=0, help="Turns that changed to print.")] = 20,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write everything as JSON here; - prints it.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with plots here.")] = None,
    fail_over: Annotated[
        float, typer.Option(min=0, max=1, help="End with code 1 when more than this share of turns changed.")
    ] = 1.0,
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Answer stored conversations anew, and report what would come out differently.

    Nobody is written to and nothing is kept: not a message, not a figure. The bot is told it is a rehearsal.
    """
    with configured(config) as (settings, base):
        app_id = chosen_app(settings, app_name)
        app = changed(settings.apps[app_id], policy, nlp)
        wanted = Wanted(since, bot, secret, limit, workers, understand or nlp is not None)
        compared = asyncio.run(replayed(settings, base, app_id, app, wanted))
    found = summary(compared)
    if as_json is not None:
        write(as_json, json.dumps(plain(found, compared), indent=2, ensure_ascii=False) + "\n")
    if html is not None:
        write(html, page(f"Replay of {app_id}, since {since}", found, compared))
    if str(as_json) != "-":
        for line in lines(found, compared, show):
            typer.echo(line)
    if found.turns and 1 - found.same / found.turns > fail_over:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class Wanted:
    since: str
    bot: str
    secret: str
    limit: int
    workers: int
    again: bool


def write(path: Path, text: str) -> None:
    if str(path) == "-":
        typer.echo(text, nl=False)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Misconfigured(f"{str(path)!r} can't be written: {error.strerror}") from None


def moment(text: str, now: datetime) -> datetime:
    """Raises Misconfigured."""
    if span := SPAN.fullmatch(text):
        return now - float(span[1]) * UNITS[span[2]]
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Misconfigured(f"--since {text!r}: 30d, 12h, 2w or a date such as 2026-11-01 is wanted") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def changed(settings: AppSettings, policy: Path | None, nlp: Path | None) -> AppSettings:
    """The app with the policy, or the understanding, that is to be tried."""
    updates: dict[str, Any] = {}
    if policy is not None:
        updates["policy"] = section(policy, "policy", PolicySettings)
    if nlp is not None:
        updates["nlp"] = section(nlp, "nlp", NlpSettings)
    return settings.model_copy(update=updates)


def section(path: Path, name: str, model: type[BaseModel]) -> BaseModel:
    """From a table of that name, or the whole file. Raises Misconfigured."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise Misconfigured(f"{str(path)!r}: {why}") from None
    raw = secret.resolve(raw.get(name, raw), path.resolve().parent, os.environ)
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise Misconfigured([replace(one, what=f"{path}: {one.what}") for one in problems(error, model, raw)]) from None


async def replayed(settings: Settings, base: Path, app_id: str, app: AppSettings, wanted: Wanted) -> list[Compared]:
    async with AsyncExitStack() as stack:
        store, clock = await stack.enter_async_context(store_alone(settings.store, base))
        http = HttpClient()
        await http.open()
        stack.push_async_callback(http.close)
        files = LocalFiles(base / settings.store.media, clock)
        workshop = Workshop(clock=clock, http=http, files=files, recorder=Metrics(), base=base)
        built = await cast_of(settings, base, store, clock, app_id, app, workshop)
        built, name = await with_bot(built, wanted, registrar_of(settings, base, store, clock), workshop)
        built = replace(built, bots={each: unbreakable(one, clock) for each, one in built.bots.items()})
        parts: tuple[Part, ...] = (built.understander, *(one.bot for one in built.bots.values()))
        for part in parts:
            await part.open()
            stack.push_async_callback(part.close)
        replayer = Replayer(
            built,
            clock,
            workshop.recorder,
            bot=name,
            again=wanted.again,
            history=settings.engine.history,
            prices={each: prices(one.settings) for each, one in built.bots.items()},
        )
        return await each_conversation(replayer, store, app_id, wanted, moment(wanted.since, clock.now()))


async def cast_of(
    settings: Settings, base: Path, store: Database, clock: Clock, app_id: str, app: AppSettings, workshop: Workshop
) -> App:
    """The app with its registered bots as they answer now."""
    registrar = registrar_of(settings, base, store, clock)
    built = build_app(app_id, app, workshop)
    bots = dict(built.bots)
    for entry in await store.bots.entries(app_id):
        if entry.enabled and entry.active:
            bots[entry.name] = await registered(registrar, app_id, entry.name, entry.active, workshop)
    return replace(built, bots=bots)


async def registered(registrar: Registrar, app_id: str, name: str, version: int, workshop: Workshop) -> RunningBot:
    chosen = await registrar.chosen(app_id, name, version)
    made = running(name, read(registrar.settings_of(chosen)), workshop, app_id)
    return replace(made, version=chosen.version)


async def with_bot(app: App, wanted: Wanted, registrar: Registrar, workshop: Workshop) -> tuple[App, str]:
    """The app with the new bot in it, and that bot's name. Raises Misconfigured."""
    given = wanted.bot
    if not given:
        return app, ""
    target = named(given, wanted.secret)
    if target is not None:
        settings = BotSettings.model_validate({"kind": target.kind, **target.raw})
        made = running("candidate", settings, workshop, app.id)
        return replace(app, bots={**app.bots, "candidate": made}), "candidate"
    name, _, version = given.partition("@")
    entry = await registrar.find(app.id, name)
    if entry is not None and (version or name not in app.bots or app.bots[name].settings.kind == PLACEHOLDER):
        if version and not version.isdecimal():
            raise Misconfigured(f"--bot {given!r}: NAME@VERSION is wanted, such as {name}@2")
        made = await registered(registrar, app.id, name, int(version or 0), workshop)
        return replace(app, bots={**app.bots, name: made}), name
    if name not in app.bots:
        raise Misconfigured(f"--bot: {nowhere('bot', name, app.bots)}")
    return app, name


def unbreakable(one: RunningBot, clock: Clock) -> RunningBot:
    return replace(one, breaker=Breaker(clock, failures=NEVER, seconds=1.0))


def prices(settings: BotSettings) -> tuple[float, float]:
    """What a million tokens in and out cost, where the bot's own settings say."""
    limits = own(settings).get("limits")
    found = limits if isinstance(limits, Mapping) else {}
    return tuple(float(found.get(name) or 0.0) for name in ("price_in", "price_out"))  # type: ignore[return-value]


async def each_conversation(
    replayer: Replayer, store: Database, app_id: str, wanted: Wanted, since: datetime
) -> list[Compared]:
    """In the order they were last changed, whoever was done first."""
    chosen = (await heads(store, app_id, since))[: wanted.limit]
    places = asyncio.Semaphore(wanted.workers)
    bar = typer.progressbar(length=len(chosen), label="replaying", file=sys.stderr)
    shown = bar if sys.stderr.isatty() else nullcontext(None)

    async def one(head: Any, told: Any) -> Sequence[Compared]:
        async with places:
            found = await replayer.conversation(await stored(store, head))
            if told is not None:
                told.update(1)
            return found

    with shown as told:
        done = await asyncio.gather(*(one(head, told) for head in chosen))
    return [compared for group in done for compared in group]
