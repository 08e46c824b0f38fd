"""Learning intents from examples: seconds for a few hundred of them."""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nlp.intents.examples import Corpus, Examples
from nlp.intents.lexical import Lexical
from nlp.intents.model import Dense, Floats, Head, Mode, Model, Sparse, likeness
from orchestrator.errors import EngineFailed

# Inverse regularisation: the best of 3, 10, 30, 100 for ten examples an intent and for a hundred.
FIRMNESS = 10.0
# Over TF-IDF the SVM needs less.
LEXICAL_FIRMNESS = 0.5
# Of the SVM's margins with ten examples an intent and with a hundred: the best of .2 to 1.5 on banking77.
LEXICAL_SHARES = (0.2, 1.0)
# Beside a kernel, which finds much of the same: the best of 0 to .6 in cross-validation.
KERNEL_LEXICAL_SHARE = 0.3
# How smooth the kernel's scores are: the best of .03 to 3. With ten examples an intent it adds nothing (.848 of
# banking77 with and without), with thirty .905 for .899, with a hundred .937 for .925 (three fifths held out in turn).
SMOOTHNESS = 0.1
KERNEL_FROM, KERNEL_SHARE = 10, 2.0
# Beyond so many examples there is no kernel: learning takes their number cubed (8,000: 3 s and 260 MB), reading as long
# as there are some to look at (3,000: 0.3 ms; 8,000: 1.8 ms).
KERNEL_MOST: Mapping[Mode, int] = {"default": 3000, "accurate": 12_000}
# With many examples, features of a single one are two thirds of all and tell nothing.
MANY = 4000
FOLDS, CALIBRATION_FOLDS = 5, 3
SHARPNESSES = (1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0)
# A message is out of scope below the score that this share of the examples stays under, each seen for the first time.
OUTSIDE = 0.05
FIXED = 0


class Embeds(Protocol):
    digest: str

    def embed_all(self, texts: Sequence[str]) -> Floats: ...


@dataclass(frozen=True, slots=True)
class Material:
    """One language's examples as they are learned: texts, the place of each one's intent in `names`, their vectors."""

    names: tuple[str, ...]
    texts: tuple[str, ...]
    owners: NDArray[np.int64]
    vectors: Floats | None

    def some(self, chosen: NDArray[np.int64]) -> "Material":
        vectors = None if self.vectors is None else self.vectors[chosen]
        return replace(
            self, texts=tuple(self.texts[place] for place in chosen), owners=self.owners[chosen], vectors=vectors
        )


def train(corpus: Corpus, encoder: Embeds | None, mode: Mode = "default") -> Model:
    """Without an encoder: by TF-IDF alone. Raises EngineFailed when scikit-learn is not installed."""
    if encoder is None:
        mode = "lexical"
    used = None if mode == "lexical" else encoder
    heads = {code: calibrated(material(found, used), mode) for code, found in corpus.languages.items()}
    return Model(heads=heads, mode=mode, encoder=used.digest if used else "", corpus=corpus.digest)


def material(examples: Examples, encoder: Embeds | None) -> Material:
    names = tuple(examples)
    pairs = [(text, place) for place, name in enumerate(names) for text in examples[name]]
    texts = tuple(text for text, _ in pairs)
    owners = np.array([place for _, place in pairs], dtype=np.int64)
    return Material(names, texts, owners, encoder.embed_all(texts) if encoder else None)


def calibrated(known: Material, mode: Mode) -> Head:
    """A head, and what its scores mean, told from examples that it was not shown."""
    head = fit(known, mode)
    outcome = crossed(known, mode, CALIBRATION_FOLDS, rounds=1 if len(known.texts) > MANY else CALIBRATION_FOLDS)
    if outcome is None:
        return head
    edge, width = scope_of(outcome.scopes)
    return replace(head, sharpness=sharpness_of(outcome), edge=edge, width=width)


@dataclass(frozen=True, slots=True)
class Crossed:
    """What heads that had not seen it made of each example: scores [n, intents], scope, and which it should be."""

    scores: Floats
    scopes: Floats
    owners: NDArray[np.int64]
    places: NDArray[np.int64]
    """Of these examples in the material: those of intents with a single one can't be held out."""


def crossed(known: Material, mode: Mode, folds: int = FOLDS, *, rounds: int = FOLDS) -> Crossed | None:
    """Cross-validation; None when no intent has two examples. An intent's examples are dealt out over the folds.

    With fewer `rounds` than folds, only the first ones are held out.
    """
    numbers = np.arange(len(known.owners))
    dealt = np.zeros(len(known.owners), dtype=np.int64)
    dice = np.random.default_rng(FIXED)
    single = np.zeros(len(known.owners), dtype=bool)
    for owner in range(len(known.names)):
        own = dice.permutation(numbers[known.owners == owner])
        dealt[own] = (np.arange(len(own)) + owner) % folds
        single[own] = len(own) < 2
    scores, scopes, places = [], [], []
    for fold in range(min(folds, rounds)):
        held = numbers[(dealt == fold) & ~single]
        rest = numbers[(dealt != fold) | single]
        if not len(held) or len(set(known.owners[rest])) < len(known.names):
            continue
        head = fit(known.some(rest), mode)
        for place in held:
            vector = None if known.vectors is None else known.vectors[place]
            found, scope = head.scores(vector, known.texts[place])
            scores.append(found)
            scopes.append(scope)
            places.append(int(place))
    if not places:
        return None
    at = np.array(places, dtype=np.int64)
    return Crossed(np.stack(scores), np.array(scopes, dtype=np.float32), known.owners[at], at)


