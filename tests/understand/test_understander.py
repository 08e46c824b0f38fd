"""A turn's understanding, whole: real stages, real Apertium, and stages and engines that fail or hang."""

import asyncio
import time
from dataclasses import replace

import pytest

from orchestrator.errors import EngineFailed
from orchestrator.types import (
    Button,
    Buttons,
    Choice,
    Language,
    QuickReplies,
    Sentiment,
    Text,
    Understanding,
    Utterance,
)
from orchestrator.understand import Memory
from tests.support.libretranslate import libretranslate
from tests.support.understanding import Counted, real_stages, understander, with_apertium
from tests.understand.test_chain import libre, unique_words
from tests.understand.test_guard import ROWS

APP = ("en", "es", "it", "nl")


async def test_reads_a_spanish_message() -> None:
    async with with_apertium() as made:
        found = await made.read(Utterance(text="Hola, ¿dónde está mi pedido #A-99812? Estoy muy enfadada."))
    assert (found.language.code, found.language.engine) == ("es", "langid")
    assert found.language.seen[0][0] == "es"
    assert "#A-99812" in found.pivot
    assert "request" in found.pivot
    assert found.sentiment is not None
    assert found.sentiment.label == "negative"
    assert found.wants_person == 0.0
    assert [(run.stage, run.outcome, run.engine) for run in found.stages] == [
        ("language", "ok", "langid"),
        ("translation", "ok", "apertium"),
        ("sentiment", "ok", "vader"),
        ("sentiment", "ok", "lexicon"),
        ("wish", "ok", "phrases"),
    ]


async def test_a_wish_for_a_language_is_read_in_the_one_it_is_written_in() -> None:
    async with with_apertium() as made:
        found = await made.read(Utterance(text="¿Podemos seguir en inglés por favor? Estoy muy enfadada", prior="es"))
        assert (found.language.code, found.language.reason) == ("en", "asked for")
        assert "angered" in found.pivot
        assert found.sentiment is not None
        assert found.sentiment.label == "negative"
        text = "Could we please go on in Spanish? My parcel is late"
        found = await made.read(Utterance(text=text, prior="en"))
        assert (found.language.code, found.pivot) == ("es", text)


@pytest.mark.parametrize("text", ["quiero hablar con una persona", "vorrei parlare con un operatore", "agent please"])
async def test_hears_the_wish_for_a_person(text: str) -> None:
    async with with_apertium() as made:
        assert (await made.read(Utterance(text=text))).wants_person >= 0.8


async def test_hears_the_wish_when_translation_is_down() -> None:
    async with understander() as made:
        found = await made.read(Utterance(text="quiero hablar con una persona"))
    assert found.wants_person >= 0.8
    assert found.pivot == ""
    assert ("translation", "skipped") in [(run.stage, run.outcome) for run in found.stages]


@pytest.mark.parametrize("text", ["👍", "12345", "https://shop.example.com/en/cart", "", "\x00", "😡😡😡"])
async def test_what_has_no_words_is_neither_detected_nor_translated(text: str) -> None:
    async with with_apertium() as made:
        found = await made.read(Utterance(text=text, prior="es"))
    assert found.language.code == "es"
    assert found.pivot == text
    assert {"language", "translation"}.isdisjoint(run.stage for run in found.stages)


async def test_a_name_is_not_translated() -> None:
    async with with_apertium() as made:
        found = await made.read(Utterance(text="Rosa Blanco", prior="es"))
    assert found.pivot == "Rosa Blanco"
    assert [(run.stage, run.outcome) for run in found.stages if run.stage == "translation"] == [
        ("translation", "skipped")
    ]


async def test_shouting_and_asking_again_make_a_message_negative() -> None:
    async with with_apertium() as made:
        shouted = await made.read(Utterance(text="THIS IS THE THIRD TIME I ASK"))
        again = await made.read(
            Utterance(text="quiero saber el precio del envío", previous="quiero saber el precio del envio")
        )
    assert shouted.sentiment is not None
    assert shouted.sentiment.label == "negative"
    assert "caps" in shouted.signals
    assert "repeat" in again.signals


