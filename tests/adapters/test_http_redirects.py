"""Where HttpClient lets itself be sent, and what it takes along."""

import ssl

import pytest

from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import SendFailed
from tests.support.http_client import KEYS, PEM, PUBLIC
from tests.support.raw_http import http, raw_server, saying


async def test_redirects_are_followed_at_home_with_everything(client: HttpClient) -> None:
    moved = http("307 Moved", Location="/new?x=1")
    async with raw_server(saying(moved, http(body=b"here"))) as server:
        answer = await client.request("POST", f"{server.url}/old", headers=KEYS, body=b"words", trusted=True)
    assert answer.body == b"here"
    assert [asked.line for asked in server.asked] == ["POST /old HTTP/1.1", "POST /new?x=1 HTTP/1.1"]
    assert server.asked[1].body == b"words"
    assert server.asked[1].headers["authorization"] == "Bearer s3cret"


async def test_keys_stay_at_home(client: HttpClient) -> None:
    async with raw_server(saying(http(body=b"there")), host=PUBLIC) as there:
        moved = http("302 Found", Location=f"http://other.example:{there.port}/")
        async with raw_server(saying(moved), host=PUBLIC) as here:
            answer = await client.request("GET", f"http://bot.example:{here.port}/", headers=KEYS)
    assert answer.body == b"there"
    assert "authorization" in here.asked[0].headers
    assert "s3cret" not in str(there.asked[0])
    assert there.asked[0].headers["accept"] == "application/json"


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        ("301 Moved", "POST", "GET"),
        ("302 Found", "POST", "GET"),
        ("303 See Other", "PUT", "GET"),
        ("303 See Other", "HEAD", "HEAD"),
        ("302 Found", "PUT", "PUT"),
        ("307 Temporary", "POST", "POST"),
        ("308 Permanent", "POST", "POST"),
    ],
)
async def test_methods_after_a_redirect(client: HttpClient, status: str, method: str, then: str) -> None:
    body = b"words" if method in ("POST", "PUT") else b""
    async with raw_server(saying(http(status, Location="/new"), http())) as server:
        await client.request(method, server.url, headers={"Content-Type": "text/plain"}, body=body, trusted=True)
    assert server.asked[1].line.split()[0] == then
    assert server.asked[1].body == (body if then == method else b"")
    assert ("content-type" in server.asked[1].headers) == (then == method)


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "//169.254.169.254/",
        "http://inside.example:{port}/",
        "http://[::1]:{port}/",
        "http://127.0.0.1:{port}/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/",
        "javascript:alert(1)",
        "http://[",
        "http://bot.example:25/",
    ],
)
@pytest.mark.parametrize("trusted", [True, False])
async def test_no_redirect_leads_inside(client: HttpClient, target: str, trusted: bool) -> None:
    async with raw_server(saying(http(body=b"secret"))) as inside:
        moved = http("302 Found", Location=target.format(port=inside.port))
        async with raw_server(saying(moved), host=PUBLIC) as server:
            with pytest.raises(SendFailed) as caught:
                await client.request("GET", server.url, trusted=trusted)
        assert not caught.value.retryable
        assert inside.connections == 0


async def test_redirects_in_a_circle_end(client: HttpClient) -> None:
    async with raw_server(saying(http("302 Found", Location="/again")), host=PUBLIC) as server:
        with pytest.raises(SendFailed, match="redirected more than 5 times") as caught:
            await client.request("GET", server.url)
    assert not caught.value.retryable
    assert len(server.asked) == 6


async def test_no_way_back_to_plain_http(client: HttpClient) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(PEM)
    moved = http("302 Found", Location="http://bot.example/")
    async with raw_server(saying(moved), host=PUBLIC, tls=tls) as server:
        with pytest.raises(SendFailed, match="from https to http"):
            await client.request("GET", f"https://bot.example:{server.port}/")


async def test_the_body_of_a_redirect_is_not_read(client: HttpClient) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /new\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 4096
    async with raw_server(saying(moved, http(body=b"new"))) as server:
        assert (await client.request("GET", server.url, max_bytes=100, trusted=True)).body == b"new"


async def test_a_redirect_to_nowhere_is_an_answer(client: HttpClient) -> None:
    async with raw_server(saying(http("304 Not Modified", b""), http("302 Found", b"where?"))) as server:
        assert (await client.request("GET", server.url, trusted=True)).status == 304
        assert (await client.request("GET", server.url, trusted=True)).body == b"where?"


async def test_a_redirect_is_an_answer_to_those_who_want_it(client: HttpClient) -> None:
    async with raw_server(saying(http("302 Found", Location="/new"), http(body=b"new"))) as server:
        assert (await client.request("POST", server.url, body=b"x", trusted=True, redirects=False)).status == 302
        assert len(server.asked) == 1
