"""HttpClient against servers that hang, pour, pack and lie. 127.0.0.2 plays the public internet."""

import asyncio
import gzip
import traceback
import tracemalloc
import zlib

import pytest

from orchestrator.adapters.http_client import HttpClient
from orchestrator.adapters.ssrf import Guard
from orchestrator.errors import SendFailed, TooLarge, Unanswered
from tests.support.http_client import KEYS
from tests.support.raw_http import http, raw_server, saying

# Plain requests


async def test_what_was_asked_arrives_and_what_was_answered_comes_back(client: HttpClient) -> None:
    async with raw_server(saying(http("201 Created", b'{"ok":1}', X_Mixed_Case="yes"))) as server:
        answer = await client.request(
            "POST", f"{server.url}/a?b=c", headers={"X-Key": "k"}, body=b"hello", trusted=True
        )
    assert (answer.status, answer.body, answer.headers["x-mixed-case"]) == (201, b'{"ok":1}', "yes")
    asked = server.asked[0]
    assert (asked.line, asked.body, asked.headers["x-key"]) == ("POST /a?b=c HTTP/1.1", b"hello", "k")
    assert asked.headers["user-agent"] == "Parley/test"


async def test_connections_are_kept_and_cookies_are_not(client: HttpClient) -> None:
    async with raw_server(saying(http(Set_Cookie="a=b; Path=/"))) as server:
        for _ in range(3):
            await client.request("GET", f"http://localhost:{server.port}/", trusted=True)
        assert server.connections == 1
    assert not any("cookie" in asked.headers for asked in server.asked)


@pytest.mark.parametrize(
    ("user", "headers", "expected"),
    [
        ("ana:s%C3%A9same@", {}, "Basic YW5hOnPDqXNhbWU="),
        ("ana@", {}, "Basic YW5hOg=="),
        ("ana:x@", {"authorization": "Bearer y"}, "Bearer y"),
        ("", {}, None),
    ],
)
async def test_a_user_in_the_url(client: HttpClient, user: str, headers: dict[str, str], expected: str | None) -> None:
    async with raw_server(saying(http())) as server:
        await client.request("GET", f"http://{user}127.0.0.1:{server.port}/", headers=headers, trusted=True)
    assert server.asked[0].headers.get("authorization") == expected


async def test_an_error_status_is_an_answer(client: HttpClient) -> None:
    async with raw_server(saying(http("503 Busy", b"later", Retry_After="7"))) as server:
        answer = await client.request("GET", server.url, trusted=True)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "7")