def sharpness_of(outcome: Crossed) -> float:
    """Which makes what was meant likeliest."""

    def surprise(sharpness: float) -> float:
        logits = sharpness * outcome.scores
        logits = logits - logits.max(axis=1, keepdims=True)
        meant = logits[np.arange(len(outcome.owners)), outcome.owners]
        return float((np.log(np.exp(logits).sum(axis=1)) - meant).mean())

    return min(SHARPNESSES, key=surprise)


def scope_of(scopes: Floats) -> tuple[float, float]:
    edge = float(np.quantile(scopes, OUTSIDE))
    return edge, max(float(np.median(scopes)) - edge, 1e-3) / 3


def fit(known: Material, mode: Mode) -> Head:
    dense = None
    if known.vectors is not None:
        dense = fit_dense(known.vectors, known.owners, len(known.names), kernel_share(known, mode))
    sparse = None if mode == "default" and dense is not None else fit_sparse(known, lexical_share(known, dense))
    return Head(names=known.names, dense=dense, sparse=sparse)


def kernel_share(known: Material, mode: Mode) -> float:
    """Nothing with ten examples an intent, all of it with thirty."""
    if len(known.texts) > KERNEL_MOST[mode]:
        return 0.0
    return KERNEL_SHARE * min(1.0, 2 * grown(known, KERNEL_FROM))


def grown(known: Material, few: int) -> float:
    """0 with few examples an intent, 1 with ten times as many, and on."""
    return math.log10(max(len(known.texts) / len(known.names), few) / few)


def fit_dense(vectors: Floats, owners: NDArray[np.int64], count: int, kernel: float) -> Dense:
    weights, offsets = regression(vectors, owners, count, FIRMNESS)
    order = np.argsort(owners, kind="stable")
    unit = np.ascontiguousarray((vectors / np.linalg.norm(vectors, axis=1, keepdims=True))[order])
    starts = np.searchsorted(owners[order], np.arange(count))
    centres = np.add.reduceat(unit, starts)
    return Dense(
        weights=weights,
        offsets=offsets,
        centroids=np.ascontiguousarray(centres / np.linalg.norm(centres, axis=1, keepdims=True)),
        examples=unit,
        starts=starts,
        kernel=kernel * ridge(unit, owners[order], count) if kernel else None,
    )


def ridge(unit: Floats, owners: NDArray[np.int64], count: int) -> Floats:
    """Weights [n, count] of kernel ridge regression: 1 for an example's own intent, -1 for the others."""
    try:
        from scipy.linalg import cho_factor, cho_solve
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise EngineFailed("intents: scikit-learn is not installed; run 'pip install parley'") from error
    meant = np.where(owners[:, None] == np.arange(count), 1.0, -1.0).astype(np.float32)
    with threadpool_limits(limits=1):
        alike = unit @ unit.T
        likeness(alike, out=alike)
        alike.flat[:: len(unit) + 1] += SMOOTHNESS
        # Turned: LAPACK's order of numbers, so that nothing is copied.
        factor = cho_factor(alike.T, lower=True, overwrite_a=True, check_finite=False)
        return np.ascontiguousarray(cho_solve(factor, meant, check_finite=False), dtype=np.float32)


def regression(vectors: Floats, owners: NDArray[np.int64], count: int, firmness: float) -> tuple[Floats, Floats]:
    """Weights [width, count] and offsets of a softmax regression."""
    model = fitted("LogisticRegression", vectors, owners, C=firmness, max_iter=500)
    weights, offsets = model.coef_, model.intercept_
    if count == 2:  # scikit-learn keeps the second one's odds alone
        weights, offsets = np.vstack([-weights, weights]) / 2, np.concatenate([-offsets, offsets]) / 2
    return np.ascontiguousarray(weights.T, dtype=np.float32), np.asarray(offsets, dtype=np.float32)


def fit_sparse(known: Material, share: float) -> Sparse:
    lexical = Lexical.learned(known.texts, fewest=2 if len(known.texts) > MANY else 1)
    model = fitted("LinearSVC", lexical.matrix(known.texts), known.owners, C=LEXICAL_FIRMNESS, random_state=FIXED)
    weights, offsets = model.coef_, model.intercept_
    if len(known.names) == 2:
        weights, offsets = np.vstack([-weights, weights]), np.concatenate([-offsets, offsets])
    return Sparse(
        lexical=lexical,
        weights=np.ascontiguousarray(weights.T, dtype=np.float16),
        offsets=np.asarray(offsets, dtype=np.float32),
        share=share,
    )


def lexical_share(known: Material, dense: Dense | None) -> float:
    """What words count beside the embedding: little with few examples an intent, as much with a hundred."""
    if dense is None:
        return 1.0
    if dense.kernel is not None:
        return KERNEL_LEXICAL_SHARE
    few, many = LEXICAL_SHARES
    return few + (many - few) * min(1.0, grown(known, 10))


def fitted(kind: str, rows: Any, owners: NDArray[np.int64], **options: Any) -> Any:
    """scikit-learn takes a second to import, and only training needs it."""
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
        from sklearn.svm import LinearSVC
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise EngineFailed("intents: scikit-learn is not installed; run 'pip install parley'") from error
    kinds: Mapping[str, Any] = {"LogisticRegression": LogisticRegression, "LinearSVC": LinearSVC}
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return kinds[kind](**options).fit(rows, owners)
