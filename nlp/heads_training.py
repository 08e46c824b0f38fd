"""`make heads`: trains the heads that come with Parley on the sentences beside them. Needs the embedding model."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp import heads, mood, wishes
from nlp.embedding import Encoder, shared
from nlp.heads import Floats
from nlp.intents.train import regression

HERE = Path(__file__).parent
# Few sentences for so many numbers: firmer than for intents. Moods of texts of another kind than the sentences are told
# better by a softer head (macro F1 of reviews .59 at 3, .60 at 1, .61 at .5), which leans on VADER more.
FIRMNESS, MOOD_FIRMNESS = 3.0, 0.5


def told(package: str, classes: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    pairs = [(text, place) for place, name in enumerate(classes) for text in heads.sentences(package, name)]
    return [text for text, _ in pairs], np.array([place for _, place in pairs], dtype=np.int64)


def mood_rows(encoder: Encoder, texts: Sequence[str]) -> Floats:
    vectors = encoder.embed_all(texts)
    return np.stack([mood.features(vector, text) for vector, text in zip(vectors, texts, strict=True)])


def main() -> None:
    encoder = shared()
    texts, owners = told(mood.PACKAGE, mood.LABELS)
    keep("mood", mood.PACKAGE, mood.LABELS, *regression(mood_rows(encoder, texts), owners, 3, MOOD_FIRMNESS))
    texts, owners = told(wishes.PACKAGE, wishes.CLASSES)
    keep("wishes", wishes.PACKAGE, wishes.CLASSES, *regression(encoder.embed_all(texts), owners, 2, FIRMNESS))


def keep(folder: str, package: str, classes: Sequence[str], weights: Floats, offsets: Floats) -> None:
    made = heads.written(weights.T, offsets, heads.digest(package, classes))
    (HERE / folder / heads.HEAD).write_text(json.dumps(made) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