async def test_head_has_a_length_and_no_body(client: HttpClient) -> None:
    async with raw_server(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n")) as server:
        answer = await client.request("HEAD", server.url, trusted=True)
    assert answer.body == b""


async def test_what_a_simulating_server_serves_itself_is_fetched_and_nothing_beside_it() -> None:
    async with raw_server(saying(http(body=b"a picture"))) as ours, raw_server(saying(http())) as other:
        client = HttpClient(Guard(ours=ours.url))
        await client.open()
        try:
            assert (await client.request("GET", f"{ours.url}/demo/img/mug.png")).body == b"a picture"
            with pytest.raises(SendFailed, match="private or reserved"):
                await client.request("GET", other.url)
        finally:
            await client.close()


async def test_before_open_it_says_so() -> None:
    with pytest.raises(RuntimeError, match=r"open\(\) comes before"):
        await HttpClient().request("GET", "http://127.0.0.1", trusted=True)


# Servers that misbehave


async def test_a_server_that_hangs_is_late(client: HttpClient) -> None:
    async def never(writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with raw_server(never) as server:
        with pytest.raises(Unanswered, match=f"GET {server.url}: no whole answer within 0.1 s") as caught:
            await client.request("GET", server.url, timeout=0.1, trusted=True)
    assert caught.value.retryable


async def test_a_server_that_drips_is_late(client: HttpClient) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        for _ in range(50):
            writer.write(b".")
            await writer.drain()
        await asyncio.Event().wait()

    async with raw_server(drip) as server:
        with pytest.raises(SendFailed, match="no whole answer"):
            await client.request("GET", server.url, timeout=0.1, trusted=True)


@pytest.mark.parametrize("length", ["Transfer-Encoding: chunked", "Connection: close", "Content-Length: 99999999999"])
async def test_a_body_without_end_is_cut_off_and_hung_up_on(client: HttpClient, length: str) -> None:
    piece = b"x" * 4096
    packed = b"1000\r\n" + piece + b"\r\n" if "chunked" in length else piece

    async def pour(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\n{length}\r\n\r\n".encode())
        while True:
            writer.write(packed)
            await writer.drain()

    async with raw_server(pour) as server:
        with pytest.raises(TooLarge, match="more than 100000 bytes"):
            await client.request("GET", server.url, max_bytes=100_000, trusted=True)
        async with asyncio.timeout(15):
            await server.gone.wait()


async def test_the_cap_is_exact(client: HttpClient) -> None:
    async with raw_server(saying(http(body=b"x" * 1000))) as server:
        assert len((await client.request("GET", server.url, max_bytes=1000, trusted=True)).body) == 1000
        with pytest.raises(TooLarge):
            await client.request("GET", server.url, max_bytes=999, trusted=True)


async def test_packed_answers_are_unpacked(client: HttpClient) -> None:
    packed = gzip.compress(b"hola " * 1000)
    async with raw_server(saying(http(body=packed, Content_Encoding="gzip"))) as server:
        assert (await client.request("GET", server.url, trusted=True)).body == b"hola " * 1000


async def test_a_gzip_bomb_is_too_large_before_it_fills_the_memory(client: HttpClient) -> None:
    packer = zlib.compressobj(level=9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()
    async with raw_server(saying(http(body=bomb, Content_Encoding="gzip"))) as server:
        tracemalloc.start()
        try:
            with pytest.raises(TooLarge):
                await client.request("GET", server.url, max_bytes=1 << 20, trusted=True)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "hung up without an answer"),
        (b"SMTP ready\r\n\r\n", "does not answer as HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", "does not answer as HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n", "does not answer as HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "broke off"),
        (http(body=b"not gzip", Content_Encoding="gzip"), "broke off"),
    ],
    ids=["nothing", "other protocol", "endless header", "many headers", "short", "not packed"],
)
async def test_what_is_no_answer_can_be_retried(client: HttpClient, answer: bytes, why: str) -> None:
    async def once(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    async with raw_server(once) as server:
        with pytest.raises(Unanswered, match=why) as caught:
            await client.request("POST", server.url, body=b"x", trusted=True)
    assert caught.value.retryable


async def test_nobody_there_can_be_retried(client: HttpClient) -> None:
    async with raw_server(saying(b"")) as server:
        pass
    with pytest.raises(SendFailed, match="can't be reached: .*") as caught:
        await client.request("GET", server.url, trusted=True)
    assert caught.value.retryable
    assert not isinstance(caught.value, Unanswered)


async def test_many_that_hang_leave_room_for_others(client: HttpClient) -> None:
    everybody = asyncio.Barrier(151)

    async def never(writer: asyncio.StreamWriter) -> None:
        await everybody.wait()
        await asyncio.Event().wait()

    async with raw_server(never) as stuck, raw_server(saying(http(body=b"ok"))) as quick:
        waiting = [asyncio.create_task(client.request("GET", stuck.url, trusted=True)) for _ in range(150)]
        async with asyncio.timeout(8):  # none of them has given up by then
            await everybody.wait()
        assert (await client.request("GET", quick.url, timeout=5, trusted=True)).body == b"ok"
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


# Secrets


@pytest.mark.parametrize(
    "url",
    [
        "http://user:s3cret@127.0.0.1:{port}/bot-s3cret/send?token=s3cret#s3cret",
        "http://user:s3cret@bot.example:1/s3cret?token=s3cret",
        "http://user:s3cret@inside.example/s3cret?token=s3cret",
        "http://user:s3cret@[/s3cret",
        "https://user:s3cret@bot.example:{port}/s3cret?token=s3cret",
        "s3cret://user:s3cret@host/",
        "http://user:s3cret@a b/s3cret",
    ],
)
async def test_no_error_holds_a_secret(client: HttpClient, url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    for answer in (b"rubbish", http("302 Found", Location="http://u:s3cret@[s3cret"), http(body=b"s3cret" * 100)):
        async with raw_server(saying(answer)) as server:
            for trusted in (True, False):
                with pytest.raises((SendFailed, TooLarge)) as caught:
                    await client.request(
                        "POST", url.format(port=server.port), headers=KEYS, timeout=0.5, max_bytes=10, trusted=trusted
                    )
                assert "s3cret" not in "".join(traceback.format_exception(caught.value))
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize("bad", ["a\r\nX-Admin: 1", "a\nb", "a\x00", "a\x7f"])
async def test_headers_can_not_be_split(client: HttpClient, bad: str) -> None:
    for headers, method in (({"X-Name": bad}, "GET"), ({bad: "x"}, "GET"), ({}, bad)):
        with pytest.raises(SendFailed, match="control character") as caught:
            await client.request(method, "http://127.0.0.1:1/", headers=headers, trusted=True)
        assert not caught.value.retryable
        assert "X-Admin" not in str(caught.value)
