"""The wish for a person: heard in many languages, with typing mistakes, and not where there is none."""

import csv
import time
from pathlib import Path

import pytest

from nlp.langid.words import load_words
from nlp.phrases import Phrases, Settings, denies
from nlp.phrases.spelling import Spelling
from orchestrator.types import Language, Understanding, Utterance

ROWS = list(
    csv.DictReader(
        (Path(__file__).parent / "data" / "wishes.tsv").read_text(encoding="utf-8").splitlines(),
        delimiter="\t",
        quoting=csv.QUOTE_NONE,
    )
)


@pytest.fixture
async def phrases() -> Phrases:
    stage = Phrases(Settings())
    await stage.open()
    return stage


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['lang']}-{row['text'][:30]}")
async def test_wishes(phrases: Phrases, row: dict[str, str]) -> None:
    score = phrases.score(row["text"])
    assert 0.0 <= score <= 1.0
    assert (score >= 0.6) == (row["wish"] == "1")


async def test_the_original_and_the_pivot_are_both_read(phrases: Phrases) -> None:
    blank = Understanding(language=Language(code="hu"))
    said = Utterance(text="egy emberrel szeretnék beszélni")
    assert (await phrases.read(said, blank)).wants_person == 0.0
    pivot = Understanding(language=Language(code="hu"), pivot="It would want to speak with a person please")
    assert (await phrases.read(said, pivot)).wants_person >= 0.8
    surer = Understanding(language=Language(code="en"), wants_person=0.99)
    assert (await phrases.read(Utterance(text="hello"), surer)).wants_person == 0.99


async def test_a_wish_is_found_at_either_end_of_a_long_message(phrases: Phrases) -> None:
    story = "I ordered a blue lamp and it came in green. " * 60
    assert phrases.score(f"Let me talk to a person. {story}") >= 0.9
    assert phrases.score(f"{story} can I speak to someone please") >= 0.9
    assert phrases.score(story) == 0.0


async def test_a_wish_is_heard_in_every_language_whose_small_talk_is_known(phrases: Phrases) -> None:
    known = set().union(*load_words().phrases.values())
    asked = {row["lang"] for row in ROWS if row["wish"] == "1"}
    assert known - set(phrases.ways) == set()
    assert known - asked == set()


async def test_no_message_with_a_word_of_ours_alone_is_taken_for_a_typing_mistake(phrases: Phrases) -> None:
    """`transfere` is Portuguese, `parle` is French: one letter from a word that is looked for in another language."""
    assert phrases.score("me transfere para um humano") >= 0.9
    assert phrases.score("j'ai parlé à un conseiller hier") == 0.0


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("I don't want to talk to a person", True),
        ("please do not transfer me to an agent", True),
        ("no need for that. I already spoke to an agent yesterday", True),
        ("I don't want a bot, I want to talk to a person", False),
        ("You don't let me talk to a person", False),
        ("I don't want to talk to a robot", False),
        ("I don't want my money back. Can I talk to an agent?", False),
        ("where is my parcel", False),
        ("", False),
    ],
)
async def test_what_is_not_wanted_is_no_wish_whatever_an_embedding_says(text: str, denied: bool) -> None:
    assert denies(text) is denied


async def test_only_the_languages_asked_for() -> None:
    stage = Phrases(Settings(languages=("it",)))
    await stage.open()
    assert stage.score("vorrei parlare con un operatore") >= 0.9
    assert stage.score("ich möchte mit einem Menschen sprechen") == 0.0


@pytest.mark.parametrize(
    "piece",
    ["un ", "speak to the ", "con una ", "de vos un ", "the real ", "please ", "a, ", "x", "z kim ", "живым ", "사람 "]
    + ["prata med en ", "temsilci insan ", "أتحدث مع ", "我要跟人", "人と", "με έναν "],
)
async def test_no_words_take_longer_than_their_number_allows(phrases: Phrases, piece: str) -> None:
    start = time.thread_time()
    phrases.score(piece * (5000 // len(piece)))
    assert time.thread_time() - start < 0.2


def test_typing_mistakes() -> None:
    spelling = Spelling(["representative", "speak", "talk", "agent"], known=["speaks"])
    for wrong, right in [
        ("reprsentative", "representative"),
        ("representaitve", "representative"),
        ("spaek", "speak"),
        ("agnet", "agent"),
        ("agentt", "agent"),
        ("tlak", "talk"),
        ("walk", "walk"),
        ("speaks", "speaks"),
        ("event", "event"),
    ]:
        assert spelling.corrected(wrong) == right
