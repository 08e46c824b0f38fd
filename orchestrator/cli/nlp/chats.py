"""`--chats`: whole conversations made up of a language file's messages, and how well the policy follows them.

Chats are drawn the same way each time. In each a customer writes 10 turns: mostly sentences of the file, also small
talk, emoji, numbers, links, names, taps and sentences behind a foreign greeting; half of them change their language
once or twice.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.cli.nlp.evaluator import Evaluator, Goal, Metrics, Run, Setting
from orchestrator.cli.nlp.langid import FOURTEEN, messages
from orchestrator.cli.nlp.listening import LANGUAGE_ENGINE, run, understanding
from orchestrator.decide.language import prior_of, remembered
from orchestrator.errors import Misconfigured
from orchestrator.types import Spoken, Utterance
from orchestrator.understand import Understander

CHATS = Setting(name="chats-count", default=1500, help="How many chats --chats makes up.")
TURNS = 10
FEWEST_LANGUAGES = 4
# Of turns that are no sentence of the file; and of browsers, those that name the language their owner writes in.
SMALL_TALK, NOISE, TAP, GREETED = 0.2, 0.12, 0.04, 0.05
HINTED, HINT_RIGHT = 0.8, 0.85
SWITCHING, AGAIN = 0.5, 0.4

NOISES = (
    "👍", "😡😡", "12345", "#A-99812", "ORD-55123", "ana@example.com", "https://shop.example.com/en/cart", "OK",
    "ok 👍", "SAVE20", "Tom", "Max Müller", "Maria Rossi", "+49 30 1234567", "!!!", "?", "...", "{order_id}", "Visa",
    "iPhone 15 Pro",
    '{"payload":"BUY_NOW"}', "XL", "12:30", "DHL 00340434161094042557", "IMG_2041.jpg", "haha", "🙏",
)  # fmt: skip
SAID = {
    "en": ("hi", "yes", "no", "thanks", "great", "sure", "what?", "bye"),
    "es": ("hola", "sí", "no", "gracias", "vale", "claro", "perdón", "muchas gracias"),
    "it": ("ciao", "sì", "no", "grazie", "va bene", "certo", "perfetto", "come?"),
    "nl": ("hoi", "ja", "nee", "bedankt", "prima", "oké", "dank je wel", "tot ziens"),
    "de": ("hallo", "ja", "nein", "danke", "super", "gut", "vielen dank", "bitte"),
    "fr": ("salut", "oui", "non", "merci", "super", "d'accord", "bonjour", "quoi ?"),
    "pt": ("oi", "sim", "não", "obrigado", "tudo bem", "claro", "bom dia", "tchau"),
    "pl": ("cześć", "tak", "nie", "dzięki", "super", "jasne", "dzień dobry", "no"),
    "sv": ("hej", "ja", "nej", "tack", "okej", "bra", "tack så mycket", "hej då"),
    "tr": ("merhaba", "evet", "hayır", "teşekkürler", "tamam", "peki", "selam", "ne"),
    "ru": ("привет", "да", "нет", "спасибо", "хорошо", "ок", "здравствуйте", "пока"),
    "zh": ("你好", "是", "不", "谢谢", "好的", "可以", "为什么", "再见"),
    "ja": ("こんにちは", "はい", "いいえ", "ありがとう", "了解です", "なぜ", "大丈夫", "すみません"),
    "ar": ("مرحبا", "نعم", "لا", "شكرا", "حسنا", "تمام", "لماذا", "مع السلامة"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """What the customer writes, in which language; `switched` when it is the first line in that language.

    A `sentence` is what tells a language: how soon a switch is noticed is counted in those.
    """

    text: str
    code: str
    sentence: bool = True
    typed: bool = True
    switched: bool = False


@dataclass(frozen=True, slots=True)
class Chat:
    languages: tuple[str, ...]
    hint: str
    lines: tuple[Line, ...]


@dataclass(slots=True)
class Score:
    """`waiting` counts the turns since an unnoticed switch; `noticed` holds how many turns each took, 0 for never."""

    turns: int = 0
    wrong: int = 0
    flaps: int = 0
    noticed: list[int] = field(default_factory=list)
    wrong_kinds: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def share(self, most: int) -> float | None:
        return round(sum(0 < one <= most for one in self.noticed) / len(self.noticed), 4) if self.noticed else None


def measure(paths: Sequence[Path], settings: Mapping[str, Any]) -> Metrics:
    sentences = defaultdict[str, list[str]](list)
    for path in paths:
        for code, text, _ in messages(path):
            if code in FOURTEEN:
                sentences[code].append(text)
    if len(sentences) < FEWEST_LANGUAGES:
        raise Misconfigured(f"chats need messages in {FEWEST_LANGUAGES} of these languages: {', '.join(FOURTEEN)}")
    engine = settings[LANGUAGE_ENGINE.name]
    score = run(lambda: played(engine, made(sentences, settings[CHATS.name]), tuple(sentences)))
    return {
        "engine": engine,
        "chats": settings[CHATS.name],
        "turns": score.turns,
        "wrong_turns": round(score.wrong / score.turns, 5),
        "flaps_per_100": round(100 * score.flaps / score.turns, 4),
        "switches": len(score.noticed),
        "switch_noticed_1": score.share(1),
        "switch_noticed_2": score.share(2),
    }


def made(sentences: Mapping[str, Sequence[str]], count: int) -> Iterator[Chat]:
    """The same chats for the same sentences. Half of all apps speak every language, the others some."""
    dice = random.Random(2026)
    every = sorted(sentences)
    for _ in range(count):
        known = dice.sample(every, dice.randint(FEWEST_LANGUAGES, len(every)))
        if dice.random() < 0.5:
            known = every
        codes = spoken(dice, known)
        hint = "" if dice.random() > HINTED else codes[0] if dice.random() < HINT_RIGHT else dice.choice(known)
        lines = tuple(line(dice, codes, turn, sentences) for turn in range(TURNS))
        yield Chat(tuple(known), hint, lines)


def spoken(dice: random.Random, known: Sequence[str]) -> list[str]:
    """The language of each turn."""
    codes = [dice.choice(known)] * TURNS
    if dice.random() < SWITCHING:
        turn = dice.randint(2, 5)
        codes[turn:] = [dice.choice([code for code in known if code != codes[0]])] * (TURNS - turn)
        if dice.random() < AGAIN:
            again = dice.randint(turn + 2, TURNS - 2)
            codes[again:] = [dice.choice([code for code in known if code != codes[turn]])] * (TURNS - again)
    return codes


def line(dice: random.Random, codes: Sequence[str], turn: int, sentences: Mapping[str, Sequence[str]]) -> Line:
    """A chat, and a new language, begin with a sentence: nobody changes a language with a thumb."""
    code = codes[turn]
    sentence = dice.choice(sentences[code])
    if not turn or codes[turn - 1] != code:
        return Line(sentence, code, switched=turn > 0)
    kind = dice.random()
    for share, made_up in (
        (SMALL_TALK, Line(dice.choice(SAID[code]), code, sentence=False)),
        (NOISE, Line(dice.choice(NOISES), code, sentence=False)),
        (TAP, Line(dice.choice(sentences[dice.choice(sorted(sentences))]), code, sentence=False, typed=False)),
        (GREETED, Line(f"{dice.choice(SAID[dice.choice(sorted(SAID))])}, {sentence}", code)),
    ):
        if kind < share:
            return made_up
        kind -= share
    return Line(sentence, code)


async def played(engine: str, chats: Iterator[Chat], languages: Sequence[str]) -> Score:
    score = Score()
    async with understanding([("language", engine)], languages) as understander:
        for chat in chats:
            await play(understander, chat, score)
    return score


async def play(understander: Understander, chat: Chat, score: Score) -> None:
    """As the engine does it: the head remembers, a switch counts as noticed once the turn is in its language."""
    start = chat.hint or chat.languages[0]
    held = Spoken(code=start)
    since = 0
    for said in chat.lines:
        before = held.code
        utterance = Utterance(
            text=said.text,
            prior=prior_of(held),
            hint=start,
            pinned=held.pinned,
            doubts=held.doubts,
            by_agent=held.by_agent,
            candidates=chat.languages,
            typed=said.typed,
        )
        language = (await understander.read(utterance)).language
        held = remembered(held, language)
        if said.switched and since:
            score.noticed.append(0)
        since = 1 if said.switched else since and since + said.sentence
        if since and language.code == said.code:
            score.noticed.append(since)
            since = 0
        score.turns += 1
        score.wrong += language.code != said.code
        score.flaps += language.code != before and language.code != said.code and before != ""
    if since:
        score.noticed.append(0)


EVALUATOR = Evaluator(
    name="chats",
    files=("FILE.tsv",),
    help="Follow the language of made-up chats (columns as for --langid).",
    measure=measure,
    settings=(LANGUAGE_ENGINE, CHATS),
    runs=(
        Run(
            title="simulated chats",
            files=("langid.tsv",),
            goals=(
                Goal(metric="wrong_turns", what="turns in the wrong language", at_most=0.005, anchor="langdetect .29"),
                Goal(metric="flaps_per_100", what="flaps per 100 turns", at_most=0.2, anchor="langdetect 42"),
                Goal(metric="switch_noticed_1", what="switch noticed in 1 turn", at_least=0.95),
                Goal(metric="switch_noticed_2", what="switch noticed in 2 turns", at_least=0.995),
            ),
        ),
    ),
)
