"""How well intents are told apart, measured on examples that were not learned from, and which examples to look at."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp.intents.examples import Corpus
from nlp.intents.lexical import tokens
from nlp.intents.model import Floats, Mode
from nlp.intents.train import Embeds, Material, crossed, material

# Fewer examples than this say little of how else it may be put.
FEW = 5
# Examples of two intents as near as this say the same to a machine, and mostly to people.
ALIKE = 0.9
MOST_ALIKE = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One intent, on its own examples: `found` is the share that was recognised, `true` of what was taken for it."""

    name: str
    examples: int
    found: float
    true: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Examples of `meant` that were taken for `told`."""

    meant: str
    told: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    one: str
    one_text: str
    other: str
    other_text: str
    likeness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Of one language. `scores` are (probability, whether right) of each example that was held out."""

    language: str
    mode: Mode
    examples: int
    accuracy: float
    intents: tuple[Judged, ...]
    confusions: tuple[Confusion, ...]
    alike: tuple[Alike, ...]
    few: tuple[str, ...]
    scores: tuple[tuple[float, bool], ...]


def report(corpus: Corpus, encoder: Embeds | None, mode: Mode) -> list[Report]:
    """One for each language. Five-fold cross-validation: each example is read by a model that has not seen it."""
    return [judge(code, material(found, encoder), mode) for code, found in corpus.languages.items()]


def judge(language: str, known: Material, mode: Mode) -> Report:
    outcome = crossed(known, mode)
    owners = np.zeros(0, dtype=np.int64) if outcome is None else outcome.owners
    told = owners if outcome is None else outcome.scores.argmax(axis=1)
    places = owners if outcome is None else outcome.places
    counts = Counter(known.owners.tolist())
    judged = tuple(
        Judged(
            name=name,
            examples=counts[place],
            found=share(told[owners == place] == place),
            true=share(owners[told == place] == place),
        )
        for place, name in enumerate(known.names)
    )
    return Report(
        language=language,
        mode=mode,
        examples=len(known.texts),
        accuracy=share(told == owners),
        intents=judged,
        confusions=confusions(known, owners.tolist(), told.tolist(), places.tolist()),
        alike=alike(known),
        few=tuple(one.name for one in judged if one.examples < FEW),
        scores=() if outcome is None else surenesses(outcome.scores, owners),
    )


def share(right: NDArray[np.bool_]) -> float:
    return float(right.mean()) if len(right) else 0.0


def surenesses(scores: Floats, owners: NDArray[np.int64]) -> tuple[tuple[float, bool], ...]:
    best = scores.max(axis=1)
    right = scores.argmax(axis=1) == owners
    return tuple((float(score), bool(hit)) for score, hit in zip(best, right, strict=True))


def confusions(
    known: Material, owners: Sequence[int], told: Sequence[int], places: Sequence[int]
) -> tuple[Confusion, ...]:
    """The most frequent first."""
    found: dict[tuple[int, int], list[str]] = {}
    for owner, other, place in zip(owners, told, places, strict=True):
        if owner != other:
            found.setdefault((int(owner), int(other)), []).append(known.texts[place])
    ordered = sorted(found.items(), key=lambda pair: -len(pair[1]))
    return tuple(
        Confusion(meant=known.names[meant], told=known.names[other], texts=tuple(texts))
        for (meant, other), texts in ordered
    )


def alike(known: Material) -> tuple[Alike, ...]:
    """Pairs of examples of different intents that hardly differ, the nearest first."""
    found = likenesses(known)
    pairs = [
        Alike(
            one=known.names[known.owners[one]],
            one_text=known.texts[one],
            other=known.names[known.owners[other]],
            other_text=known.texts[other],
            likeness=round(likeness, 3),
        )
        for one, other, likeness in found
    ]
    return tuple(sorted(pairs, key=lambda pair: -pair.likeness)[:MOST_ALIKE])


def likenesses(known: Material) -> list[tuple[int, int, float]]:
    """The same words in any order, and what is near by the cosine of the embeddings: a "?" alone may part those."""
    found = same_words(known)
    if known.vectors is None:
        return found
    same = {(one, other) for one, other, _ in found}
    unit = known.vectors / np.linalg.norm(known.vectors, axis=1, keepdims=True)
    near = []
    for place in range(1, len(unit)):
        cosines = unit[:place] @ unit[place]
        nearby = np.flatnonzero((cosines >= ALIKE) & (known.owners[:place] != known.owners[place]))
        near += [(other, place, float(cosines[other])) for other in map(int, nearby) if (other, place) not in same]
    return found + near


def same_words(known: Material) -> list[tuple[int, int, float]]:
    first: dict[tuple[str, ...], int] = {}
    found = []
    for place, text in enumerate(known.texts):
        other = first.setdefault(tuple(sorted(tokens(text))), place)
        if known.owners[other] != known.owners[place]:
            found.append((other, place, 1.0))
    return found
