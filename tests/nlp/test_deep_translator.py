"""deep-translator, wrapped: its services played on loopback at the wire; LibreTranslate's protocol with Apertium."""

import asyncio
import html
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from pydantic import SecretStr, ValidationError

from nlp import deep_translator
from nlp.deep_translator import DeepTranslator, Settings, create, usable
from nlp.deep_translator.services import KINDS, pieces
from nlp.deep_translator.wire import LARGEST
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.files import LocalFiles
from orchestrator.errors import EngineFailed, Misconfigured
from tests.support.cloud import Reply, nobody, running_cloud
from tests.support.libretranslate import libretranslate
from tests.support.site import listening
from tests.support.understanding import http_client


@asynccontextmanager
async def engine(**settings: object) -> AsyncIterator[DeepTranslator]:
    async with http_client() as http:
        made = DeepTranslator(Settings(**settings), clock=SystemClock(), http=http)
        await made.open()
        try:
            yield made
        finally:
            await made.close()


def google_page(text: str) -> Reply:
    body = f'<html><body><div class="result-container">{html.escape(text)}</div></body></html>'
    return Reply(body=body.encode(), headers={"Content-Type": "text/html; charset=utf-8"})


async def test_libretranslate_in_full() -> None:
    async with libretranslate() as server, engine(service="libre", url=server.url) as made:
        assert await made.translate(["una casa roja", "dos casas"], "es", "en") == ["a red house", "two houses"]
        assert made.pairs("it", "en")
        assert not made.pairs("nl", "en")
        assert (made.name, made.third_party) == ("libre", False)
        assert server.addresses == ["/translate", "/translate"]
        assert all("api_key" not in asked for asked in server.asked)


async def test_a_libretranslate_that_is_not_up_yet_may_come_later() -> None:
    async with engine(service="libre", url=nobody()) as made:
        assert made.pairs("es", "en")
        with pytest.raises(EngineFailed, match=r"could not be reached \(ConnectionError\)"):
            await made.translate(["una casa"], "es", "en")


@pytest.mark.parametrize(
    ("fault", "why", "after"),
    [
        ((429, {}), "throttled", 7.0),
        ((500, {}), "HTTP 500", None),
        ((403, {"error": "Invalid API key s3cret"}), "refused the key", 60.0),
        ((200, "<html>Sign in</html>"), "JSONDecodeError", None),
        ((200, {}), "TranslationNotFound", None),
        ((200, {"other": 1}), "KeyError", None),
        ((200, {"translatedText": ""}), "an empty translation", None),
        ((200, {"translatedText": 7}), "an empty translation", None),
        ((301, "elsewhere"), "HTTP 301", None),
    ],
)
async def test_every_failure_is_an_engine_failed_without_text_or_key(
    fault: tuple[int, object], why: str, after: float | None
) -> None:
    async with libretranslate() as server, engine(service="libre", url=server.url, api_key="s3cret") as made:
        server.always = fault
        with pytest.raises(EngineFailed, match=why) as caught:
            await made.translate(["una casa secreta"], "es", "en")
        assert caught.value.retry_after == after
        for secret in ("s3cret", "casa", "127.0.0.1"):
            assert secret not in str(caught.value)


async def test_a_call_gives_up_by_itself() -> None:
    async with libretranslate() as server, engine(service="libre", url=server.url, request_seconds=0.2) as made:
        server.always = "late"
        with pytest.raises(EngineFailed, match="could not be reached"):
            await made.translate(["una casa"], "es", "en")


