"""Which language a conversation is in: pure, from the words, what a detector made of them, and what was known before.

The conversation's language is a prior, given up only for good reasons: letter statistics over three words err in one
message of a hundred, and a customer who is answered in the wrong language is lost.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from orchestrator.copies import replace
from orchestrator.decide.language_words import CLAUSE, asked_for, offered
from orchestrator.decide.small_talk import SMALL_TALK, folded
from orchestrator.types import Language, Spoken, Utterance

# A detector this sure of at least two words switches; measured on simulated chats, see docs/adr/0006.
SURE = 0.9
# After a message that read as another language too, less will do.
SURE_AGAIN = 0.6
# Plain Latin letters in a conversation in other letters may be that language, typed without its keyboard: of 66 such
# messages a detector was surer than 0.95 of one, than 0.985 of none. By the messages before that read so too.
SURE_OF_ROMANISED = (0.985, 0.95, SURE)
# What is not in the letters of the conversation's language is not in that language.
SURE_OF_LETTERS = 0.5
# A language that was asked for is left only when the message before this one read otherwise too.
DOUBTS_OF_PINNED = 1
MOST_GREETINGS = 3
NEVER = 2.0
LATIN_ENDS = "\u0250"
# Below this the conversation's language is a guess that the next message may still correct.
FIRM = 0.8
# Reading more of a message tells nothing new about its language.
LONGEST = 1000
# Without a prior, what the profile or browser says wins over a detector less sure than this.
SURER_THAN_HINT = FIRM
# Languages not written in Latin letters: the scripts of theirs, as Unicode names them.
SCRIPTS = {
    **dict.fromkeys(("ar", "fa", "ur"), ("ARABIC",)),
    **dict.fromkeys(("bg", "kk", "mk", "ru", "sr", "uk"), ("CYRILLIC",)),
    **dict.fromkeys(("hi", "mr", "ne"), ("DEVANAGARI",)),
    "bn": ("BENGALI",),
    "el": ("GREEK",),
    "he": ("HEBREW",),
    "ja": ("CJK", "HIRAGANA", "KATAKANA"),
    "ko": ("HANGUL",),
    "th": ("THAI",),
    "zh": ("CJK",),
}

NOISE = re.compile(r"://|www\.|@|\d|[{}\[\]⟦⟧]|\w\.\w+/")
WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
DENSE = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
DENSE_WORD = re.compile(f"{DENSE.pattern}+")


def decide_language(said: Utterance, detected: Sequence[tuple[str, float]]) -> Language:
    """`detected` is a detector's candidates with their 0..1, likeliest first; () when it could tell nothing."""
    said = replace(said, text=said.text[:LONGEST]) if len(said.text) > LONGEST else said
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
    telling = any(folded(word) not in SMALL_TALK for word in words)
    if (count(said.text, words) < 2 or not telling) and not (said.doubts and share >= SURE):
        return stay("too little to tell")
    if looks_like_name(said.text):
        return stay("a name")
    if share >= needed(said, prior):
        return Language(code=code, confidence=share, reason="switched", seen=seen)
    return stay("pinned" if said.pinned else "prior")


def needed(said: Utterance, prior: str) -> float:
    """How sure a detector must be to leave the conversation's language."""
    if said.by_agent:
        return NEVER
    if said.pinned:
        return SURE if said.doubts >= DOUBTS_OF_PINNED else NEVER
    letters = [char for char in said.text if char.isalpha()]
    if other_letters(letters, prior):
        return SURE_OF_LETTERS
    if prior in SCRIPTS and all(char.isascii() for char in letters):
        return SURE_OF_ROMANISED[min(said.doubts, len(SURE_OF_ROMANISED) - 1)]
    return SURE_AGAIN if said.doubts else SURE


def other_letters(letters: Sequence[str], code: str) -> bool:
    """Whether most of them are neither Latin nor of the scripts that language is written in."""
    scripts = SCRIPTS.get(code, ())
    foreign = sum(char >= LATIN_ENDS and script(char) not in scripts for char in letters)
    return foreign * 2 > len(letters)


@lru_cache(maxsize=4096)
def script(char: str) -> str:
    return unicodedata.name(char, "").partition(" ")[0]


def without_prior(said: Utterance, seen: tuple[tuple[str, float], ...]) -> Language:
    hint = offered(said.hint, said.candidates)
    code, share = seen[0] if seen and said.typed and words_of(said.text) else ("", 0.0)
    if hint and looks_like_name(said.text):
        return Language(code=hint, confidence=0.5, reason="hint", seen=seen)
    if code and (code == hint or share >= SURER_THAN_HINT or (not hint and share >= 0.5)):
        return Language(code=code, confidence=share, reason="detected", seen=seen)
    if hint:
        return Language(code=hint, confidence=0.5, reason="hint", seen=seen)
    if code:
        return Language(code=code, confidence=share, reason="detected, unsure", seen=seen)
    home = offered(said.pivot_language, said.candidates) or next(iter(said.candidates), said.pivot_language)
    return Language(code=home, confidence=0.0, reason="nothing to tell by", seen=seen)


def written_in(language: Language) -> str:
    """The message's own language: who asks for another ("po angielsku proszę") mostly does so in the one before."""
    code, share = language.seen[0] if language.seen else ("", 0.0)
    return code if language.reason == "asked for" and share >= SURE else language.code


def remembered(before: Spoken, language: Language) -> Spoken:
    """What the conversation keeps of a turn's decision: an explicit wish pins, a doubt is counted.

    What an agent pinned stays, whatever is read, until an agent lets go of it or the customer asks for another.
    """
    if language.reason == "asked for":
        return Spoken(code=language.code, confidence=1.0, pinned=True)
    if before.by_agent:
        return before
    if language.code != before.code:
        return Spoken(code=language.code, confidence=language.confidence)
    if language.reason == "detected":
        return replace(before, confidence=max(before.confidence, language.confidence), doubts=0)
    if language.reason in ("prior", "pinned"):
        return replace(before, doubts=before.doubts + 1)
    return before


def pinned_by_agent(before: Spoken, code: str) -> Spoken:
    """`code` from now on; "" lets go: what is spoken stays until a message reads otherwise."""
    if code:
        return Spoken(code=code, confidence=1.0, by_agent=True)
    return replace(before, by_agent=False, doubts=0)


def prior_of(spoken: Spoken) -> str:
    """What to give an utterance as its `prior`: "" while the conversation's language is a guess."""
    return spoken.code if spoken.pinned or spoken.by_agent or spoken.confidence >= FIRM else ""


def telling_part(text: str) -> str:
    """Without the greetings and thanks before it, which come in any language: of "Hola, my parcel is lost" the rest."""
    for _ in range(MOST_GREETINGS):
        head, cut, tail = partition(text)
        words = words_of(head)
        if not cut or not words or not all(folded(word) in SMALL_TALK for word in words):
            break
        if count(tail, words_of(tail)) < 2:
            break
        text = tail
    return text


def partition(text: str) -> tuple[str, str, str]:
    """Around the first mark that ends a clause."""
    mark = CLAUSE.search(text)
    return (text[: mark.start()], mark[0], text[mark.end() :]) if mark else (text, "", "")


def words_of(text: str) -> list[str]:
    """Words a language can be told by: no links, addresses, numbers or placeholders."""
    return [word for said in text.split() for word in words_in(said)]


def words_in(said: str) -> Iterator[str]:
    """Of what stands between two blanks. "下午2点" is words around a number, "A2" is a code."""
    if not NOISE.search(said):
        yield from WORD.findall(said)
    elif "://" not in said and "@" not in said:
        yield from DENSE_WORD.findall(said)


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
