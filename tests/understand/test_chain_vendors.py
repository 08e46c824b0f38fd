"""The chain over the vendors' protocols: retries, refused pairs, a cache that fails, and everybody's own text."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest

from orchestrator.adapters.cache import MemoryCache
from orchestrator.adapters.clock import SystemClock
from orchestrator.errors import Unavailable
from orchestrator.understand import Chain, Link
from tests.nlp.test_vendors import ENGINES
from tests.support.clock import ManualClock
from tests.support.understanding import http_client
from tests.support.vendors import KEY, Vendor, vendor

CARD = "4111 1111 1111 1111"


@asynccontextmanager
async def chained(name: str, **more: object) -> AsyncIterator[tuple[Vendor, Chain]]:
    async with vendor() as server, http_client() as http:
        engine = ENGINES[name](server, http, KEY, SystemClock())
        chain = Chain([Link(translator=engine, timeout=10.0)], **{"clock": SystemClock(), **more})  # type: ignore[arg-type]
        await chain.open()
        try:
            yield server, chain
        finally:
            await chain.close()


@pytest.mark.parametrize("name", ENGINES)
async def test_in_a_crowd_everybody_gets_their_own_text_and_values(name: str) -> None:
    async with chained(name, cache=MemoryCache()) as (_, chain):
        letters = "bcdfgklmnp"
        words = [f"x{letters[n // 100]}u{letters[n // 10 % 10]}o{letters[n % 10]}w" for n in range(400)]
        asked = [f"{word} pedido #A-{n} <b> & {word}" for n, word in enumerate(words)]
        found = await asyncio.gather(*(chain.translate([text], "es", "en", within=60) for text in asked))
        for n, (word, one) in enumerate(zip(words, found, strict=True)):
            assert one.texts == (f"{word}o pedidoo #A-{n} <b> & {word}o",)


@pytest.mark.parametrize("name", ENGINES)
async def test_a_third_party_sees_no_card_no_address_and_no_name(name: str) -> None:
    async with chained(name) as (server, chain):
        numbers = "tel. +34 612 34 56 78, IBAN ES91 2100 0418 4502 0005 1332"
        text = f"Hola Rosa, tarjeta {CARD}, correo rosa@blanco.es, {numbers}"
        rendered = await chain.translate([text], "es", "en", names=("Rosa Blanco",))
        assert rendered.outcome == "ok"
        assert rendered.texts[0] is not None
        for private in (CARD, "rosa@blanco.es", "+34 612 34 56 78", "ES91 2100 0418 4502 0005 1332", "Rosa"):
            assert private in rendered.texts[0]
        sent = str(server.requests)
        for private in ("4111", "1111", "blanco", "612", "2100", "Rosa"):
            assert private not in sent.replace(server.url, "")


async def test_an_engine_that_was_busy_is_asked_once_more() -> None:
    async with chained("deepl") as (server, chain):
        server.faults.append((503, "busy"))
        assert (await chain.translate(["una casa roja"], "es", "en")).outcome == "ok"
        server.faults.extend([(503, "busy"), (503, "busy")])
        rendered = await chain.translate(["dos casas rojas"], "es", "en")
        assert (rendered.outcome, len(server.requests)) == ("failed", 4)


async def test_an_engine_that_says_500_is_not_asked_again() -> None:
    async with chained("deepl") as (server, chain):
        server.always = (500, {})
        assert (await chain.translate(["una casa roja"], "es", "en")).outcome == "failed"
        assert len(server.requests) == 1


async def test_a_pair_that_is_refused_costs_the_other_pairs_nothing() -> None:
    clock = ManualClock()
    async with chained("azure", clock=clock) as (server, chain):
        server.always = (400, {"error": {"code": 400023, "message": "pair"}})
        for word in ("uno", "dos", "tres", "cuatro"):
            assert (await chain.translate([f"{word} casas"], "es", "tlh")).outcome == "failed"
        assert len(server.requests) == 3
        server.always = None
        assert (await chain.translate(["una casa"], "es", "en")).outcome == "ok"
        clock.advance(31)
        assert (await chain.translate(["otra casa"], "es", "tlh")).outcome == "ok"


async def test_a_used_up_quota_is_seen_in_the_health_and_not_asked_for_an_hour() -> None:
    clock = ManualClock()
    async with chained("deepl", clock=clock) as (server, chain):
        server.always = (456, {"message": "Quota exceeded"})
        await chain.translate(["una casa"], "es", "en")
        [health] = chain.health()
        assert (health.up, health.trouble) == (False, "quota is used up (HTTP 456)")
        assert not chain.ready("es", "en")
        clock.advance(3599)
        await chain.translate(["una casa"], "es", "en")
        assert len(server.requests) == 1
        clock.advance(2)
        server.always = None
        assert chain.ready("es", "en")
        assert (await chain.translate(["una casa"], "es", "en")).outcome == "ok"
        assert chain.health()[0].trouble == ""


class Broken:
    """A cache nobody can reach, or that hangs."""

    def __init__(self, hangs: bool) -> None:
        self.hangs = hangs

    async def get_many(self, keys: Sequence[str]) -> Sequence[str | None]:
        return await self.trouble()

    async def set_many(self, values: Mapping[str, str]) -> None:
        await self.trouble()

    async def trouble(self) -> Sequence[str | None]:
        if self.hangs:
            await asyncio.Event().wait()
        raise Unavailable("the cache is down")


@pytest.mark.parametrize("hangs", [True, False])
async def test_without_its_cache_a_chain_works(hangs: bool) -> None:
    async with chained("deepl", cache=Broken(hangs)) as (_, chain):
        assert (await chain.translate(["una casa"], "es", "en")).texts == ("unao casao",)


async def test_apps_do_not_share_what_they_keep_nor_versions_of_a_glossary() -> None:
    cache = MemoryCache()
    async with chained("deepl", cache=cache, scope="shop") as (_, chain):
        await chain.translate(["una casa"], "es", "en")
        [key] = cache.found
        assert key.startswith("shop:deepl:es:en:")
    async with chained("deepl", cache=cache, scope="bank") as (server, chain):
        await chain.translate(["una casa"], "es", "en")
        assert len(server.requests) == 1


async def test_an_engine_is_asked_for_its_pairs_only() -> None:
    async with vendor() as server, http_client() as http:
        first, second = (
            ENGINES["deepl"](server, http, KEY, SystemClock()),
            ENGINES["azure"](server, http, KEY, SystemClock()),
        )
        chain = Chain([Link(translator=first, only=("*-nl",)), Link(translator=second)], clock=SystemClock())
        assert chain.pairs("es", "nl") == ["deepl", "azure-translator"]
        assert chain.pairs("es", "en") == ["azure-translator"]


async def test_the_cache_forgets_what_was_used_least() -> None:
    cache = MemoryCache(size=30)
    await cache.set_many({"a": "x" * 9, "b": "y" * 9})
    await cache.get_many(["a"])
    await cache.set_many({"c": "z" * 9, "a": "w" * 9})
    assert await cache.get_many(["a", "b", "c"]) == ["w" * 9, "y" * 9, "z" * 9]
    await cache.set_many({"d": "v" * 9})
    assert await cache.get_many(["a", "b", "c", "d"]) == [None, "y" * 9, "z" * 9, "v" * 9]
    assert cache.weight == 30