async def test_translates_the_whole_envelope_and_no_payload() -> None:
    async with with_apertium() as made:
        parts = (
            Text(text="Your order **#A-99812** costs 19,99 €.", markdown=True),
            QuickReplies(choices=(Choice(title="Yes", payload="yes:1"), Choice(title="The red house", payload="RED"))),
            Buttons(text="", buttons=(Button(title="Open the house", url="https://shop.example.com/en/cart"),)),
        )
        translated = await made.translate(parts, "en", "es")
    assert translated.parts is not None
    text, replies, buttons = translated.parts
    assert isinstance(text, Text)
    assert "**#A-99812**" in text.text
    assert "19,99 €" in text.text
    assert text.text != parts[0].text
    assert isinstance(replies, QuickReplies)
    assert [choice.payload for choice in replies.choices] == ["yes:1", "RED"]
    assert replies.choices[1].title == "La casa roja"
    assert isinstance(buttons, Buttons)
    assert buttons.buttons[0].url == "https://shop.example.com/en/cart"
    assert (translated.run.stage, translated.run.outcome, translated.run.engine) == ("translation", "ok", "apertium")


async def test_nothing_to_translate_is_none() -> None:
    async with with_apertium() as made:
        for parts, source, target in (
            ((Text(text="Hello"),), "en", "en"),
            ((Text(text="👍 12345"),), "en", "es"),
            ((), "en", "es"),
        ):
            assert (await made.translate(parts, source, target)).parts is None


async def test_what_no_engine_can_translate_is_none_and_said_so() -> None:
    async with with_apertium() as made:
        translated = await made.translate((Text(text="The red house"),), "en", "nl")
    assert translated.parts is None
    assert (translated.run.outcome, translated.run.detail) == (
        "skipped",
        "en→nl; no engine; 1 of 1 pieces kept as they were",
    )


async def test_says_at_start_what_works() -> None:
    async with with_apertium(languages=APP) as made:
        lines = made.available()
    assert lines[:3] == ["language: langid", "sentiment: vader, lexicon", "wish: phrases"]
    assert "translation: apertium es→en, it→en, en→es, en→it" in lines
    assert lines[-1].startswith("translation: no engine for nl→en, en→nl: ")


class Stuck:
    """A third party's stage that never answers."""

    engine = "stuck"

    def __init__(self, name: str) -> None:
        self.name = name

    async def read(self, said: Utterance, known: Understanding) -> Understanding:
        await asyncio.get_running_loop().create_future()
        return known

    async def open(self) -> None: ...
    async def close(self) -> None: ...


class Broken(Stuck):
    engine = "broken"

    async def read(self, said: Utterance, known: Understanding) -> Understanding:
        raise ValueError(f"secret {said.text}")


class Refusing(Stuck):
    engine = "refusing"

    async def read(self, said: Utterance, known: Understanding) -> Understanding:
        raise EngineFailed("refusing: no model")


class Cheerful(Stuck):
    engine = "cheerful"

    async def read(self, said: Utterance, known: Understanding) -> Understanding:
        return replace(known, sentiment=Sentiment(score=1.0, label="positive", engine=self.engine))


class Eager(Cheerful):
    """Begins before it reads, and keeps what it was told then."""

    engine = "eager"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.begun: list[tuple[str, str]] = []

    def begin(self, said: Utterance, known: Understanding) -> None:
        self.begun.append((known.language.code, known.pivot))
        raise RuntimeError("not today")


