"""What an evaluator is: files in, one JSON object of metrics out, and the goals those are held against."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.errors import Misconfigured

Metrics = Mapping[str, Any]
"""JSON: numbers and strings by name; shares are 0..1, times in milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """`metric` is at least or at most so much; `anchor` is what others reach, in a few words."""

    metric: str
    what: str
    at_least: float | None = None
    at_most: float | None = None
    anchor: str = ""

    def reached(self, metrics: Metrics) -> bool | None:
        """None when there is nothing to judge by."""
        value = metrics.get(self.metric)
        if not isinstance(value, int | float):
            return None
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    @property
    def stated(self) -> str:
        return f">= {self.at_least:g}" if self.at_least is not None else f"<= {self.at_most:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """An option of `parley nlp eval` beside the files: `--name`, which every evaluator may read."""

    name: str
    default: str | int
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One line of work of `make eval`: the evaluator on these files, which are looked for below the data's folder.

    `given` are values of settings that differ from their defaults.
    """

    title: str
    files: tuple[str, ...]
    goals: tuple[Goal, ...]
    given: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluator:
    """`--name FILE …` runs `measure` on the files given (one for each of `files`, their names in the help).

    `measure(paths, settings)` may raise Misconfigured for a file of another format, and imports what is heavy.
    """

    name: str
    files: tuple[str, ...]
    help: str
    measure: Callable[[Sequence[Path], Mapping[str, Any]], Metrics]
    settings: tuple[Setting, ...] = ()
    runs: tuple[Run, ...] = ()

    def given(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        """All its settings, those left out at their default. Raises Misconfigured for a number below 1."""
        found = {one.name: settings.get(one.name, one.default) for one in self.settings}
        for name, value in found.items():
            if isinstance(value, int) and value < 1:
                raise Misconfigured(f"--{name}: {value} is too few, 1 is the least")
        return found


def readable(path: Path) -> str:
    """The file's text, without the mark some editors put first. Raises Misconfigured when there is none."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise Misconfigured(f"{str(path)!r} can't be read: {why}") from None
    if not text.strip():
        raise Misconfigured(f"{str(path)!r} is empty")
    return text


def named(head: Sequence[str]) -> list[str]:
    """The names of columns, however they are spaced and capitalised."""
    return [name.strip().lower() for name in head]


def columns(path: Path, names: Sequence[str]) -> list[dict[str, str]]:
    """Rows of a tab-separated file with a line of names, fields without quotes. Raises Misconfigured."""
    head, *lines = readable(path).split("\n")
    found = named(head.split("\t"))
    if missing := [name for name in names if name not in found]:
        raise Misconfigured(
            f"{str(path)!r} has no column {missing[0]!r}; its first line has to name columns, and is {head[:80]!r}"
        )
    rows = []
    for number, line in enumerate(lines, 2):
        cells = line.rstrip("\r").split("\t")
        if cells == [""]:
            continue
        if len(cells) != len(found):
            raise Misconfigured(f"{str(path)!r}, line {number}: {len(cells)} columns instead of {len(found)}")
        rows.append(dict(zip(found, cells, strict=True)))
    if not rows:
        raise Misconfigured(f"{str(path)!r} has no rows")
    return rows
