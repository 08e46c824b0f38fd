"""`parley bots shadow | canary | promote | stop`."""

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.bots.change import Force, Name
from orchestrator.cli.bots.desk import with_registrar
from orchestrator.cli.options import DEFAULT_CONFIG, AppName, ConfigPath
from orchestrator.roster import Registrar
from orchestrator.types import Trial, TrialLimits, TrialMode, TrialState

Candidate = Annotated[int, typer.Option("--version", min=0, help="The candidate.", show_default="the newest")]
Turns = Annotated[int, typer.Option(min=1, help="Turns before it is judged.")]
Errors = Annotated[float, typer.Option(min=0, max=1, help="Most it may fail more often, as a share of turns.")]
Latency = Annotated[float, typer.Option(min=0, help="Most times slower its slow answers may be (95th percentile).")]
Handoffs = Annotated[float, typer.Option(min=0, max=1, help="Most it may hand off more often.")]
Sentiment = Annotated[float, typer.Option(min=0, max=2, help="Most its customers' sentiment may be lower.")]
USUAL = TrialLimits()


def shadow(
    name: Name,
    version: Candidate = 0,
    turns: Turns = USUAL.turns,
    errors: Errors = USUAL.errors,
    latency: Latency = USUAL.latency,
    handoffs: Handoffs = USUAL.handoffs,
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Have a version answer every turn unheard, beside the active one. Compare them with 'parley bots show'."""
    limits = TrialLimits(turns=turns, errors=errors, latency=latency, handoffs=handoffs)
    begin(config, app_name, name, version, "shadow", 0.0, limits, force=True)


def canary(
    name: Name,
    share: Annotated[float, typer.Option(min=0.0001, max=0.9999, help="Part of the customers, such as 0.1.")] = 0.1,
    version: Candidate = 0,
    turns: Turns = USUAL.turns,
    errors: Errors = USUAL.errors,
    latency: Latency = USUAL.latency,
    handoffs: Handoffs = USUAL.handoffs,
    sentiment: Sentiment = USUAL.sentiment,
    force: Force = False,
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Have a version answer a share of the customers, always the same ones. It is taken back when it does worse."""
    limits = TrialLimits(turns=turns, errors=errors, latency=latency, handoffs=handoffs, sentiment=sentiment)
    begin(config, app_name, name, version, "canary", share, limits, force=force)


def begin(
    config: Path,
    app_name: str,
    name: str,
    version: int,
    mode: TrialMode,
    share: float,
    limits: TrialLimits,
    *,
    force: bool,
) -> None:
    async def work(registrar: Registrar, app_id: str, _: Path) -> None:
        chosen = await registrar.chosen(app_id, name, version)
        now = registrar.clock.now()
        trial = Trial(version=chosen.version, mode=mode, share=share, limits=limits, started_at=now)
        await registrar.try_out(app_id, name, trial, force=force)
        whom = f"{share:.0%} of the customers" if mode == "canary" else "every turn, unheard"
        typer.echo(f"{name} version {chosen.version} answers {whom}.")

    with_registrar(config, app_name, work)


def promote(name: Name, app_name: AppName = "", config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Let the version on trial answer everybody."""
    end(config, app_name, name, "promoted")


def stop(name: Name, app_name: AppName = "", config: ConfigPath = DEFAULT_CONFIG) -> None:
    """End a trial; the active version stays."""
    end(config, app_name, name, "stopped")


def end(config: Path, app_name: str, name: str, state: TrialState) -> None:
    async def work(registrar: Registrar, app_id: str, _: Path) -> None:
        entry = await registrar.end_trial(app_id, name, state)
        typer.echo(f"{name}: the trial has ended; version {entry.active} answers.")

    with_registrar(config, app_name, work)
