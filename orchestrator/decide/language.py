"""Which language a conversation is in: pure, from the words, what a detector made of them, and what was known before.

The conversation's language is a prior, given up only for good reasons: letter statistics over three words err in one
message of a hundred, and a customer who is answered in the wrong language is lost.
"""

import re
from collections.abc import Sequence

from orchestrator.copies import replace
from orchestrator.decide.language_words import SMALL_TALK, asked_for, folded, offered
from orchestrator.types import Language, Spoken, Utterance

# A detector this sure of at least two words switches; measured on simulated chats, see docs/adr/0006.
SURE = 0.9
# After a message that read as another language too, less will do.
SURE_AGAIN = 0.6
# Latin letters in a conversation that is not in Latin letters are mostly that language, typed without its keyboard.
SURE_OF_ROMANISED = 0.97
WORDS_OF_ROMANISED = 4
# A language that was asked for is left only when two messages before this one read otherwise too.
DOUBTS_OF_PINNED = 2
NEVER = 2.0
# Below this the conversation's language is a guess that the next message may still correct.
FIRM = 0.8
# Reading more of a message tells nothing new about its language.
LONGEST = 1000
# Without a prior, what the profile or browser says wins over a detector less sure than this.
SURER_THAN_HINT = FIRM
ROMANISED = frozenset({"ar", "bg", "el", "fa", "he", "hi", "ja", "ko", "mr", "ru", "sr", "th", "uk", "ur", "zh"})

NOISE = re.compile(r"://|www\.|@|\d|[{}\[\]⟦⟧]|\w\.\w+/")
WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
DENSE = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


def decide_language(said: Utterance, detected: Sequence[tuple[str, float]]) -> Language:
    """`detected` is a detector's candidates with their 0..1, likeliest first; () when it could tell nothing."""
    said = replace(said, text=said.text[:LONGEST])
    seen = tuple(detected[:3])
    asked = asked_for(said.text, said.candidates) if said.typed else ""
    if asked:
        return Language(code=asked, confidence=1.0, reason="asked for", seen=seen)
    prior = offered(said.prior, said.candidates)
    if prior:
        return with_prior(said, prior, seen)
    return without_prior(said, seen)


def with_prior(said: Utterance, prior: str, seen: tuple[tuple[str, float], ...]) -> Language:
    shares = dict(seen)

    def stay(reason: str) -> Language:
        return Language(code=prior, confidence=shares.get(prior, 0.0), reason=reason, seen=seen)

    words = words_of(said.text) if said.typed else []
    code, share = seen[0] if seen else ("", 0.0)
    if not said.typed:
        return stay("not typed")
    if not words or not code:
        return stay("no words")
    if code == prior:
        return stay("detected")
    telling = [word for word in words if folded(word) not in SMALL_TALK]
    if (count(said.text, words) < 2 or not telling) and not (said.doubts and share >= SURE):
        return stay("too little to tell")
    if looks_like_name(said.text):
        return stay("a name")
    if share >= needed(said, prior, len(words)):
        return Language(code=code, confidence=share, reason="switched", seen=seen)
    return stay("pinned" if said.pinned else "prior")


def needed(said: Utterance, prior: str, words: int) -> float:
    """How sure a detector must be to leave the conversation's language."""
    if prior in ROMANISED and said.text.isascii() and not said.doubts:
        return SURE_OF_ROMANISED if words >= WORDS_OF_ROMANISED else NEVER
    if said.pinned:
        return SURE if said.doubts >= DOUBTS_OF_PINNED else NEVER
    return SURE_AGAIN if said.doubts else SURE


def without_prior(said: Utterance, seen: tuple[tuple[str, float], ...]) -> Language:
    hint = offered(said.hint, said.candidates)
    code, share = seen[0] if seen and said.typed and words_of(said.text) else ("", 0.0)
    if code and (code == hint or share >= SURER_THAN_HINT or (not hint and share >= 0.5)):
        return Language(code=code, confidence=share, reason="detected", seen=seen)
    if hint:
        return Language(code=hint, confidence=0.5, reason="hint", seen=seen)
    if code:
        return Language(code=code, confidence=share, reason="detected, unsure", seen=seen)
    home = offered(said.pivot_language, said.candidates) or next(iter(said.candidates), said.pivot_language)
    return Language(code=home, confidence=0.0, reason="nothing to tell by", seen=seen)


def remembered(before: Spoken, language: Language) -> Spoken:
    """What the conversation keeps of a turn's decision: an explicit wish pins, a doubt is counted."""
    if language.reason == "asked for":
        return Spoken(code=language.code, confidence=1.0, pinned=True)
    if language.code != before.code:
        return Spoken(code=language.code, confidence=language.confidence)
    if language.reason == "detected":
        return replace(before, confidence=max(before.confidence, language.confidence), doubts=0)
    if language.reason in ("prior", "pinned"):
        return replace(before, doubts=before.doubts + 1)
    return before


def prior_of(spoken: Spoken) -> str:
    """What to give an utterance as its `prior`: "" while the conversation's language is a guess."""
    return spoken.code if spoken.pinned or spoken.confidence >= FIRM else ""


def words_of(text: str) -> list[str]:
    """Words a language can be told by: no links, addresses, numbers or placeholders."""
    return [word for said in text.split() if not NOISE.search(said) for word in WORD.findall(said)]


def count(text: str, words: Sequence[str]) -> int:
    """Words, or half the characters where a script puts no blanks between them."""
    return max(len(words), len(DENSE.findall(text)) // 2)


def looks_like_name(text: str) -> bool:
    """One to three capitalised words and nothing else, none of which people greet with."""
    words = text.split()
    return (
        1 <= len(words) <= 3
        and all(word.istitle() and word.replace("-", "").replace("'", "").isalpha() for word in words)
        and not any(folded(word) in SMALL_TALK for word in words)
    )
