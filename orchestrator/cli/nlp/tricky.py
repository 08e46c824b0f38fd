"""`--tricky`: messages that trip systems up, told in a conversation's language; and what must come through whole.

What is to be kept is sent through an engine that changes every word it is shown: only what is guarded survives.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.cli.nlp.evaluator import Evaluator, Goal, Metrics, Run, columns
from orchestrator.cli.nlp.langid import FOURTEEN
from orchestrator.cli.nlp.listening import LANGUAGE_ENGINE, run, understanding
from orchestrator.errors import Misconfigured
from orchestrator.types import Text, Utterance
from orchestrator.understand import Understander

COLUMNS = ("id", "direction", "conv_lang", "text", "keep", "lang_after")
WORD = re.compile(r"(?<![⟦\d])[^\W\d_]+")
PIVOT = "en"


class Garbling:
    """A Translator that turns every word round, and leaves tokens alone as an engine should."""

    name = "garbling"
    third_party = False

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    def pairs(self, source: str, target: str) -> bool:
        return True

    async def translate(self, texts: Sequence[str], source: str, target: str) -> Sequence[str]:
        return [WORD.sub(lambda word: f"q{word[0][::-1].lower()}q", text) for text in texts]


def measure(paths: Sequence[Path], settings: Mapping[str, Any]) -> Metrics:
    rows = [row for path in paths for row in columns(path, COLUMNS)]
    if strange := next((row for row in rows if row["direction"] not in ("in", "out")), None):
        raise Misconfigured(f"row {strange['id']!r}: the direction is 'in' or 'out', not {strange['direction']!r}")
    engine = settings[LANGUAGE_ENGINE.name]
    languages = tuple(
        dict.fromkeys((*FOURTEEN, *(row["conv_lang"] for row in rows), *(row["lang_after"] for row in rows)))
    )
    wrong, lost, tokens = run(lambda: told(engine, languages, rows))
    customers = sum(row["direction"] == "in" for row in rows)
    return {
        "engine": engine,
        "messages": customers,
        "language": round(1 - len(wrong) / customers, 4) if customers else None,
        "wrong": wrong,
        "tokens": tokens,
        "kept_tokens": round(1 - len(lost) / tokens, 4) if tokens else None,
        "lost": lost,
    }


async def told(
    engine: str, languages: Sequence[str], rows: Sequence[Mapping[str, str]]
) -> tuple[dict[str, str], list[str], int]:
    """What was told for messages told wrong, what was lost, and how many pieces were to be kept."""
    wrong: dict[str, str] = {}
    lost: list[str] = []
    tokens = 0
    async with understanding([("language", engine)], languages, translators=[Garbling()]) as understander:
        for row in rows:
            kept = [piece for piece in row["keep"].split("|") if piece]
            tokens += len(kept)
            if row["direction"] == "in":
                code, text = await heard(understander, row)
                if code != row["lang_after"]:
                    wrong[row["id"]] = code
            else:
                text = await said(understander, row)
            lost += [f"{row['id']}: {piece}" for piece in kept if text.count(piece) != row["text"].count(piece)]
    return wrong, lost, tokens


async def heard(understander: Understander, row: Mapping[str, str]) -> tuple[str, str]:
    """The language that is told, and the text in the pivot language."""
    understood = await understander.read(Utterance(text=row["text"], prior=row["conv_lang"], pivot_language=PIVOT))
    return understood.language.code, understood.pivot


async def said(understander: Understander, row: Mapping[str, str]) -> str:
    """What the customer reads."""
    parts = (Text(text=row["text"], markdown=True),)
    translated = await understander.translate(parts, PIVOT, row["conv_lang"])
    [part] = translated.parts or parts
    return part.text if isinstance(part, Text) else ""


EVALUATOR = Evaluator(
    name="tricky",
    files=("FILE.tsv",),
    help="Tricky messages: language held, pieces kept (columns id, direction, conv_lang, text, keep, lang_after).",
    measure=measure,
    settings=(LANGUAGE_ENGINE,),
    runs=(
        Run(
            title="tricky messages",
            files=("tricky.tsv",),
            goals=(
                Goal(metric="language", what="language", at_least=0.96, anchor="langdetect 30 of 58"),
                Goal(metric="kept_tokens", what="kept tokens", at_least=1.0),
            ),
        ),
    ),
)