async def test_an_answer_that_never_ends_is_cut_off() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(LARGEST // 50_000 + 2):
            await response.write(b" " * 50_000)
        return response

    async with listening(web.route("*", "/{path:.*}", endless)) as url, engine(service="libre", url=url) as made:
        with pytest.raises(EngineFailed, match="too much"):
            await made.translate(["una casa"], "es", "en")


async def test_google() -> None:
    async with running_cloud() as cloud, engine(service="google", url=cloud.url) as made:
        cloud.replies.append(google_page("the red house & ⟦0⟧"))
        assert await made.translate(["la casa roja y ⟦0⟧"], "es", "zh") == ["the red house & ⟦0⟧"]
        assert parse_qs(cloud.seen[0].query) == {"tl": ["zh-CN"], "sl": ["es"], "q": ["la casa roja y ⟦0⟧"]}
        assert made.third_party
        assert made.pairs("es", "nl")
        assert not made.pairs("es", "tlh")


async def test_google_gives_none_for_unchanged() -> None:
    async with running_cloud() as cloud, engine(service="google", url=cloud.url) as made:
        cloud.replies.append(google_page("⟦0⟧!"))
        assert await made.translate(["⟦0⟧!"], "es", "en") == ["⟦0⟧!"]


@pytest.mark.parametrize("reply", [Reply(status=429), Reply(status=500), Reply(body=b"<html>consent</html>"), Reply()])
async def test_google_in_a_bad_mood(reply: Reply) -> None:
    async with running_cloud() as cloud, engine(service="google", url=cloud.url) as made:
        cloud.replies.append(reply)
        with pytest.raises(EngineFailed):
            await made.translate(["la casa roja"], "es", "en")


async def test_mymemory_excuses_are_no_translations() -> None:
    async with running_cloud() as cloud, engine(service="mymemory", url=cloud.url) as made:
        for text in ("the red house", "MYMEMORY WARNING: YOU USED ALL AVAILABLE FREE TRANSLATIONS FOR TODAY"):
            body = json.dumps({"responseData": {"translatedText": text}, "matches": []}).encode()
            cloud.replies.append(Reply(body=body))
        assert await made.translate(["la casa roja"], "es", "en") == ["the red house"]
        assert parse_qs(cloud.seen[0].query)["langpair"] == ["es-ES|en-GB"]
        with pytest.raises(EngineFailed, match="refuses for now"):
            await made.translate(["la casa roja"], "es", "en")


async def test_deepl_signs_in_by_header_and_posts_the_text() -> None:
    async with running_cloud() as cloud, engine(service="deepl", url=cloud.url, api_key="k3y:fx") as made:
        cloud.replies.append(Reply(body=json.dumps({"translations": [{"text": "the red house"}]}).encode()))
        assert await made.translate(["la casa roja"], "es", "en") == ["the red house"]
        seen = cloud.seen[0]
        assert (seen.method, seen.path, seen.query) == ("POST", "/translate", "")
        assert seen.headers["authorization"] == "DeepL-Auth-Key k3y:fx"
        assert json.loads(seen.body) == {"text": ["la casa roja"], "source_lang": "ES", "target_lang": "EN-US"}


async def test_a_long_text_goes_in_pieces_that_are_one_again() -> None:
    async with running_cloud() as cloud, engine(service="google", url=cloud.url) as made:
        text = "La casa roja está en la calle. " * 400
        for piece in pieces(text, KINDS["google"]):
            cloud.replies.append(google_page(piece.upper().strip() or piece))
        assert await made.translate([text], "es", "en") == [text.upper()]
        assert len(cloud.seen) >= 3
        assert max(len(seen.query) for seen in cloud.seen) < 6100


@pytest.mark.parametrize("service", list(KINDS))
@pytest.mark.parametrize("text", ["a" * 12_000, "año ñandú. " * 1500, "word ⟦12⟧ " * 2000, "😡" * 3000, "", "x"])
def test_pieces_fit_and_cut_no_token(service: str, text: str) -> None:
    kind = KINDS[service]  # type: ignore[index]
    cut = pieces(text, kind)
    assert "".join(cut) == text
    assert all(len(piece) <= kind.longest for piece in cut)
    assert all(piece.count("⟦") == piece.count("⟧") for piece in cut)


async def test_in_a_crowd_everybody_gets_their_own_text() -> None:
    async def upper(request: web.Request) -> web.Response:
        asked = await request.json()
        await asyncio.sleep(0)
        return web.json_response({"translatedText": asked["q"].upper()})

    async with (
        listening(web.post("/translate", upper)) as url,
        engine(service="libre", url=url, threads=16) as made,
    ):
        asked = [made.translate([f"texto {n}", f"otro {n}"], "es", "en") for n in range(200)]
        assert await asyncio.gather(*asked) == [[f"TEXTO {n}", f"OTRO {n}"] for n in range(200)]


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"service": "libre"}, "'libre' needs a url"),
        ({"service": "deepl"}, "'deepl' needs an api_key"),
    ],
)
async def test_what_is_missing_is_said_at_start(settings: dict[str, str], why: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    assert why in (usable(Settings(**settings)) or "")
    async with http_client() as http:
        with pytest.raises(Misconfigured, match=why):
            create(Settings(**settings), clock=SystemClock(), http=http, files=LocalFiles(tmp_path, SystemClock()))
    assert usable(Settings(service="google")) is None


def test_unknown_services_are_refused_and_keys_never_shown() -> None:
    with pytest.raises(ValidationError):
        Settings(service="babelfish")
    assert "s3cret" not in repr(Settings(service="deepl", api_key=SecretStr("s3cret")))


def test_a_public_libretranslate_is_a_third_party() -> None:
    assert deep_translator.third_party(Settings(service="libre", url="https://libretranslate.com"))
    assert not deep_translator.third_party(Settings(service="libre", url="http://10.0.0.5:5000"))
    assert deep_translator.third_party(Settings(service="libre", url="http://10.0.0.5:5000", third_party=True))
