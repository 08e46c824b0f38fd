"""Intents from a Rasa server's own model."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from nlp import rasa
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import EngineFailed
from orchestrator.ports import Files, Stage
from orchestrator.types import Intent, Language, Understanding, Utterance
from tests.support.rasa import rasa_server
from tests.support.raw_http import http, raw_server, saying

KNOWN = Understanding(language=Language(code="es"), pivot="where is my order")


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    opened = HttpClient()
    await opened.open()
    yield opened
    await opened.close()


def make(client: HttpClient, url: str, **more: Any) -> Stage:
    settings = rasa.Settings.model_validate({"url": url, **more})
    return rasa.create(settings, clock=SystemClock(), http=client, files=cast(Files, None))


async def test_it_reads_the_words_in_the_models_language(client: HttpClient) -> None:
    async with rasa_server(lambda sender, text: []) as server:
        server.token = "t0ken"
        server.intents = {"where is my order": "order", "dónde está": "pedido"}
        read = await make(client, server.url, token="t0ken", language="en").read(Utterance(text="dónde está"), KNOWN)
        assert read.intents == (Intent(name="order", score=0.9, engine="rasa"),)
        read = await make(client, server.url, token="t0ken").read(Utterance(text="dónde está"), KNOWN)
        assert [each.name for each in read.intents] == ["pedido"]
        lost = await make(client, server.url, token="t0ken").read(Utterance(text="blah"), KNOWN)
        assert (lost.intents, lost.out_of_scope) == ((), 0.9)
        assert await make(client, server.url).read(Utterance(text="/restart"), KNOWN) == KNOWN
        with pytest.raises(EngineFailed, match="credentials"):
            await make(client, server.url).read(Utterance(text="dónde está"), KNOWN)


@pytest.mark.parametrize(
    "body", [b"[]", b"7", b"<html>", b'{"intent_ranking": [{"name": 7}, "x", {"name": "a", "confidence": "high"}]}']
)
async def test_rubbish_is_no_intent(client: HttpClient, body: bytes) -> None:
    async with raw_server(saying(http("200 OK", body))) as server:
        stage = make(client, server.url)
        if body.startswith(b"{"):
            assert (await stage.read(Utterance(text="x"), KNOWN)).intents == ()
        else:
            with pytest.raises(EngineFailed):
                await stage.read(Utterance(text="x"), KNOWN)
