"""Small heads over the embedding that come with Parley, trained on sentences written for it (`make heads`).

A head is a file `head.json`: rows of weights, one for each class, the offset last. `sentences` is the digest of what it
was trained on, so that a test can tell one that was not trained again.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
HEAD = "head.json"


class SmallHead:
    """Probabilities of its classes from a vector, with more features behind it; `told` is the sentences' digest."""

    def __init__(self, rows: Sequence[Sequence[float]], told: str = "") -> None:
        self.told = told
        both = np.array(rows, dtype=np.float32)
        self.weights, self.offsets = np.ascontiguousarray(both[:, :-1]), both[:, -1]

    def shares(self, vector: Floats) -> Floats:
        logits = self.weights @ vector + self.offsets
        raised = np.exp(logits - logits.max())
        return np.asarray(raised / raised.sum(), dtype=np.float32)


def load(package: str) -> SmallHead:
    kept = json.loads(files(package).joinpath(HEAD).read_text(encoding="ascii"))
    return SmallHead(kept["rows"], kept["sentences"])


def version(head: SmallHead, encoder: str) -> str:
    """What it was trained on, and the embedding it reads."""
    return f"{head.told[:8]}, MiniLM {encoder[:8]}"


def sentences(package: str, name: str) -> list[str]:
    """One a line, of `name`.txt."""
    lines = files(package).joinpath(f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip()]


def digest(package: str, classes: Sequence[str]) -> str:
    told = {name: sentences(package, name) for name in classes}
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def written(weights: Floats, offsets: Floats, told: str) -> Mapping[str, Any]:
    rows = [[*row, offset] for row, offset in zip(weights.tolist(), offsets.tolist(), strict=True)]
    return {"sentences": told, "rows": [[round(value, 5) for value in row] for row in rows]}
