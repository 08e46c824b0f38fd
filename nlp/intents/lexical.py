"""TF-IDF over words, word pairs and groups of two to five letters, without scikit-learn: it takes a second to import.

The same features as scikit-learn's TfidfVectorizer with sublinear tf: words and pairs of them, and `char_wb` letters.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

WORD = re.compile(r"\w+")
LETTERS = range(2, 6)
# Words longer than this are no words; each letter makes four features.
LONGEST_WORD = 40
MOST_WORDS = 100
# Which kind a feature is: words and letters are scaled to length 1 each for itself.
WORDS_KIND, LETTERS_KIND = "w", "c"


class Lexical:
    """`vocabulary` has the place of each feature, `weights` how rare it is."""

    def __init__(self, vocabulary: dict[str, int], weights: NDArray[np.float32]) -> None:
        self.vocabulary = vocabulary
        self.weights = weights

    @classmethod
    def learned(cls, texts: Sequence[str], *, fewest: int = 1) -> "Lexical":
        """Features of at least `fewest` texts."""
        counts = Counter(feature for text in texts for feature in set(features(text)))
        kept = sorted(feature for feature, count in counts.items() if count >= fewest)
        weights = [math.log((1 + len(texts)) / (1 + counts[feature])) + 1 for feature in kept]
        return cls({feature: place for place, feature in enumerate(kept)}, np.array(weights, dtype=np.float32))

    def vector(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Places and values of what is known of the text."""
        places: list[int] = []
        values: list[float] = []
        counts = Counter(features(text))
        for kind in (WORDS_KIND, LETTERS_KIND):
            known = [
                (place, (1 + math.log(count)) * float(self.weights[place]))
                for feature, count in counts.items()
                if feature[0] == kind and (place := self.vocabulary.get(feature)) is not None
            ]
            length = math.sqrt(sum(value * value for _, value in known)) or 1.0
            places += [place for place, _ in known]
            values += [value / length for _, value in known]
        return np.array(places, dtype=np.int64), np.array(values, dtype=np.float32)

    def known(self, text: str) -> float:
        """The share of its words that any example has, 0..1: of "how tall is the elephant" three in five."""
        words = list(tokens(text))
        return sum(WORDS_KIND + word in self.vocabulary for word in words) / len(words) if words else 0.0

    def matrix(self, texts: Sequence[str]) -> Any:
        """The texts' vectors as rows of a scipy matrix, for training."""
        from scipy.sparse import csr_matrix

        vectors = [self.vector(text) for text in texts]
        ends = np.cumsum([0, *(len(places) for places, _ in vectors)])
        places = np.concatenate([places for places, _ in vectors]) if vectors else np.zeros(0, dtype=np.int64)
        values = np.concatenate([values for _, values in vectors]) if vectors else np.zeros(0, dtype=np.float32)
        return csr_matrix((values, places, ends), shape=(len(texts), len(self.vocabulary)))


def tokens(text: str) -> Iterator[str]:
    plain = unicodedata.normalize("NFKD", text.lower())
    kept = "".join(char for char in plain if not unicodedata.combining(char))
    return (word[:LONGEST_WORD] for word in WORD.findall(kept)[:MOST_WORDS])


def features(text: str) -> Iterator[str]:
    words = list(tokens(text))
    for word in words:
        yield WORDS_KIND + word
        padded = f" {word} "
        for length in LETTERS:
            if length >= len(padded):
                yield LETTERS_KIND + padded
                break
            for start in range(len(padded) - length + 1):
                yield LETTERS_KIND + padded[start : start + length]
    for one, other in zip(words, words[1:], strict=False):
        yield f"{WORDS_KIND}{one} {other}"
