"""The chain against a real LibreTranslate server that fails in every way, with real Apertium behind it or after it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from nlp import deep_translator
from orchestrator.adapters.cache import MemoryCache
from orchestrator.adapters.clock import SystemClock
from orchestrator.ports import Translator
from orchestrator.understand import Chain, Link, Memory
from tests.support.apertium import apertium
from tests.support.clock import ManualClock
from tests.support.libretranslate import LibreServer, libretranslate
from tests.support.understanding import http_client

ASKED = "¿Dónde está mi pedido #A-99812?"
ANSWERED = "Where it is my request #A-99812?"


@asynccontextmanager
async def libre(url: str, **more: object) -> AsyncIterator[Translator]:
    async with http_client() as http:
        settings = deep_translator.Settings(service="libre", url=url, **more)
        engine = deep_translator.DeepTranslator(settings, clock=SystemClock(), http=http)
        await engine.open()
        try:
            yield engine
        finally:
            await engine.close()


@asynccontextmanager
async def chained(timeout: float = 5.0, **more: object) -> AsyncIterator[tuple[LibreServer, Chain]]:  # noqa: ASYNC109
    """LibreTranslate first, Apertium after it."""
    async with libretranslate() as server, libre(server.url) as first, apertium() as second:
        links = [Link(translator=first, timeout=timeout), Link(translator=second, timeout=5.0)]
        yield server, Chain(links, clock=SystemClock(), **{"cache": MemoryCache(), **more})  # type: ignore[arg-type]


async def test_the_first_engine_that_can_is_asked_and_sees_no_number() -> None:
    async with chained() as (server, chain):
        rendered = await chain.translate([ASKED], "es", "en")
        assert rendered.texts == (ANSWERED,)
        assert (rendered.outcome, rendered.engines) == ("ok", ("libre",))
        assert [asked["q"] for asked in server.asked] == ["¿Dónde está mi pedido ⟦0⟧?"]


FAULTS = {
    "429": (429, {"error": "Slowdown"}),
    "500": (500, {"error": "boom"}),
    "403": (403, {"error": "Invalid API key"}),
    "html": (200, "<html><body>Sign in</body></html>"),
    "no json": (200, "oops"),
    "empty": (200, {"translatedText": ""}),
    "blank": (200, {"translatedText": "  "}),
    "a number": (200, {"translatedText": 5}),
    "nothing": (200, {}),
    "a list": (200, []),
    "null": (200, {"translatedText": None}),
    "unchanged": (200, {"translatedText": "¿Dónde está mi pedido ⟦0⟧?"}),
    "endless": (200, {"translatedText": "where is ⟦0⟧ " + "very " * 5000}),
    "redirect": (302, "elsewhere"),
}


@pytest.mark.parametrize("fault", FAULTS, ids=list(FAULTS))
async def test_whatever_an_engine_does_wrong_the_next_one_answers(fault: str) -> None:
    async with chained() as (server, chain):
        server.always = FAULTS[fault]
        rendered = await chain.translate([ASKED], "es", "en")
        assert rendered.texts == (ANSWERED,)
        assert rendered.engines == ("apertium",)
        assert rendered.detail.startswith("es→en; libre: ")
        assert "pedido" not in rendered.detail
        assert "A-99812" not in rendered.detail


SPOILT: dict[str, Callable[[str], str]] = {
    "lost": lambda said: said.replace("⟦0⟧", ""),
    "doubled": lambda said: said.replace("⟦0⟧", "⟦0⟧ ⟦0⟧"),
    "another": lambda said: said.replace("⟦0⟧", "⟦1⟧"),
    "broken": lambda said: said.replace("⟦0⟧", "⟦0"),
}


@pytest.mark.parametrize("spoilt", SPOILT, ids=list(SPOILT))
async def test_a_lost_token_is_tried_again_between_the_tokens(spoilt: str) -> None:
    async with chained() as (server, chain):
        server.spoil = SPOILT[spoilt]
        rendered = await chain.translate([ASKED], "es", "en")
        assert rendered.engines == ("libre",)
        assert rendered.texts[0] is not None
        assert "#A-99812" in rendered.texts[0]
        assert [asked["q"] for asked in server.asked] == ["¿Dónde está mi pedido ⟦0⟧?", "¿Dónde está mi pedido"]


async def test_an_engine_that_hangs_is_left_for_the_next() -> None:
    async with chained(timeout=0.2) as (server, chain):
        server.always = "late"
        rendered = await chain.translate([ASKED], "es", "en")
        assert rendered.texts == (ANSWERED,)
        assert "libre: late" in rendered.detail


async def test_the_deadline_holds_whatever_the_engines_do() -> None:
    async with libretranslate() as server, libre(server.url) as engine:
        server.always = "late"
        chain = Chain([Link(translator=engine, timeout=60.0)], clock=SystemClock())
        start = asyncio.get_running_loop().time()
        rendered = await chain.translate([ASKED], "es", "en", within=0.3)
        assert asyncio.get_running_loop().time() - start < 1.0
        assert (rendered.texts, rendered.outcome) == ((None,), "late")


async def test_an_answer_in_another_language_is_not_believed() -> None:
    async def judge(text: str, source: str, target: str) -> bool:
        return "Bestellung" in text

    async with chained(judge=judge) as (server, chain):
        server.always = (200, {"translatedText": "Wo ist denn meine Bestellung ⟦0⟧?"})
        rendered = await chain.translate([ASKED], "es", "en")
        assert rendered.texts == (ANSWERED,)
        assert "another language" in rendered.detail


async def test_without_any_engine_the_original_is_kept_and_said_so() -> None:
    rendered = await Chain(clock=SystemClock()).translate([ASKED, "👍"], "es", "nl")
    assert (rendered.texts, rendered.outcome) == ((None, "👍"), "skipped")
    assert rendered.detail == "es→nl; no engine; 1 of 2 pieces kept as they were"


async def test_an_engine_that_keeps_failing_is_left_alone_and_tried_again_later() -> None:
    async with libretranslate() as server, libre(server.url) as engine:
        clock = ManualClock()
        chain = Chain([Link(translator=engine)], clock=clock, breaker_failures=2, breaker_seconds=30)
        server.always = (500, {})
        for word in ("uno más", "dos más", "tres más"):
            await chain.translate([word], "es", "en")
        assert len(server.asked) == 2
        clock.advance(31)
        server.always = None
        assert (await chain.translate(["cuatro casas"], "es", "en")).outcome == "ok"
        assert (await chain.translate(["cinco casas"], "es", "en")).outcome == "ok"


async def test_a_throttling_engine_is_left_alone_for_as_long_as_it_asks() -> None:
    async with libretranslate() as server, libre(server.url) as engine:
        clock = ManualClock()
        chain = Chain([Link(translator=engine)], clock=clock)
        server.faults.append((429, {}))
        assert (await chain.translate(["uno más"], "es", "en")).outcome == "failed"
        clock.advance(6)
        assert "left alone" in (await chain.translate(["uno más"], "es", "en")).detail
        clock.advance(2)
        assert (await chain.translate(["uno más"], "es", "en")).outcome == "ok"


async def test_the_same_words_are_asked_for_once_whatever_the_numbers() -> None:
    async with chained() as (server, chain):
        for number in ("#A-1", "#B-22"):
            rendered = await chain.translate([f"Mi pedido {number} no ha llegado"], "es", "en")
            assert rendered.texts == (f"My request {number} has not arrived",)
        assert len(server.asked) == 1
        assert isinstance(chain.cache, MemoryCache)
        assert all("#" not in key and "#" not in text for key, text in chain.cache.found.items())


async def test_the_memory_comes_before_every_engine_also_by_line_and_sentence(tmp_path: Path) -> None:
    path = tmp_path / "memory.toml"
    path.write_text(
        '[[entry]]\nen = "Where is my order?"\nes = "¿Dónde está mi pedido?"\n'
        '[[entry]]\nen = "Thank you."\nes = "Muchas gracias."\n',
        encoding="utf-8",
    )
    async with chained(memory=Memory([path])) as (server, chain):
        rendered = await chain.translate(["Where is my order?"], "en", "es")
        assert (rendered.texts, rendered.engines) == (("¿Dónde está mi pedido?",), ("memory",))
        rendered = await chain.translate(["- Where is my order?\n\n  Thank you. The house is red.\n"], "en", "es")
        assert rendered.texts == ("- ¿Dónde está mi pedido?\n\n  Muchas gracias. La casa es roja.\n",)
        assert rendered.engines == ("memory", "libre")
        assert [asked["q"] for asked in server.asked] == ["The house is red."]
        assert (await chain.translate(["Where is my order? Hurry up."], "en", "nl")).texts == (None,)


async def test_half_a_text_is_not_translated(tmp_path: Path) -> None:
    path = tmp_path / "memory.toml"
    path.write_text('[[entry]]\nen = "Thank you."\nnl = "Dank je."\n', encoding="utf-8")
    chain = Chain(clock=SystemClock(), memory=Memory([path]))
    rendered = await chain.translate(["Thank you.", "Thank you. The house is red."], "en", "nl")
    assert rendered.texts == ("Dank je.", None)


async def test_layout_stays() -> None:
    async with chained() as (_, chain):
        text = "1. una casa\n   - dos casas\n\n> una mesa  \n"
        assert (await chain.translate([text], "es", "en")).texts == ("1. a house\n   - two houses\n\n> a table  \n",)


async def test_a_message_that_nobody_would_read_is_not_translated() -> None:
    async with chained() as (server, chain):
        rendered = await chain.translate(["una casa " * 3000], "es", "en")
        assert (rendered.texts, rendered.outcome, server.asked) == ((None,), "skipped", [])


async def test_a_long_message_is_one_message() -> None:
    async with chained(timeout=20.0) as (server, chain):
        text = "La casa es roja y la mesa es azul. " * 200 + "a" * 4100
        rendered = await chain.translate([text], "es", "en", within=30.0)
        assert rendered.texts[0] is not None
        assert rendered.texts[0].count("red") == 200
        assert max(len(asked["q"]) for asked in server.asked) <= 4900


async def test_a_cancelled_call_harms_nobody_else() -> None:
    async with chained() as (server, chain):
        server.faults.append("late")
        first = asyncio.create_task(chain.translate(["una mesa verde"], "es", "en"))
        async with asyncio.timeout(15):
            await server.arrived.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert (await chain.translate(["una casa roja"], "es", "en")).texts == ("a red house",)


async def test_the_key_travels_in_the_body_and_never_in_an_address() -> None:
    async with libretranslate() as server, libre(server.url, api_key=SecretStr("s3cret")) as engine:
        assert await engine.translate(["una casa roja"], "es", "en") == ["a red house"]
        assert server.asked[0]["api_key"] == "s3cret"
        assert server.addresses == ["/translate"]


@pytest.mark.parametrize("crowd", [300])
async def test_in_a_crowd_everybody_gets_their_own_text(crowd: int) -> None:
    async with chained() as (server, chain):
        said = [f"Mi pedido número {n} para la mesa {n + 1000} no ha llegado" for n in range(crowd)]
        texts = [f"{text} {word}" for text, word in zip(said, unique_words(crowd), strict=True)]
        rendered = await asyncio.gather(*(chain.translate([text], "es", "en", within=60) for text in texts))
        for n, (one, word) in enumerate(zip(rendered, unique_words(crowd), strict=True)):
            assert one.texts[0] is not None
            assert word in one.texts[0]
            assert f" {n} " in one.texts[0]
            assert f" {n + 1000} " in one.texts[0]


def unique_words(count: int) -> list[str]:
    """Words no dictionary has, so that they pass an engine as they are."""
    letters = "bcdfgklmnp"
    return [f"x{letters[n // 100 % 10]}u{letters[n // 10 % 10]}o{letters[n % 10]}w" for n in range(count)]
