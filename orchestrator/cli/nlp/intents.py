"""`--intents` and `--oos`: intents learned from one file's sentences and measured on another's."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from nlp.embedding import Encoder, shared
from nlp.intents.model import Head, Mode
from nlp.intents.train import fit, material
from orchestrator.cli.nlp.evaluator import Evaluator, Goal, Metrics, Run, Setting
from orchestrator.cli.nlp.labelled import OUT_OF_SCOPE, Row, by_intent, drawn, halves
from orchestrator.cli.nlp.langid import percentile
from orchestrator.errors import EngineFailed, Misconfigured

SHOTS = Setting(name="shots", default=10, help="Examples an intent of the runs with few; three draws of them.")
MODE = Setting(name="mode", default="default", help="Of the intents engine: default, accurate, or lexical (no model).")
DRAWS = 3


def measure(paths: Sequence[Path], settings: Mapping[str, Any]) -> Metrics:
    """Accuracy with few examples and with all. Sentences out of scope are left out; `--oos` is about them."""
    train, test = halves(*paths)
    asked = [row for row in test if row[1] != OUT_OF_SCOPE]
    learned = by_intent(train)
    unlearned = sorted({label for _, label in asked} - set(learned))
    if not asked or len(unlearned) == len({label for _, label in asked}):
        raise Misconfigured(f"{str(paths[1])!r} has no message of an intent that {str(paths[0])!r} has")
    lab = Lab(settings[MODE.name], asked)
    shots = settings[SHOTS.name]
    few = [lab.accuracy(drawn(by_intent(train), shots, draw)) for draw in range(DRAWS)]
    full = lab.accuracy(learned)
    return {
        "mode": lab.mode,
        "intents": len(learned),
        "examples": sum(map(len, learned.values())),
        "messages": len(asked),
        f"accuracy_{shots}shot": round(mean(few), 4),
        "accuracy_full": round(full, 4),
        "seconds_to_learn": round(lab.seconds, 2),
        "p50_ms": percentile(lab.times, 50),
        "p95_ms": percentile(lab.times, 95),
        **({"not_learned": unlearned} if unlearned else {}),
    }


def measure_scope(paths: Sequence[Path], settings: Mapping[str, Any]) -> Metrics:
    """Area under the curve of telling sentences of no intent from the others."""
    train, test = halves(*paths)
    if not any(label == OUT_OF_SCOPE for _, label in test):
        raise Misconfigured(f"{str(paths[1])!r} has no sentences labelled {OUT_OF_SCOPE!r}")
    lab = Lab(settings[MODE.name], test)
    shots = settings[SHOTS.name]
    few = [lab.scope(drawn(by_intent(train), shots, draw)) for draw in range(DRAWS)]
    return {
        "mode": lab.mode,
        "messages": len(test),
        "out_of_scope": sum(label == OUT_OF_SCOPE for _, label in test),
        f"auroc_{shots}shot": round(mean(few), 4),
        "auroc_full": round(lab.scope(by_intent(train)), 4),
    }


class Lab:
    """Learns and reads; each sentence is embedded once, however often it is learned from."""

    def __init__(self, mode: str, asked: Sequence[Row]) -> None:
        if mode not in ("default", "accurate", "lexical"):
            raise Misconfigured(f"--mode: there is no mode {mode!r}; default, accurate and lexical are known")
        self.mode = cast(Mode, mode)
        self.encoder = None if mode == "lexical" else Remembering(encoder())
        self.asked = asked
        self.seconds = 0.0
        self.times: list[float] = []

    def head(self, examples: Mapping[str, Sequence[str]]) -> Head:
        known = material(examples, self.encoder)
        start = time.perf_counter()
        head = fit(known, self.mode)
        self.seconds = time.perf_counter() - start
        return head

    def accuracy(self, examples: Mapping[str, Sequence[str]]) -> float:
        head = self.head(examples)
        right = 0
        for text, label in self.asked:
            start = time.perf_counter()
            vector = self.encoder.base.embed_now(text) if self.encoder else None
            right += head.read(vector, text).scores[0][0] == label
            self.times.append(1000 * (time.perf_counter() - start))
        return right / len(self.asked)

    def scope(self, examples: Mapping[str, Sequence[str]]) -> float:
        head = self.head(examples)
        vectors = self.encoder.embed_all([text for text, _ in self.asked]) if self.encoder else None
        scores = [
            head.scores(None if vectors is None else vectors[place], text)[1]
            for place, (text, _) in enumerate(self.asked)
        ]
        inside = np.array([label != OUT_OF_SCOPE for _, label in self.asked])
        return area(np.array(scores), inside)


class Remembering:
    """An encoder that embeds no sentence twice."""

    def __init__(self, base: Encoder) -> None:
        self.base = base
        self.digest = base.digest
        self.known: dict[str, NDArray[np.float32]] = {}

    def embed_all(self, texts: Sequence[str]) -> NDArray[np.float32]:
        new = list(dict.fromkeys(text for text in texts if text not in self.known))
        self.known.update(zip(new, self.base.embed_all(new), strict=True))
        return np.stack([self.known[text] for text in texts])


def encoder() -> Encoder:
    try:
        return shared()
    except EngineFailed as error:
        raise Misconfigured(str(error)) from None


def area(scores: NDArray[Any], inside: NDArray[np.bool_]) -> float:
    """Under the ROC curve: how often something inside scores above something outside, ties half."""
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    for value in np.unique(scores[order][:-1][np.diff(scores[order]) == 0]):
        ranks[scores == value] = ranks[scores == value].mean()
    count = int(inside.sum())
    return float((ranks[inside].sum() - count * (count + 1) / 2) / (count * (len(scores) - count)))


BANKING, CLINC = ("banking77/train.csv", "banking77/train.csv"), ("clinc150/data.json", "clinc150/data.json")


def goals(few: float, full: float, anchor: str) -> tuple[Goal, ...]:
    return (
        Goal(metric="accuracy_10shot", what="10 examples an intent", at_least=few, anchor=anchor),
        Goal(metric="accuracy_full", what="all examples", at_least=full),
    )


RUNS = tuple(
    Run(title=f"{title}, {mode}", files=files, given={"mode": mode}, goals=goals(few, full, anchor))
    for title, files, mode, few, full, anchor in (
        ("banking77", BANKING, "default", 0.845, 0.925, "USE+ConveRT .852/.934"),
        ("banking77", BANKING, "accurate", 0.85, 0.94, "USE+ConveRT .852/.934"),
        ("clinc150", CLINC, "default", 0.905, 0.95, "USE+ConveRT .933, BERT .962"),
        ("clinc150", CLINC, "accurate", 0.91, 0.955, "USE+ConveRT .933, BERT .962"),
    )
)
EVALUATOR = Evaluator(
    name="intents",
    files=("TRAIN", "TEST"),
    help="Learn intents from one file and measure on another (CSV: text, category; JSON by split). One file twice: "
    "a fifth of it is held out.",
    measure=measure,
    settings=(MODE, SHOTS),
    runs=RUNS,
)
SCOPE_EVALUATOR = Evaluator(
    name="oos",
    files=("TRAIN", "TEST"),
    help="Tell sentences of no intent (labelled oos) from the others; files as for --intents.",
    measure=measure_scope,
    settings=(MODE, SHOTS),
    runs=(
        Run(
            title="clinc150 out of scope",
            files=CLINC,
            goals=(
                Goal(metric="auroc_10shot", what="AUROC, 10 examples an intent", at_least=0.96),
                Goal(metric="auroc_full", what="AUROC, all examples", at_least=0.975),
            ),
        ),
    ),
)
