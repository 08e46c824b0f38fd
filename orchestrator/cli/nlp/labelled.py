"""Labelled sentences, as their publishers keep them: CSV and TSV with a line of names, or JSON by split."""

import csv
import hashlib
import io
import json
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from orchestrator.cli.nlp.evaluator import named, readable
from orchestrator.errors import Misconfigured

Row = tuple[str, str]
"""A sentence and its label."""

OUT_OF_SCOPE = "oos"
LABELS = ("category", "label", "intent", "handoff", "sentiment")
# Of which splits of a JSON file examples are learned and measured on, likeliest first.
TRAIN, TEST = ("train",), ("test", "val")
# When both files are the same: every so many-th sentence is measured on, told by its digest, and the rest learned from.
EVERY = 5


def rows(path: Path, splits: Sequence[str]) -> list[Row]:
    """Raises Misconfigured for another format. Of CSV and TSV all rows, of JSON those of the first split there is."""
    if path.suffix == ".json":
        return from_json(path, splits)
    text = io.StringIO(readable(path))
    # Tab-separated files keep quotation marks as they are.
    tabbed = path.suffix == ".tsv"
    reader = csv.DictReader(text, delimiter="\t", quoting=csv.QUOTE_NONE) if tabbed else csv.DictReader(text)
    names = named(reader.fieldnames or ())
    reader.fieldnames = names
    label = next((name for name in LABELS if name in names), "")
    if "text" not in names or not label:
        known = ", ".join(LABELS)
        raise Misconfigured(f"{str(path)!r} needs a first line with columns 'text' and one of {known}; it is {names}")
    return kept(path, list(cells(path, reader, label)))


def cells(path: Path, reader: "csv.DictReader[str]", label: str) -> Iterator[Row]:
    """Lines without anything are passed over; one with half of what is needed is a mistake in the file."""
    try:
        for row in reader:
            text, meant = (row["text"] or "").strip(), (row[label] or "").strip()
            if text and meant:
                yield text, meant
            elif text or meant:
                raise Misconfigured(f"{str(path)!r}, line {reader.line_num}: 'text' or {label!r} is missing")
    except csv.Error as error:
        raise Misconfigured(f"{str(path)!r}, line {reader.line_num}: {error}") from None


def from_json(path: Path, splits: Sequence[str]) -> list[Row]:
    """`{"train": [[text, label], …], "oos_train": …}`: what is out of scope counts to its split."""
    try:
        raw = json.loads(readable(path))
        name = next((name for name in splits if name in raw), "")
        found = [*raw[name], *raw.get(f"oos_{name}", [])] if name else []
        return kept(path, [(str(text), str(label)) for text, label in found])
    except (ValueError, TypeError, KeyError):
        raise Misconfigured(f"{str(path)!r} is no JSON object of splits with [text, label] pairs") from None


def kept(path: Path, found: list[Row]) -> list[Row]:
    if not found:
        raise Misconfigured(f"{str(path)!r} has no rows")
    return found


def halves(train: Path, test: Path) -> tuple[list[Row], list[Row]]:
    """What to learn from and what to measure on: never the same sentence."""
    known, asked = rows(train, TRAIN), rows(test, TEST)
    if train.resolve() == test.resolve() and train.suffix != ".json":
        held = [row for row in known if held_out(row[0])]
        return [row for row in known if not held_out(row[0])], held
    return known, asked


def held_out(text: str) -> bool:
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(), 16) % EVERY == 0


def by_intent(found: Sequence[Row]) -> dict[str, list[str]]:
    grouped = defaultdict[str, list[str]](list)
    for text, label in found:
        if label != OUT_OF_SCOPE:
            grouped[label].append(text)
    return dict(sorted(grouped.items()))


def drawn(examples: dict[str, list[str]], shots: int, draw: int) -> dict[str, list[str]]:
    """As many of each intent; the same ones for the same draw."""
    dice = random.Random(f"{draw}")
    return {name: dice.sample(texts, min(shots, len(texts))) for name, texts in examples.items()}


def folds(folder: Path) -> Iterator[dict[str, Any]]:
    """NLU++'s messages: a file of them, or a folder of files named *.fold*.json. Raises Misconfigured."""
    files = sorted(folder.glob("*.fold*.json")) if folder.is_dir() else [folder]
    if not files:
        raise Misconfigured(f"{str(folder)!r} holds no *.fold*.json")
    for path in files:
        try:
            found = json.loads(readable(path))
            yield from (one for one in found if isinstance(one["text"], str))
        except (ValueError, TypeError, KeyError):
            raise Misconfigured(f"{str(path)!r} is no list of messages with a 'text'") from None
