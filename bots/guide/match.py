"""Which intent a sentence means, by its likeness to the examples: TF-IDF over words and letter groups.

Three numbers make a score. Likeness: the cosine to the nearest example. Choice: what a softmax regression, trained on
the same vectors, makes of all intents side by side. Coverage: how much of what the sentence says the guide has ever
heard; "how much is the elephant" must not become a question about prices. Word pairs were tried, and made it worse.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from bots.guide.words import COMMON, Synonyms, letters, plain

Scores = Sequence[tuple[str, float]]

WORDS = 0.6
"""Share of the words in a vector's length; the rest is letters, which forgive typing mistakes and endings."""
CHOICE = 0.4
COVERAGE = 1.2
"""Exponent of coverage."""
FIRMNESS = 30.0
"""Inverse regularisation of the regression: high, since examples are few and true."""


HEARD = 0.5
"""Weight of the app's intents beside the guide's own likeness. Measured in docs/intents.md."""


class Scorer(Protocol):
    """The seam for other engines, such as one that compares embeddings."""

    def score(self, text: str) -> Scores:
        """Names with scores in 0..1, best first; nothing when the text has nothing in common with any example."""
        ...


class TfIdf:
    """Trained where it is made, in about a second: make it in a thread. `examples` by intent; none may be empty."""

    def __init__(self, examples: Mapping[str, Sequence[str]], synonyms: Mapping[str, Sequence[str]]) -> None:
        self.synonyms = Synonyms(synonyms)
        self.names = [name for name, given in examples.items() if given]
        taken = [[self.features(example) for example in examples[name]] for name in self.names]
        counts = Counter(
            feature for group in taken for feature in {key for pair in group for part in pair for key in part}
        )
        self.places = {feature: place for place, feature in enumerate(counts)}
        # How rare a feature is counts by intents, not by sentences: "shipping" is telling though many examples have it.
        total = len(self.names)
        self.weights = [math.log((1 + total) / (1 + count)) + 1 for count in counts.values()]
        self.heaviest = max(self.weights, default=1.0)
        vectors = [self.vector(*pair) for group in taken for pair in group]
        self.owners = [number for number, group in enumerate(taken) for _ in group]
        self.postings = inverted(vectors)
        self.regression = trained(vectors, self.owners, len(self.places)) if total > 1 else None

    def features(self, text: str) -> tuple[Counter[str], Counter[str]]:
        """Words and letter groups of a sentence, counted; told apart by what no word has."""
        words = self.synonyms(plain(text)).split()
        return Counter(words), Counter("\0" + group for word in words for group in letters(word))

    def vector(self, *parts: Counter[str]) -> dict[int, float]:
        """Weights by place: each part of length 1, then scaled by its share."""
        found: dict[int, float] = {}
        for part, share in zip(parts, (WORDS, 1 - WORDS), strict=True):
            known = {self.places[key]: (1 + math.log(count)) for key, count in part.items() if key in self.places}
            weighted = {place: value * self.weights[place] for place, value in known.items()}
            length = math.sqrt(sum(value * value for value in weighted.values())) or 1.0
            found |= {place: value * math.sqrt(share) / length for place, value in weighted.items()}
        return found

    def score(self, text: str) -> Scores:
        words, groups = self.features(text)
        vector = self.vector(words, groups)
        if not vector:
            return ()
        best = [0.0] * len(self.names)
        for example, likeness in self.likenesses(vector).items():
            owner = self.owners[example]
            best[owner] = max(best[owner], likeness)
        chosen = self.regression.shares(vector) if self.regression else best
        covered = self.coverage(words) ** COVERAGE
        scores = [
            (name, ((1 - CHOICE) * one + CHOICE * two) * covered)
            for name, one, two in zip(self.names, best, chosen, strict=True)
        ]
        return sorted(scores, key=lambda each: -each[1])

    def likenesses(self, vector: Mapping[int, float]) -> Mapping[int, float]:
        """Cosines to the examples that share anything."""
        sums: dict[int, float] = {}
        for place, value in vector.items():
            for example, weight in self.postings[place]:
                sums[example] = sums.get(example, 0.0) + value * weight
        return sums

    def coverage(self, words: Counter[str]) -> float:
        """The share of the sentence, by weight, that the examples know."""
        known = sum(self.weights[self.places[word]] for word in words if word in self.places)
        strange = sum(self.heaviest * self.strangeness(word) for word in words if word not in self.places)
        return known / (known + strange) if known + strange else 1.0

    def strangeness(self, word: str) -> float:
        """Of a word in no example: 0 for one that says nothing, less for one that looks like others ("complains")."""
        if not telling(word):
            return 0.0
        groups = list(letters(word))
        return 1 - sum("\0" + group in self.places for group in groups) / len(groups)


def blended(own: Scores, heard: Mapping[str, float]) -> Scores:
    """With what the app's engine for intents made of the same words; alone where that knows none of the names."""
    if not heard:
        return own
    known = dict(own)
    names = [*known, *(name for name in heard if name not in known)]
    scores = [(name, (1 - HEARD) * known.get(name, 0.0) + HEARD * heard.get(name, 0.0)) for name in names]
    return sorted(scores, key=lambda each: -each[1])


def telling(word: str) -> bool:
    """Whether a word says what a sentence is about: an order's number does not."""
    return word not in COMMON and not any(map(str.isdigit, word))


def inverted(vectors: Sequence[Mapping[int, float]]) -> dict[int, list[tuple[int, float]]]:
    """By place: which examples have it, and how much."""
    postings: dict[int, list[tuple[int, float]]] = {}
    for example, vector in enumerate(vectors):
        for place, weight in vector.items():
            postings.setdefault(place, []).append((example, weight))
    return postings


class Regression:
    """A trained softmax regression, kept as plain arrays."""

    def __init__(self, weights: Any, offsets: Any) -> None:
        self.weights = weights
        self.offsets = offsets

    def shares(self, vector: Mapping[int, float]) -> list[float]:
        """How likely each intent is, as if one of them must be meant; they add up to 1."""
        import numpy as np

        places, values = np.fromiter(vector.keys(), int), np.fromiter(vector.values(), float)
        raised = np.exp((logits := values @ self.weights[places] + self.offsets) - logits.max())
        return [float(share) for share in raised / raised.sum()]


def trained(vectors: Sequence[Mapping[int, float]], owners: Sequence[int], width: int) -> Regression:
    """scikit-learn takes a second to import, and a bot that is only checked never needs it."""
    import numpy as np
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    rows = [number for number, vector in enumerate(vectors) for _ in vector]
    places = [place for vector in vectors for place in vector]
    values = [value for vector in vectors for value in vector.values()]
    matrix = csr_matrix((values, (rows, places)), shape=(len(vectors), width))
    with threadpool_limits(limits=1):  # matrices this small only get slower on several cores: 1.2 s of work became 3.1
        model = LogisticRegression(C=FIRMNESS, tol=1e-3, max_iter=1000).fit(matrix, owners)
    weights, offsets = model.coef_, model.intercept_
    if len(weights) == 1:  # two intents: scikit-learn keeps the second one's odds alone
        weights, offsets = np.vstack([-weights, weights]) / 2, np.concatenate([-offsets, offsets]) / 2
    return Regression(np.ascontiguousarray(weights.T), offsets)
