"""`--handoff` and `--false-hits`: wishes for a person that are heard, and those that nobody had."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.cli.nlp.evaluator import Evaluator, Goal, Metrics, Run, Setting
from orchestrator.cli.nlp.felt import ENGINES, LANGUAGE, translated, understood
from orchestrator.cli.nlp.labelled import TRAIN, folds, rows
from orchestrator.errors import Misconfigured
from orchestrator.types import Understanding

WISH_ENGINES = Setting(name="wish-engines", default="auto", help="Engines for wishes, in order: phrases,wishes.")
# From here on the built-in rule hands off.
WISH = 0.6
TRUE = ("1", "true", "yes", "handoff")
FALSE = ("0", "false", "no", "none", "other")


def measure(paths: Sequence[Path], settings: Mapping[str, Any]) -> Metrics:
    found = [row for path in paths for row in labelled(path)]
    wished = [wish for _, wish in found]
    if not any(wished) or all(wished):
        raise Misconfigured(f"{str(paths[0])!r} needs messages with a wish for a person and others without")
    read = wishes([text for text, _ in found], settings)
    scores = [one.wants_person for one in read]
    heard = [score >= WISH for score in scores]
    right = sum(wish and hit for wish, hit in zip(wished, heard, strict=True))
    precision = right / sum(heard) if any(heard) else 0.0
    recall = right / sum(wished)
    return {
        "messages": len(found),
        "wishes": sum(wished),
        **translated(read, settings[LANGUAGE.name]),
        "average_precision": round(average_precision(scores, wished), 4),
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(2 * precision * recall / (precision + recall), 4) if right else 0.0,
    }


def measure_false(paths: Sequence[Path], settings: Mapping[str, Any]) -> Metrics:
    texts = [text for path in paths for text, _ in rows(path, TRAIN)]
    hits = sum(one.wants_person >= WISH for one in wishes(texts, settings))
    return {"messages": len(texts), "false_hits": hits, "false_hits_per_1000": round(1000 * hits / len(texts), 3)}


def labelled(path: Path) -> list[tuple[str, bool]]:
    if path.is_dir() or path.suffix == ".json":
        return [(one["text"], "handoff" in one.get("intents", ())) for one in folds(path)]
    found = [(text, label.lower()) for text, label in rows(path, TRAIN)]
    labels = {label for _, label in found}
    # Beside `handoff` any other label is one without a wish: a file of intents.
    if (unknown := labels - {*TRUE, *FALSE}) and "handoff" not in labels:
        raise Misconfigured(f"{str(path)!r} has a label {min(unknown)!r}; known: {', '.join((*TRUE, *FALSE))}")
    return [(text, label in TRUE) for text, label in found]


def wishes(texts: Sequence[str], settings: Mapping[str, Any]) -> list[Understanding]:
    engines = [("wish", name) for name in ENGINES["wish"](settings[WISH_ENGINES.name])]
    return understood(texts, engines, settings[LANGUAGE.name])


def average_precision(scores: Sequence[float], wished: Sequence[bool]) -> float:
    """The mean precision at each wish, from the surest down; messages of one score count together."""
    total = right = seen = 0.0
    for score in sorted(set(scores), reverse=True):
        level = [wish for value, wish in zip(scores, wished, strict=True) if value == score]
        right += sum(level)
        seen += len(level)
        total += sum(level) * right / seen
    return total / sum(wished)


EVALUATOR = Evaluator(
    name="handoff",
    files=("FILE",),
    help="Hear wishes for a person: TSV or CSV with text and handoff (0 or 1), or NLU++ JSON, a file or a folder.",
    measure=measure,
    settings=(WISH_ENGINES, LANGUAGE),
    runs=(
        Run(
            title="handoff wish (NLU++)",
            files=("nlupp",),
            goals=(
                Goal(metric="average_precision", what="average precision", at_least=0.93, anchor="regex P .93 R .77"),
                Goal(metric="f1", what="F1", at_least=0.90),
            ),
        ),
    ),
)
FALSE_EVALUATOR = Evaluator(
    name="false-hits",
    files=("FILE",),
    help="Messages none of which wishes for a person (CSV: text, category): how many are taken for one.",
    measure=measure_false,
    settings=(WISH_ENGINES, LANGUAGE),
    runs=(
        Run(
            title="handoff wish (banking77)",
            files=("banking77/train.csv",),
            goals=(Goal(metric="false_hits_per_1000", what="false hits in 1000", at_most=2),),
        ),
    ),
)
