"""What was learned from examples, as plain arrays: scores of intents and how likely a message is of none of them.

Of a message's vector: a softmax regression, plus how near each intent's examples are; with many examples an intent also
their weighed likeness (kernel ridge regression), while they are not too many to look at each. In "accurate" mode, and
without an embedding, a linear SVM over TF-IDF besides. Whether a message is in scope is told by the regression's
largest logit, and the cosines to the nearest centroid and to the nearest example.
"""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nlp.intents.lexical import Lexical
from orchestrator.errors import EngineFailed

Floats = NDArray[np.float32]
Mode = Literal["default", "accurate", "lexical"]

# Weight of the nearest example beside the regression's probability: +.005 on banking77, harmless on clinc150.
NEAREST = 1.0
# With more examples an intent it is better to count those around: how much less one counts that is farther off, and
# what that counts beside the probability. Of banking77 alone .922 are right, with the nearest .925, so .932.
CROWD, NARROW, AROUND = 20, 40.0, 0.5
# How far an example reaches in the kernel: the best of .5 to 8.
REACH = 2.0
CANDIDATES = 10
# Weights of cosines beside the largest logit, from clinc150: .984 where the logit alone tells .970 and a centroid .983.
SCOPE_CENTROID, SCOPE_NEAREST = 10.0, 10.0
# Without an embedding: of the share of known words beside the SVM's best margin.
SCOPE_KNOWN = 2.0
LARGEST = 500_000_000
# Examples that are compared in a quarter of a millisecond: all of them, or those of the likeliest intents.
QUICK, QUICK_KERNEL = 3000, 1000


@dataclass(frozen=True, slots=True)
class Reading:
    """`scores`: each intent's probability if one of them is meant, likeliest first; `out_of_scope` 0..1."""

    scores: tuple[tuple[str, float], ...]
    out_of_scope: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dense:
    """Over embeddings: regression [768, intents], [intents]; examples [n, 768] sorted by intent, each of length 1.

    `kernel` are each example's weights for each intent, [n, intents].
    """

    weights: Floats
    offsets: Floats
    centroids: Floats
    examples: Floats
    starts: NDArray[np.int64]
    """Where each intent's examples begin."""
    kernel: Floats | None = None

    @property
    def crowded(self) -> bool:
        return len(self.examples) >= CROWD * len(self.starts)


