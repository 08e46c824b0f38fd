"""`--chatwords`: greetings, answers and words of a shop, each a whole message."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.cli.nlp.evaluator import Evaluator, Goal, Metrics, Run, columns
from orchestrator.cli.nlp.langid import FOURTEEN, macro
from orchestrator.cli.nlp.listening import LANGUAGE_ENGINE, run, understanding
from orchestrator.types import Utterance


def measure(paths: Sequence[Path], settings: Mapping[str, Any]) -> Metrics:
    """`accuracy` is of each word by itself, though "ok" and "hola" are of several languages; `kept` is the share that
    leaves a conversation in its language, `hinted` the share told right as a first message from a browser in it.
    """
    rows = [(row["lang"], row["text"]) for path in paths for row in columns(path, ("lang", "text"))]
    languages = tuple(dict.fromkeys((*FOURTEEN, *(code for code, _ in rows))))
    engine = settings[LANGUAGE_ENGINE.name]
    alone, within, first = run(lambda: told(engine, languages, rows))
    return {
        "engine": engine,
        "messages": len(rows),
        "accuracy": macro([(code, answer, 1) for (code, _), answer in zip(rows, alone, strict=True)]),
        "kept": share(rows, within),
        "hinted": share(rows, first),
        "mistaken": mistaken(rows, alone),
    }


async def told(
    engine: str, languages: Sequence[str], rows: Sequence[tuple[str, str]]
) -> tuple[list[str], list[str], list[str]]:
    """By itself, in a conversation in its language, and as the first message with its language as a hint."""
    alone: list[str] = []
    within: list[str] = []
    first: list[str] = []
    async with understanding([("language", engine)], languages) as understander:
        for code, text in rows:
            seen = (await understander.read(Utterance(text=text))).language.seen
            alone.append(seen[0][0] if seen else "")
            within.append((await understander.read(Utterance(text=text, prior=code))).language.code)
            first.append((await understander.read(Utterance(text=text, hint=code))).language.code)
    return alone, within, first


def share(rows: Sequence[tuple[str, str]], answers: Sequence[str]) -> float:
    right = sum(code == answer for (code, _), answer in zip(rows, answers, strict=True))
    return round(right / len(rows), 4)


def mistaken(rows: Sequence[tuple[str, str]], answers: Sequence[str]) -> dict[str, list[str]]:
    found = defaultdict[str, list[str]](list)
    for (code, text), answer in zip(rows, answers, strict=True):
        if code != answer:
            found[f"{code} as {answer or 'none'}"].append(text)
    return dict(found)


EVALUATOR = Evaluator(
    name="chatwords",
    files=("FILE.tsv",),
    help="Greetings, answers and single words (columns lang, text).",
    measure=measure,
    settings=(LANGUAGE_ENGINE,),
    runs=(
        Run(
            title="chat words",
            files=("chatwords.tsv",),
            goals=(
                Goal(metric="accuracy", what="told by themselves", at_least=0.9),
                Goal(metric="kept", what="leave the conversation as it is", at_least=1.0),
            ),
        ),
    ),
)
