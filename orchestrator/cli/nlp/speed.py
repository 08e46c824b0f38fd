"""`--speed`: what understanding costs a turn without translation, in time and memory."""

import resource
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.cli.nlp.evaluator import Evaluator, Goal, Metrics, Run
from orchestrator.cli.nlp.felt import ENGINES, PIVOT
from orchestrator.cli.nlp.labelled import TRAIN, by_intent, drawn, rows
from orchestrator.cli.nlp.langid import percentile
from orchestrator.cli.nlp.listening import run, understanding
from orchestrator.types import Utterance

MESSAGES, SHOTS = 500, 10
LANGUAGES = ("en", "es", "it", "nl")


def measure(paths: Sequence[Path], settings: Mapping[str, Any]) -> Metrics:
    """Every engine an app has by default, and intents learned from ten examples each of the file's labels."""
    found = rows(paths[0], TRAIN)
    texts = [text for text, _ in found[:: max(1, len(found) // MESSAGES)]][:MESSAGES]
    examples = drawn(by_intent(found), SHOTS, 0)
    engines = [
        ("language", "langid"),
        *(("sentiment", name) for name in ENGINES["sentiment"]("auto")),
        *(("wish", name) for name in ENGINES["wish"]("auto")),
        ("intent", "intents"),
    ]
    times: list[float] = []
    spent: list[float] = []

    async def work(place: str) -> float:
        given = {"intents": {"intents": examples, "versions": place}}
        async with understanding(engines, LANGUAGES, given=given):
            pass  # Learned and kept now: what follows is a start as any later one.
        start = time.perf_counter()
        async with understanding(engines, LANGUAGES, given=given) as understander:
            loading = time.perf_counter() - start
            cpu = time.process_time()
            for text in texts:
                start = time.perf_counter()
                await understander.read(Utterance(text=text, prior=PIVOT))
                times.append(1000 * (time.perf_counter() - start))
            spent.append(time.process_time() - cpu)
        return loading

    with tempfile.TemporaryDirectory(prefix="parley-speed-") as place:
        loading = run(lambda: work(place))
    return {
        "messages": len(texts),
        "engines": [name for _, name in engines],
        "p50_ms": percentile(times, 50),
        "p95_ms": percentile(times, 95),
        "cpu_ms": round(1000 * spent[0] / len(texts), 3),
        "warm_load_s": round(loading, 3),
        "process_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


EVALUATOR = Evaluator(
    name="speed",
    files=("FILE",),
    help="Time of a turn without translation (CSV: text, category; intents are learned from it).",
    measure=measure,
    runs=(
        Run(
            title="speed",
            files=("banking77/train.csv",),
            goals=(
                Goal(metric="p50_ms", what="a turn, p50 ms", at_most=6),
                Goal(metric="p95_ms", what="a turn, p95 ms", at_most=10),
                Goal(metric="warm_load_s", what="warm load, s", at_most=2),
            ),
        ),
    ),
)
