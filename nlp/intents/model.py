"""What was learned from examples, as plain arrays: scores of intents and how likely a message is of none of them.

Of a message's vector: a softmax regression, plus the cosine to the nearest example of each intent; in "accurate" mode,
and without an embedding, also a linear SVM over TF-IDF. Whether it is in scope is told by the regression's largest
logit, and the cosines to the nearest centroid and to the nearest example.
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
NEAREST = 0.5
CANDIDATES = 10
# Weights of cosines beside the largest logit, from clinc150: .984 where the logit alone tells .970 and a centroid .983.
SCOPE_CENTROID, SCOPE_NEAREST = 10.0, 10.0
# Without an embedding: of the share of known words beside the SVM's best margin.
SCOPE_KNOWN = 2.0
LARGEST = 500_000_000
QUICK = 3000


@dataclass(frozen=True, slots=True)
class Reading:
    """`scores`: each intent's probability if one of them is meant, likeliest first; `out_of_scope` 0..1."""

    scores: tuple[tuple[str, float], ...]
    out_of_scope: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dense:
    """Over embeddings: regression [768, intents], [intents]; examples [n, 768] sorted by intent, each of length 1."""

    weights: Floats
    offsets: Floats
    centroids: Floats
    examples: Floats
    starts: NDArray[np.int64]
    """Where each intent's examples begin."""


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
        return self.sparse is None and self.dense is not None and len(self.dense.examples) <= QUICK

    def read(self, vector: Floats | None, text: str) -> Reading:
        scores, scope = self.scores(vector, text)
        shares = softmax(self.sharpness * scores)
        order = np.argsort(-shares, kind="stable")
        out = 1 / (1 + np.exp(np.clip((scope - self.edge) / self.width, -30, 30)))
        return Reading(tuple((self.names[k], float(shares[k])) for k in order), float(out))

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
    nearest = nearest_of(dense, unit, logits)
    scope = logits.max() + SCOPE_CENTROID * (dense.centroids @ unit).max() + SCOPE_NEAREST * nearest.max()
    return softmax(logits) + NEAREST * nearest, float(scope)


def nearest_of(dense: Dense, unit: Floats, logits: Floats) -> Floats:
    """Cosine to the nearest example of each of the likeliest intents, 0 for the others, which can't win any more."""
    count = len(logits)
    likeliest = np.argpartition(-logits, CANDIDATES)[:CANDIDATES] if count > CANDIDATES else np.arange(count)
    ends = np.append(dense.starts[1:], len(dense.examples))
    found = np.zeros(count, dtype=np.float32)
    for place in likeliest:
        found[place] = (dense.examples[dense.starts[place] : ends[place]] @ unit).max()
    return found


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
            arrays |= {f"{code}.dense.{name}": getattr(head.dense, name) for name in Dense.__slots__}
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
        dense = Dense(**{name: arrays[f"{code}.dense.{name}"] for name in Dense.__slots__})
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