ARRAYS = ("weights", "offsets", "centroids", "examples", "starts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparse:
    """Over TF-IDF: weights [features, intents] and [intents] of one SVM for each intent; `share` is what they count."""

    lexical: Lexical
    weights: NDArray[np.float16]
    offsets: Floats
    share: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One language's. `sharpness` turns scores into probabilities, `edge` and `width` scope scores into a share."""

    names: tuple[str, ...]
    dense: Dense | None = None
    sparse: Sparse | None = None
    sharpness: float = 8.0
    edge: float = 0.0
    width: float = 1.0

    @property
    def quick(self) -> bool:
        """Whether reading takes a quarter of a millisecond at most: less than it takes to change threads."""
        if self.sparse is not None or self.dense is None:
            return False
        return len(self.dense.examples) <= (QUICK if self.dense.kernel is None else QUICK_KERNEL)

    def read(self, vector: Floats | None, text: str) -> Reading:
        scores, scope = self.scores(vector, text)
        shares = softmax(self.sharpness * scores)
        order = np.argsort(-shares, kind="stable")
        out = 1 / (1 + np.exp(np.clip((scope - self.edge) / self.width, -30, 30)))
        return Reading(tuple(zip((self.names[k] for k in order), shares[order].tolist(), strict=True)), float(out))

    def scores(self, vector: Floats | None, text: str) -> tuple[Floats, float]:
        """Of each intent, and how much in scope the message is; the scales are the head's own."""
        total = np.zeros(len(self.names), dtype=np.float32)
        scope = 0.0
        if self.dense is not None and vector is not None:
            found, scope = dense_scores(self.dense, vector)
            total += found
        if self.sparse is not None:
            places, values = self.sparse.lexical.vector(text)
            margins = values @ self.sparse.weights[places].astype(np.float32) + self.sparse.offsets
            total += self.sparse.share * margins
            if self.dense is None:
                scope = float(margins.max()) + SCOPE_KNOWN * self.sparse.lexical.known(text)
        return total, scope


def dense_scores(dense: Dense, vector: Floats) -> tuple[Floats, float]:
    unit = vector / (np.linalg.norm(vector) or 1.0)
    logits = vector @ dense.weights + dense.offsets
    if dense.kernel is None:
        near, nearest = neighbours(dense, unit, logits)
    else:
        cosines = dense.examples @ unit
        nearest = float(cosines.max())
        near = NEAREST * np.maximum.reduceat(cosines, dense.starts) + likeness(cosines) @ dense.kernel
    scope = logits.max() + SCOPE_CENTROID * (dense.centroids @ unit).max() + SCOPE_NEAREST * nearest
    return softmax(logits) + near, float(scope)


def likeness(cosines: Floats, *, out: Floats | None = None) -> Floats:
    """1 for the same direction, less the farther off: a Gaussian of the distance between vectors of length 1."""
    scaled = np.subtract(cosines, 1, out=out)
    scaled *= REACH
    return np.exp(scaled, out=scaled)


def neighbours(dense: Dense, unit: Floats, logits: Floats) -> tuple[Floats, float]:
    """What the examples near add to each of the likeliest intents, 0 for the others, which can't win any more.

    And the nearest one's cosine.
    """
    count = len(logits)
    likeliest = np.argpartition(-logits, CANDIDATES)[:CANDIDATES] if count > CANDIDATES else np.arange(count)
    ends = np.append(dense.starts[1:], len(dense.examples))
    cosines = [dense.examples[dense.starts[place] : ends[place]] @ unit for place in likeliest]
    nearest = np.array([own.max() for own in cosines], dtype=np.float32)
    found = np.zeros(count, dtype=np.float32)
    if dense.crowded:
        around = np.array([np.exp(NARROW * (own - 1)).sum() for own in cosines], dtype=np.float32)
        found[likeliest] = AROUND * around / (around.sum() or 1.0)
    else:
        found[likeliest] = NEAREST * nearest
    return found, float(nearest.max())


def softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max())
    return np.asarray(raised / raised.sum(), dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Heads by language; `encoder` is the digest of the embedding they were trained on, "" without one."""

    heads: Mapping[str, Head]
    mode: Mode
    encoder: str = ""
    corpus: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)


def save(model: Model) -> bytes:
    """A zip of arrays and one JSON, without pickles."""
    arrays: dict[str, NDArray[Any]] = {}
    heads: dict[str, dict[str, Any]] = {}
    for code, head in model.heads.items():
        heads[code] = {"names": head.names, "sharpness": head.sharpness, "edge": head.edge, "width": head.width}
        if head.dense is not None:
            arrays |= {f"{code}.dense.{name}": getattr(head.dense, name) for name in ARRAYS}
            if head.dense.kernel is not None:
                arrays[f"{code}.dense.kernel"] = head.dense.kernel
        if head.sparse is not None:
            words = "\n".join(head.sparse.lexical.vocabulary).encode()
            arrays[f"{code}.sparse.vocabulary"] = np.frombuffer(words, dtype=np.uint8)
            arrays[f"{code}.sparse.rarity"] = head.sparse.lexical.weights
            arrays[f"{code}.sparse.weights"] = head.sparse.weights
            arrays[f"{code}.sparse.offsets"] = head.sparse.offsets
            heads[code]["share"] = head.sparse.share
    about = {"heads": heads, "mode": model.mode, "encoder": model.encoder, "corpus": model.corpus, **model.about}
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def load(path: Path) -> Model:
    """Raises EngineFailed when the file is not what `save` wrote."""
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("too large")
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            about = json.loads(arrays["about"].tobytes())
            heads = {code: head_of(code, one, arrays) for code, one in about.pop("heads").items()}
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, EOFError) as error:
        raise EngineFailed(f"the trained intents {str(path)!r} can't be read: {type(error).__name__}") from None
    return Model(
        heads=heads, mode=about.pop("mode"), encoder=about.pop("encoder"), corpus=about.pop("corpus"), about=about
    )


def head_of(code: str, about: Mapping[str, Any], arrays: Mapping[str, Any]) -> Head:
    dense = sparse = None
    if f"{code}.dense.weights" in arrays:
        found = {name: arrays[f"{code}.dense.{name}"] for name in ARRAYS}
        dense = Dense(**found, kernel=arrays.get(f"{code}.dense.kernel"))
    if f"{code}.sparse.weights" in arrays:
        words: Sequence[str] = arrays[f"{code}.sparse.vocabulary"].tobytes().decode().split("\n")
        lexical = Lexical({word: place for place, word in enumerate(words)}, arrays[f"{code}.sparse.rarity"])
        sparse = Sparse(
            lexical=lexical,
            weights=arrays[f"{code}.sparse.weights"],
            offsets=arrays[f"{code}.sparse.offsets"],
            share=float(about["share"]),
        )
    return Head(
        names=tuple(about["names"]),
        dense=dense,
        sparse=sparse,
        sharpness=float(about["sharpness"]),
        edge=float(about["edge"]),
        width=float(about["width"]),
    )
