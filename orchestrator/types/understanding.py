"""What the NLP stages read out of one utterance, with scores, engines and time spent."""

from dataclasses import dataclass
from typing import Literal

SentimentLabel = Literal["negative", "neutral", "positive"]
StageOutcome = Literal["ok", "skipped", "late", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """`code` is ISO 639-1; `confidence` 0..1; `reason` says why this one ("detected", "prior", "asked for" …).

    `seen` is what the detector made of the words, likeliest first: at most three codes with their 0..1.
    """

    code: str
    confidence: float = 0.0
    engine: str = ""
    reason: str = ""
    seen: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentiment:
    """`score` from -1 (very unhappy) to 1; `confidence` 0..1."""

    score: float
    label: SentimentLabel
    confidence: float = 0.0
    engine: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    name: str
    score: float
    engine: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRun:
    """One stage's run; `ms` is wall time in milliseconds, `detail` never holds the customer's words.

    `version` is the engine's own, with what it stands on; "" when it does not say.
    """

    stage: str
    outcome: StageOutcome
    engine: str = ""
    ms: float = 0.0
    detail: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """What is known of one utterance so far; a stage returns it with more filled in.

    `pivot` is the text in the app's pivot language, or "" when it could not be translated.
    `wants_person` is 0..1: how sure the customer asked for a human in so many words.
    `out_of_scope` is 0..1: how sure the message means none of the app's intents.
    `signals` are short facts such as "caps", "profanity", "thanks", "repeat".
    """

    language: Language
    pivot: str = ""
    sentiment: Sentiment | None = None
    intents: tuple[Intent, ...] = ()
    wants_person: float = 0.0
    out_of_scope: float = 0.0
    signals: tuple[str, ...] = ()
    stages: tuple[StageRun, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """What a stage is given to read: the words, and what was known before them.

    `prior` is the conversation's language, "" before anything was said; `hint` the widget's or the
    profile's; `candidates` the app's languages; `typed` is False for a tap or a form, which never
    change the language; `previous` is the customer's last utterance, for spotting repeats; `doubts`
    counts the messages before this one that read as another language than the prior; `pinned` and `by_agent` are
    as in Spoken.
    """

    text: str
    prior: str = ""
    hint: str = ""
    pinned: bool = False
    pivot_language: str = "en"
    candidates: tuple[str, ...] = ()
    typed: bool = True
    previous: str = ""
    doubts: int = 0
    names: tuple[str, ...] = ()
    by_agent: bool = False