@pytest.mark.parametrize(
    ("prior", "text", "begun"),
    [
        ("en", "where is my parcel", ["en"]),
        ("es", "where is my parcel, please tell me now", ["en"]),
        ("en", "quiero saber dónde está mi pedido", ["en", "es"]),
        ("", "where is my parcel, please tell me now", ["en"]),
    ],
)
async def test_what_takes_long_begins_with_the_likely_language(prior: str, text: str, begun: list[str]) -> None:
    stage = Eager("sentiment")
    async with understander(stages=[real_stages()[0], stage]) as made:
        found = await made.read(Utterance(text=text, prior=prior))
    assert [code for code, _ in stage.begun] == begun
    assert found.language.code == begun[-1]
    assert [run.outcome for run in found.stages if run.stage == "sentiment"] == ["ok"]


@pytest.mark.parametrize("name", ["language", "sentiment", "intent", "wish"])
async def test_a_stage_that_hangs_takes_nothing_from_the_others(name: str) -> None:
    stages = [stage for stage in real_stages() if stage.name != name]
    async with understander(stages=[Stuck(name), *stages], deadline=0.5) as made:
        start = time.monotonic()
        found = await made.read(Utterance(text="quiero hablar con una persona, esto es horrible", prior="es"))
        assert time.monotonic() - start < 0.9
    outcomes = {run.stage: run.outcome for run in found.stages}
    assert outcomes[name] == "late"
    assert found.language.code == "es"
    assert name == "wish" or found.wants_person >= 0.8
    assert name == "sentiment" or (found.sentiment and found.sentiment.label == "negative")


async def test_stages_that_fail_say_so_without_the_customers_words() -> None:
    stages = [Broken("sentiment"), Refusing("sentiment"), Cheerful("sentiment"), Broken("language"), Broken("wish")]
    async with understander(stages=stages) as made:
        found = await made.read(Utterance(text="my card is 4111 1111 1111 1111", prior="en"))
        recorder = made.recorder
    assert found.sentiment is not None
    assert found.sentiment.engine == "cheerful"
    assert [(run.engine, run.outcome, run.detail) for run in found.stages] == [
        ("broken", "failed", "raised ValueError"),
        ("broken", "failed", "raised ValueError"),
        ("refusing", "failed", "refusing: no model"),
        ("cheerful", "ok", ""),
        ("broken", "failed", "raised ValueError"),
    ]
    assert isinstance(recorder, Counted)
    assert ("sentiment", "failed") in recorder.stages


async def test_a_translator_that_hangs_leaves_time_for_the_rest() -> None:
    async with libretranslate() as server, libre(server.url) as engine:
        server.always = "late"
        async with understander([engine], deadline=0.5, seconds=60.0) as made:
            start = time.monotonic()
            found = await made.read(Utterance(text="quiero hablar con una persona"))
            assert time.monotonic() - start < 0.9
    assert ("translation", "late") in [(run.stage, run.outcome) for run in found.stages]
    assert found.wants_person >= 0.8
    assert found.sentiment is not None


async def test_an_answer_in_the_wrong_language_is_not_believed() -> None:
    async with libretranslate() as server, libre(server.url) as engine, understander([engine]) as made:
        server.always = (200, {"translatedText": "Wo ist denn eigentlich meine Bestellung geblieben?"})
        found = await made.read(
            Utterance(text="¿Dónde está mi pedido, que no ha llegado?", candidates=("en", "es", "de"))
        )
    assert found.pivot == ""
    assert any("another language" in run.detail for run in found.stages)


async def test_in_a_crowd_nobody_reads_anybody_elses_words() -> None:
    crowd = 300
    words = unique_words(crowd)
    async with with_apertium(deadline=60.0, seconds=60.0) as made:
        found = await asyncio.gather(
            *(
                made.read(Utterance(text=f"Mi pedido {word} número {number} no ha llegado, quiero hablar con alguien"))
                for number, word in enumerate(words)
            )
        )
        translated = await asyncio.gather(
            *(
                made.translate((Text(text=f"The house {word} is number {n}"),), "en", "es")
                for n, word in enumerate(words)
            )
        )
    for number, (word, one, out) in enumerate(zip(words, found, translated, strict=True)):
        assert one.language.code == "es"
        assert word in one.pivot
        assert f" {number} " in one.pivot
        assert sum(other in one.pivot for other in words) == 1
        assert out.parts is not None
        assert isinstance(out.parts[0], Text)
        assert word in out.parts[0].text
        assert out.parts[0].text.rstrip(".").endswith(f" {number}")


