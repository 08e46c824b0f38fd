"""Which language pairs Apertium can translate here: its mode files, read and turned into commands.

A mode file is one shell pipeline (wiki.apertium.org/wiki/Modes). `$1` in it is the generator's switch, `$2` extra
switches of the tagger.
"""

import re
import shlex
import shutil
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Programs known to flush on NUL with -z; a mode that needs any other can't be kept running.
STAGES = frozenset(
    {
        "lt-proc",
        "lrx-proc",
        "lsx-proc",
        "cg-proc",
        "hfst-proc",
        "rtx-proc",
        "apertium-anaphora",
        "apertium-interchunk",
        "apertium-postchunk",
        "apertium-pretransfer",
        "apertium-posttransfer",
        "apertium-tagger",
        "apertium-transfer",
    }
)
# Only narrows down readings, which the tagger does as well: a pair still works without it.
OPTIONAL = frozenset({"cg-proc"})

# ISO 639-3, as newer Apertium pairs are named, to the ISO 639-1 used everywhere else here.
TWO_LETTERS = {
    "afr": "af",
    "ara": "ar",
    "arg": "an",
    "bel": "be",
    "bul": "bg",
    "cat": "ca",
    "ces": "cs",
    "cym": "cy",
    "dan": "da",
    "deu": "de",
    "eng": "en",
    "epo": "eo",
    "eus": "eu",
    "fin": "fi",
    "fra": "fr",
    "glg": "gl",
    "hbs": "sh",
    "ind": "id",
    "isl": "is",
    "ita": "it",
    "kaz": "kk",
    "mkd": "mk",
    "mlt": "mt",
    "nld": "nl",
    "nno": "nn",
    "nob": "no",
    "nb": "no",
    "oci": "oc",
    "pol": "pl",
    "por": "pt",
    "ron": "ro",
    "rus": "ru",
    "slv": "sl",
    "spa": "es",
    "srd": "sc",
    "swe": "sv",
    "tat": "tt",
    "tur": "tr",
    "ukr": "uk",
    "urd": "ur",
    "zho": "zh",
}

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """One direction: the commands of its pipeline, in order."""

    name: str
    commands: tuple[tuple[str, ...], ...]


def discover(folder: Path, found: Callable[[str], str | None] = shutil.which) -> dict[Pair, Mode]:
    """Every direction whose programs and data are all here. Variants (`spa-eng_US`) are left out."""
    modes: dict[Pair, Mode] = {}
    for path in sorted(folder.glob("*.mode")):
        pair = pair_of(path.stem)
        if pair and pair not in modes and (mode := read_mode(path, found)):
            modes[pair] = mode
    return modes


def pair_of(name: str) -> Pair | None:
    """ISO 639-1 codes of a mode's name, None when it is not a plain pair of languages."""
    plain = re.fullmatch(r"([a-z]{2,3})-([a-z]{2,3})", name)
    return (two_letters(plain[1]), two_letters(plain[2])) if plain else None


def two_letters(code: str) -> str:
    return TWO_LETTERS.get(code, code)


def read_mode(path: Path, found: Callable[[str], str | None]) -> Mode | None:
    """The pipeline of a mode file with NUL flushing switched on; None when it can't run here."""
    try:
        words = shlex.split(path.read_text(encoding="utf-8").replace("|", " | "))
    except (OSError, ValueError):
        return None
    commands: list[tuple[str, ...]] = []
    for stage in split_at_bars(words):
        program = stage[0]
        if program not in STAGES:
            return None
        if not found(program):
            if program in OPTIONAL:
                continue
            return None
        if not all(Path(word).exists() for word in stage if word.startswith("/")):
            return None
        # -n makes the generator leave out its marks (*unknown, #not inflected, @not in the dictionary).
        switches = [{"$1": "-n"}.get(word, word) for word in stage[1:] if word != "$2"]
        commands.append((program, "-z", *switches))
    return Mode(name=path.stem, commands=tuple(commands)) if commands else None


def split_at_bars(words: Sequence[str]) -> list[list[str]]:
    stages: list[list[str]] = [[]]
    for word in words:
        if word == "|":
            stages.append([])
        else:
            stages[-1].append(word)
    return [stage for stage in stages if stage]


def shortest_path(modes: Mapping[Pair, Mode], source: str, target: str, longest: int) -> tuple[Pair, ...]:
    """The fewest pairs that lead from source to target; () when there is no way of at most `longest`."""
    queue: deque[tuple[Pair, ...]] = deque([()])
    seen = {source}
    while queue:
        path = queue.popleft()
        if len(path) == longest:
            continue
        here = path[-1][1] if path else source
        for pair in modes:
            if pair[0] != here or pair[1] in seen:
                continue
            if pair[1] == target:
                return (*path, pair)
            seen.add(pair[1])
            queue.append((*path, pair))
    return ()
