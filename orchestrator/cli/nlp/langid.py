"""`--langid`: which language single messages are in, told without knowing the conversation."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean, quantiles
from typing import Any

from orchestrator.cli.nlp.evaluator import Evaluator, Goal, Metrics, Run, columns
from orchestrator.cli.nlp.listening import LANGUAGE_ENGINE, run, understanding
from orchestrator.types import Utterance

# Languages of the goals: those every word list has.
FOURTEEN = ("en", "es", "it", "nl", "de", "fr", "pt", "pl", "sv", "tr", "ru", "zh", "ja", "ar")
ALIASES = {"nb": "no", "nn": "no"}
# Chinese and Japanese put no blanks between words: theirs count as one.
SHORT, LONGEST = range(2, 4), 12

Told = tuple[str, str, int]
"""The language a message is in, the one that was told, and its words."""


def measure(paths: Sequence[Path], settings: Mapping[str, Any]) -> Metrics:
    rows = [row for path in paths for row in messages(path)]
    every = tuple(dict.fromkeys(code for code, _, _ in rows))
    fourteen = tuple(code for code in FOURTEEN if code in every)
    engine = settings[LANGUAGE_ENGINE.name]
    few, few_ms = told(engine, [row for row in rows if row[0] in fourteen], fourteen)
    many, many_ms = told(engine, rows, every) if len(every) > len(fourteen) else ([], [])
    return {
        "engine": engine,
        "languages": list(every),
        **(shares("14", few, few_ms) if few else {}),
        **(shares(str(len(every)), many, many_ms) if many else {}),
    }


def messages(path: Path) -> list[tuple[str, str, int]]:
    """Language, text and number of words; those longer than the goals speak of are left out."""
    rows = columns(path, ("lang", "text"))
    counted = [
        (ALIASES.get(row["lang"], row["lang"]), row["text"], int(row.get("n_words") or len(row["text"].split())))
        for row in rows
    ]
    return [one for one in counted if one[2] <= LONGEST]


def told(engine: str, rows: Sequence[tuple[str, str, int]], languages: Sequence[str]) -> tuple[list[Told], list[float]]:
    """What the engine makes of each message, and the milliseconds it took."""

    async def work() -> tuple[list[Told], list[float]]:
        found: list[Told] = []
        times: list[float] = []
        async with understanding([("language", engine)], languages) as understander:
            for code, text, words in rows:
                understood = await understander.read(Utterance(text=text))
                seen = understood.language.seen
                found.append((code, seen[0][0] if seen else "", words))
                times.extend(one.ms for one in understood.stages if one.stage == "language")
        return found, times

    return run(work)


def shares(name: str, found: Sequence[Told], times: Sequence[float]) -> Metrics:
    short = [one for one in found if one[2] in SHORT]
    return {
        f"messages_{name}": len(found),
        f"macro_accuracy_{name}": macro(found),
        f"messages_{name}_short": len(short),
        f"macro_accuracy_{name}_short": macro(short),
        f"mistaken_{name}": dict(confusions(found)),
        f"p50_ms_{name}": percentile(times, 50),
        f"p95_ms_{name}": percentile(times, 95),
    }


def macro(found: Iterable[Told]) -> float | None:
    """The mean of each language's share of right answers; None without messages."""
    right = defaultdict[str, list[bool]](list)
    for code, answer, _ in found:
        right[code].append(code == answer)
    return round(mean(mean(one) for one in right.values()), 4) if right else None


def confusions(found: Iterable[Told], most: int = 12) -> list[tuple[str, int]]:
    counts = Counter(f"{code} as {answer or 'none'}" for code, answer, _ in found if code != answer)
    return counts.most_common(most)


def percentile(times: Sequence[float], share: int) -> float | None:
    return round(quantiles(times, n=100)[share - 1], 3) if len(times) > 1 else None


EVALUATOR = Evaluator(
    name="langid",
    files=("FILE.tsv",),
    help="Tell the language of single messages (columns lang, text, n_words).",
    measure=measure,
    settings=(LANGUAGE_ENGINE,),
    runs=(
        Run(
            title="language",
            files=("langid.tsv",),
            goals=(
                Goal(
                    metric="macro_accuracy_14",
                    what="14 languages, 2-12 words",
                    at_least=0.993,
                    anchor="py3langid .995, lingua .981, langdetect .957",
                ),
                Goal(
                    metric="macro_accuracy_14_short",
                    what="14 languages, 2-3 words",
                    at_least=0.975,
                    anchor="py3langid .980, lingua .956, langdetect .889",
                ),
                Goal(metric="macro_accuracy_21", what="21 languages", at_least=0.98, anchor="py3langid .982"),
                Goal(metric="p50_ms_14", what="ms a message", at_most=1.0, anchor="langdetect 1.8"),
            ),
        ),
    ),
)
