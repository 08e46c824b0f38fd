"""`--sentiment`: how well moods are told, in English or by way of a translation."""

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.cli.nlp.evaluator import Evaluator, Goal, Metrics, Run, Setting
from orchestrator.cli.nlp.felt import ENGINES, LANGUAGE, translated, understood
from orchestrator.cli.nlp.labelled import TRAIN, Row, kept, rows
from orchestrator.errors import Misconfigured

SENTIMENT_ENGINES = Setting(
    name="sentiment-engines", default="auto", help="Engines for sentiment, in order: vader,lexicon,mood."
)
CLASSES = ("negative", "neutral", "positive")
# Of people's mean rating, -4 to 4: nearer to 0 a text is neutral.
RATED_FROM = 0.5
NUMBERS = {**{str(number): name for number, name in enumerate(CLASSES)}, **{name: name for name in CLASSES}}
# Where a label is -1, 0 stands in the middle.
SIGNED = {**NUMBERS, "-1": "negative", "0": "neutral", "1": "positive", "+1": "positive"}


def measure(paths: Sequence[Path], settings: Mapping[str, Any]) -> Metrics:
    found = [row for path in paths for row in (rated(path) if path.suffix == ".txt" else rows(path, TRAIN))]
    labels = [label.lower() for _, label in found]
    names = SIGNED if "-1" in labels else NUMBERS
    if unknown := set(labels) - set(names):
        raise Misconfigured(f"{str(paths[0])!r} has a label {min(unknown)!r}; known: {', '.join(names)}")
    meant = [names[label] for label in labels]
    engines = [("sentiment", name) for name in ENGINES["sentiment"](settings[SENTIMENT_ENGINES.name])]
    read = understood([text for text, _ in found], engines, settings[LANGUAGE.name])
    told = [one.sentiment.label if one.sentiment else "neutral" for one in read]
    pairs: list[tuple[str, str]] = list(zip(meant, told, strict=True))
    return {
        "language": settings[LANGUAGE.name],
        "engines": [name for _, name in engines],
        **translated(read, settings[LANGUAGE.name]),
        "messages": len(found),
        "macro_f1": round(sum(f1(pairs, name) for name in CLASSES) / len(CLASSES), 4),
        "negative_recall": round(share(pairs, "negative"), 4),
        "accuracy": round(sum(one == other for one, other in pairs) / len(pairs), 4),
        "confusion": {name: [pairs.count((name, other)) for other in CLASSES] for name in CLASSES},
    }


def rated(path: Path) -> list[Row]:
    """Lines of an id, a mean rating and a text, as Hutto & Gilbert (2014) publish what people said of tweets."""
    found = []
    for number, line in enumerate(read_loosely(path).split("\n"), 1):
        _, rating, text = [*line.rstrip("\r").split("\t", 2), "", "", ""][:3]
        try:
            mean = float(rating) if line.strip() else 0.0
        except ValueError:
            raise Misconfigured(f"{str(path)!r}, line {number}: {rating[:20]!r} is no rating") from None
        if text.strip():
            found.append((html.unescape(text), CLASSES[1 + (mean >= RATED_FROM) - (mean <= -RATED_FROM)]))
    return kept(path, found)


def read_loosely(path: Path) -> str:
    """These files hold single bytes of older encodings. Raises Misconfigured when there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise Misconfigured(f"{str(path)!r} can't be read: {error.strerror}") from None


def f1(pairs: Sequence[tuple[str, str]], name: str) -> float:
    both = sum(one == name == other for one, other in pairs)
    either = sum(one == name for one, _ in pairs) + sum(other == name for _, other in pairs)
    return 2 * both / either if either else 0.0


def share(pairs: Sequence[tuple[str, str]], name: str) -> float:
    of_it = [other for one, other in pairs if one == name]
    return of_it.count(name) / len(of_it) if of_it else 0.0


EVALUATOR = Evaluator(
    name="sentiment",
    files=("FILE",),
    help="Tell negative, neutral and positive (TSV or CSV: text, label; .txt: id, mean rating, text).",
    measure=measure,
    settings=(SENTIMENT_ENGINES, LANGUAGE),
    runs=(
        Run(
            title="sentiment, English",
            files=("sentiment-en.tsv",),
            goals=(
                Goal(metric="macro_f1", what="macro F1", at_least=0.63, anchor="VADER .56, fastText .51, XLM-R .68"),
                Goal(metric="negative_recall", what="negative recall", at_least=0.79, anchor="VADER .53"),
            ),
        ),
        Run(
            title="sentiment, Spanish by Apertium",
            files=("sentiment-es.tsv",),
            given={"text-language": "es"},
            goals=(Goal(metric="macro_f1", what="macro F1", at_least=0.55),),
        ),
    ),
)
