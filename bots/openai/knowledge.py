"""Pieces of the owner's texts that fit a question best, by Okapi BM25 (Robertson, Zaragoza 2009). Pure but `load`."""

import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.errors import Misconfigured

K1, B = 1.2, 0.75
LONGEST = 1500
"""Characters of a piece."""
LARGEST = 5_000_000
KINDS = (".md", ".txt", ".toml")
WORD = re.compile(r"\w+")
HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Piece:
    source: str
    text: str


class Knowledge:
    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = pieces
        self.counts = [Counter(words(piece.text)) for piece in pieces]
        self.lengths = [sum(count.values()) for count in self.counts]
        self.mean = sum(self.lengths) / len(pieces) if pieces else 1.0
        self.known = Counter(word for count in self.counts for word in count)

    def best(self, question: str, most: int) -> list[Piece]:
        """Best first; none that has no word of the question."""
        asked = set(words(question))
        scored = [(self.score(place, asked), place) for place in range(len(self.pieces))]
        found = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: (-pair[0], pair[1]))
        return [self.pieces[place] for _, place in found[:most]]

    def score(self, place: int, asked: Iterable[str]) -> float:
        count, length = self.counts[place], self.lengths[place]
        return sum(
            self.rarity(word) * count[word] * (K1 + 1) / (count[word] + K1 * (1 - B + B * length / self.mean))
            for word in asked
            if word in count
        )

    def rarity(self, word: str) -> float:
        having = self.known[word]
        return math.log(1 + (len(self.pieces) - having + 0.5) / (having + 0.5))


def words(text: str) -> list[str]:
    """In small letters, without a plural's s: "returns" finds "return"."""
    found = (word.casefold() for word in WORD.findall(text))
    return [word[:-1] if len(word) > 3 and word.endswith("s") else word for word in found]


def load(paths: Iterable[Path]) -> Knowledge:
    """Raises Misconfigured for what can't be read."""
    files = [file for path in paths for file in files_of(path)]
    return Knowledge([piece for file in files for piece in pieces_of(file)])


def files_of(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.suffix in KINDS and file.is_file())
    return [path]


def pieces_of(file: Path) -> Iterator[Piece]:
    text = text_of(file)
    if file.suffix != ".toml":
        yield from (Piece(file.name, each) for each in cut(text))
        return
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"knowledge {str(file)!r}: {error}", key=("knowledge",)) from None
    values = tables.get("values", {})
    for entry in tables.get("faq", []):
        question, answer = str(entry.get("question", "")), filled(str(entry.get("answer", "")), values)
        others = " ".join(map(str, entry.get("also", [])))
        yield Piece(file.name, f"{question}\n{answer}\n{others}"[:LONGEST])


def filled(text: str, values: Mapping[str, Any]) -> str:
    """With the guide's own `{values.phone}`."""
    return re.sub(r"\{values\.(\w+)\}", lambda name: str(values.get(name[1], name[0])), text)


def text_of(file: Path) -> str:
    try:
        if file.stat().st_size > LARGEST:
            raise Misconfigured(f"knowledge {str(file)!r} is larger than {LARGEST} bytes", key=("knowledge",))
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise Misconfigured(f"knowledge {str(file)!r}: {error.strerror}", key=("knowledge",)) from None
    except UnicodeDecodeError:
        raise Misconfigured(f"knowledge {str(file)!r} is not UTF-8 text", key=("knowledge",)) from None


def cut(text: str) -> Iterator[str]:
    """At headings, and where a section is long, between paragraphs; each piece begins with its heading."""
    starts = [match.start() for match in HEADING.finditer(text)]
    for begin, end in zip([0, *starts], [*starts, len(text)], strict=True):
        section = text[begin:end].strip()
        heading = section.partition("\n")[0] if section.startswith("#") else ""
        held = ""
        for paragraph in re.split(r"\n\s*\n", section):
            if held and len(held) + len(paragraph) > LONGEST:
                yield held
                held = heading
            held = f"{held}\n{paragraph}".strip()[: LONGEST * 2]
        if held and held != heading:
            yield held
