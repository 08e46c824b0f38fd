"""`parley nlp eval`: each evaluator prints one JSON object; with --data, all of them print the table of goals."""

import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestrator.cli.nlp.evaluator import Evaluator, Goal, Metrics, Run, Setting
from orchestrator.cli.nlp.evaluators import EVALUATORS
from orchestrator.cli.table import table
from orchestrator.errors import Misconfigured

HEADS = ("measure", "anchor", "goal", "measured", "")
ABSENT = "not measured: {folder!r} is not there; get the evaluation data, or say where it is with PARLEY_EVAL_DATA"


def evaluate_command(evaluators: Sequence[Evaluator] = EVALUATORS) -> Callable[..., None]:
    """The command: an option for each evaluator and for each setting they read."""

    def evaluate(data: Path | None, **given: Any) -> None:
        """Measure the engines on labelled files: language, intents, sentiment, wishes for a person.

        Each option that names files prints one JSON object on a line of its own. --data measures everything there
        is data for in a folder, and prints the goals next to what was measured. File formats: docs/evaluate.md.
        """
        asked = [(one, given[parameter(one.name)]) for one in evaluators if given[parameter(one.name)]]
        settings = {one.name: given[parameter(one.name)] for one in settings_of(evaluators)}
        if not asked and data is None:
            raise typer.BadParameter(
                f"say what to measure: {', '.join(f'--{one.name}' for one in evaluators)} or --data"
            )
        for evaluator, paths in asked:
            typer.echo(json.dumps(measured(evaluator, several(paths), settings), ensure_ascii=False))
        if data is not None:
            goals(evaluators, data, settings)

    parameters = [option_of_data(), *map(option_of, evaluators), *map(option_of_setting, settings_of(evaluators))]
    evaluate.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    evaluate.__annotations__ = {one.name: one.annotation for one in parameters}
    return evaluate


def parameter(name: str) -> str:
    return name.replace("-", "_")


def several(paths: Path | Sequence[Path]) -> tuple[Path, ...]:
    return (paths,) if isinstance(paths, Path) else tuple(paths)


def settings_of(evaluators: Sequence[Evaluator]) -> list[Setting]:
    """Each once, though several evaluators may read it."""
    return list({one.name: one for evaluator in evaluators for one in evaluator.settings}.values())


def option_of_data() -> inspect.Parameter:
    kind = Annotated[Path | None, typer.Option("--data", metavar="FOLDER", help="Measure all; print the goals table.")]
    return inspect.Parameter("data", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)


def option_of(evaluator: Evaluator) -> inspect.Parameter:
    kind: Any = Path if len(evaluator.files) == 1 else tuple.__class_getitem__((Path,) * len(evaluator.files))
    option = typer.Option(f"--{evaluator.name}", metavar=" ".join(evaluator.files), help=evaluator.help)
    return inspect.Parameter(
        parameter(evaluator.name),
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind | None, option],
    )


def option_of_setting(setting: Setting) -> inspect.Parameter:
    kind: Any = type(setting.default)
    option = typer.Option(f"--{setting.name}", help=setting.help)
    return inspect.Parameter(
        parameter(setting.name),
        inspect.Parameter.KEYWORD_ONLY,
        default=setting.default,
        annotation=Annotated[kind, option],
    )


def measured(evaluator: Evaluator, paths: Sequence[Path], settings: Mapping[str, Any]) -> Metrics:
    return {"measure": evaluator.name, **evaluator.measure(paths, evaluator.given(settings))}


def goals(evaluators: Sequence[Evaluator], data: Path, settings: Mapping[str, Any]) -> None:
    """A run whose files are absent is told of and left out. Code 1 when a goal is missed."""
    if not data.is_dir():
        typer.echo(ABSENT.format(folder=str(data)))
        return
    rows = [
        row for evaluator in evaluators for run in evaluator.runs for row in run_rows(evaluator, run, data, settings)
    ]
    table(HEADS, rows, f"nothing in {str(data)!r} can be measured")
    if any(row[-1] == MISSED for row in rows):
        raise typer.Exit(1)


REACHED, MISSED, UNKNOWN = "reached", "MISSED", "not measured"


def run_rows(evaluator: Evaluator, run: Run, data: Path, settings: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    paths = [data / name for name in run.files]
    if absent := [path for path in paths if not path.exists()]:
        typer.echo(f"{run.title}: not measured, {str(absent[0])!r} is not there", err=True)
        return
    try:
        metrics = measured(evaluator, paths, {**settings, **run.given})
    except Misconfigured as error:
        typer.echo(f"{run.title}: not measured: {error}", err=True)
        metrics = {}
    else:
        typer.echo(json.dumps(metrics, ensure_ascii=False), err=True)
    yield from (row_of(goal, metrics, run) for goal in run.goals)


def row_of(goal: Goal, metrics: Metrics, run: Run) -> tuple[str, ...]:
    reached = goal.reached(metrics)
    verdict = UNKNOWN if reached is None else REACHED if reached else MISSED
    value = metrics.get(goal.metric, "")
    shown = f"{value:.4g}" if isinstance(value, float) else str(value)
    return (f"{run.title}: {goal.what}", goal.anchor, goal.stated, shown, verdict)