async def test_the_event_loop_is_not_held_up() -> None:
    """Between two beats the loop works less than 20 ms: by processor time, so that a busy machine does not count."""
    async with with_apertium(deadline=60.0) as made:
        await made.read(Utterance(text="Hola, ¿dónde está mi pedido?"))
        loop = asyncio.get_running_loop()
        beats = [time.thread_time()]

        def beat() -> None:
            beats.append(time.thread_time())
            loop.call_later(0, beat)

        beat()
        said = [f"Hola, ¿dónde está mi pedido {n}? Quiero hablar con una persona " * 20 for n in range(50)]
        await asyncio.gather(*(made.read(Utterance(text=text)) for text in said))
        await made.read(Utterance(text="<a" * 10_000))
    gaps = [after - before for before, after in zip(beats, beats[1:], strict=False)]
    assert len(gaps) > 50
    assert max(gaps) < 0.020


async def test_a_huge_message_does_no_harm() -> None:
    async with with_apertium(deadline=5.0) as made:
        for text in ("a" * 1_000_000, "😡" * 100_000, "¿" * 50_000, "quiero " * 50_000):
            found = await made.read(Utterance(text=text, prior="es"))
            assert found.language.code == "es"
            start = time.thread_time()
            await made.translate((Text(text=text),), "es", "en")
            assert time.thread_time() - start < 0.5


async def test_a_bots_texts_come_from_the_memory_where_there_is_no_engine(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "memory.toml"
    path.write_text('[[entry]]\nen = "Where is my order?"\nnl = "Waar is mijn bestelling?"\n', encoding="utf-8")
    async with understander(memory=Memory([path]), languages=APP) as made:
        translated = await made.translate((Text(text="Where is my order?"), Text(text="And now?")), "en", "nl")
        assert translated.parts == (Text(text="Waar is mijn bestelling?"), Text(text="And now?"))
        assert (translated.run.outcome, translated.run.engine) == ("skipped", "memory")
        assert "memory of 1 reviewed texts" in " ".join(made.available())


async def test_without_stages_the_prior_holds() -> None:
    async with understander(stages=[]) as made:
        found = await made.read(Utterance(text="whatever", prior="it"))
    assert found.language == Language(code="it", reason="no words", confidence=0.0)


HOSTILE = [
    "un ", "con una ", "speak to the ", "in english ", "no ", "not very ", "<a", "a.", "a@", "1 ", "!? ", "\u0301",
    "- ", "dont talk to an agent , ", "ik wil een ", "mit einem ", "parler a une ", "transfer me to ", "é", "\n", "' ",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
async def test_no_words_take_longer_than_their_number_allows(piece: str) -> None:
    async with with_apertium(deadline=60.0, seconds=60.0) as made:
        start = time.thread_time()
        await made.read(Utterance(text=piece * (5000 // len(piece)), prior="es"))
        assert time.thread_time() - start < 0.5


async def test_tricky_messages_keep_every_piece_both_ways() -> None:
    async with with_apertium(languages=(*APP, "fr", "pt", "de", "ar")) as made:
        for row in ROWS:
            if row["direction"] == "in":
                out = (await made.read(Utterance(text=row["text"], prior=row["conv_lang"]))).pivot or row["text"]
            else:
                translated = await made.translate((Text(text=row["text"], markdown=True),), "en", row["conv_lang"])
                part = translated.parts[0] if translated.parts else Text(text=row["text"])
                assert isinstance(part, Text)
                out = part.text
            for piece in filter(None, row["keep"].split("|")):
                assert piece in out, row["id"]
