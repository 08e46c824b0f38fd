"""Intents from example sentences: TF-IDF over words and letters, and a logistic regression, trained when opened.

Nothing is downloaded and nothing is kept: a few hundred examples train in a second or two. Measured with ten examples
an intent: .70 to .72 of banking77 and .80 of clinc150 right (docs/languages.md).
"""

import asyncio
import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.errors import EngineFailed, Misconfigured
from orchestrator.ports import Clock, Files, Http, Stage
from orchestrator.types import Intent, Understanding, Utterance

LONGEST = 1000
# Names of the intents a message may have are worth showing as far as they are likely.
SHOWN = 3


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    file: Path | None = Field(
        None, description="TOML with [[intent]] tables: name and examples. A guide's file will do."
    )
    intents: Mapping[str, tuple[str, ...]] = Field(default_factory=dict, description="Examples by intent, besides.")
    language: str = Field("en", description="Language of the examples; other messages are read in translation.")
    threshold: float | None = Field(
        None, ge=0, le=1, description="Below this probability a message is of no intent; default: 1/√(intents)."
    )


class Tfidf:
    """A Stage. Fills in `intents`, likeliest first; none when the message is out of scope."""

    name = "intent"
    engine = "tfidf"

    def __init__(self, settings: Settings, examples: Mapping[str, Sequence[str]]) -> None:
        self.settings = settings
        self.examples = examples
        self.threshold = settings.threshold if settings.threshold is not None else len(examples) ** -0.5
        self.model: Any = None
        self.threads = ThreadPoolExecutor(2, thread_name_prefix="tfidf")

    async def open(self) -> None:
        """Raises EngineFailed when scikit-learn is not installed."""
        self.model = await asyncio.to_thread(train, self.examples)

    async def close(self) -> None:
        self.threads.shutdown(wait=False, cancel_futures=True)

    async def read(self, said: Utterance, known: Understanding) -> Understanding:
        """In a thread: 2 to 3 ms."""
        text = said.text if known.language.code == self.settings.language else ""
        if not text and said.pivot_language == self.settings.language:
            text = known.pivot
        if self.model is None:
            raise EngineFailed("tfidf: not open")
        if not text.strip():
            raise EngineFailed(f"tfidf: its examples are in {self.settings.language!r}, and there is no translation")
        loop = asyncio.get_running_loop()
        return replace(known, intents=await loop.run_in_executor(self.threads, self.intents, text[:LONGEST]))

    def intents(self, text: str) -> tuple[Intent, ...]:
        shares = self.model.predict_proba([text])[0]
        likeliest = sorted(zip(self.model.classes_, shares, strict=True), key=lambda pair: -pair[1])[:SHOWN]
        return tuple(
            Intent(name=str(name), score=round(float(share), 4), engine=self.engine)
            for name, share in likeliest
            if share >= self.threshold
        )


def train(examples: Mapping[str, Sequence[str]]) -> Any:
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import FeatureUnion, Pipeline
    except ImportError as error:
        raise EngineFailed("tfidf: scikit-learn is not installed; run 'pip install parley'") from error
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, strip_accents="unicode", token_pattern=r"\b\w+\b")
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, strip_accents="unicode")
    model = Pipeline(
        [
            ("features", FeatureUnion([("words", words), ("letters", letters)])),
            ("intents", LogisticRegression(C=10, max_iter=500)),
        ]
    )
    texts, names = zip(*((text, name) for name, texts in examples.items() for text in texts), strict=True)
    return model.fit(list(texts), list(names))


def examples_of(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Raises Misconfigured, naming the file and the intent."""
    examples = {name: tuple(texts) for name, texts in settings.intents.items()}
    if settings.file is not None:
        for name, texts in read_file(settings.file).items():
            examples[name] = (*examples.get(name, ()), *texts)
    if len(examples) < 2:
        raise Misconfigured("tfidf: give it at least two intents with examples, in 'file' or 'intents'")
    for name, texts in examples.items():
        if not any(text.strip() for text in texts):
            raise Misconfigured(f"tfidf: the intent {name!r} has no examples")
    return examples


def read_file(path: Path) -> dict[str, tuple[str, ...]]:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misconfigured(f"tfidf: intents {str(path)!r}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"tfidf: intents {str(path)!r} is not valid TOML: {error}") from error
    found: dict[str, tuple[str, ...]] = {}
    for number, one in enumerate(raw.get("intent", []), 1):
        name, examples = one.get("name"), one.get("examples", [])
        if not isinstance(name, str) or not isinstance(examples, list) or not all(isinstance(e, str) for e in examples):
            raise Misconfigured(f"tfidf: intents {str(path)!r}, intent {number}: needs a name and a list of examples")
        found[name] = (*found.get(name, ()), *examples)
    return {name: texts for name, texts in found.items() if texts}


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Stage:
    return Tfidf(settings, examples_of(settings))
