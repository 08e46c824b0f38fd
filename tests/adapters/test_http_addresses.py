"""Where HttpClient goes, and where it does not: private addresses in every spelling, names that change their mind."""

import ssl

import pytest

from orchestrator.adapters.http_client import HttpClient
from orchestrator.adapters.ssrf import Guard
from orchestrator.errors import SendFailed
from tests.support.http_client import PEM, PUBLIC, Names
from tests.support.raw_http import http, raw_server, saying


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://user@127.0.0.1:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://[::ffff:7f00:1]:{port}/",
        "http://0:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f.0.0.1:{port}/",
        "http://127.1:{port}/",
        "http://0177.0.0.1:{port}/",
        "http://\uff11\uff12\uff17.0.0.1:{port}/",
        "http://[fe80::1%25lo]:{port}/",
    ],
)
async def test_private_addresses_in_every_spelling(url: str) -> None:
    client = HttpClient()
    await client.open()
    async with raw_server(saying(http(body=b"secret"))) as server:
        with pytest.raises(SendFailed) as caught:
            await client.request("GET", url.format(port=server.port))
        assert not caught.value.retryable
        assert server.connections == 0
    await client.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "foo",
        "//host/x",
        "ftp://bot.example/",
        "file:///etc/passwd",
        "http://",
        "http:///x",
        "http://[::1",
        "http://a:99999/",
        "http://a b/",
        "http://a\x00b/",
        "http://a%2fb/",
        "http://[fe80::1%25lo]/",
    ],
)
@pytest.mark.parametrize("trusted", [True, False])
async def test_what_is_no_web_address(client: HttpClient, url: str, trusted: bool) -> None:
    with pytest.raises(SendFailed, match="not an http or https URL") as caught:
        await client.request("GET", url, trusted=trusted)
    assert not caught.value.retryable


@pytest.mark.parametrize("port", [22, 25, 0, 8, 1023])
async def test_ports_of_other_protocols(client: HttpClient, port: int) -> None:
    with pytest.raises(SendFailed, match=f"port {port} of 'bot.example' is not one") as caught:
        await client.request("GET", f"http://bot.example:{port}/")
    assert not caught.value.retryable


async def test_an_unknown_name_can_be_retried(client: HttpClient) -> None:
    for host in ("unknown.example", "x" * 250):
        with pytest.raises(SendFailed, match="has no address") as caught:
            await client.request("GET", f"http://{host}/")
        assert caught.value.retryable


async def test_one_private_address_among_public_ones_is_enough(client: HttpClient, names: Names) -> None:
    names.names["mixed.example"] = [[PUBLIC, "10.0.0.1"]]
    with pytest.raises(SendFailed, match="private or reserved"):
        await client.request("GET", "http://mixed.example/")


async def test_the_address_judged_is_the_address_called(client: HttpClient, names: Names) -> None:
    names.names["rebinding.example"] = [[PUBLIC], ["127.0.0.1"]]
    async with (
        raw_server(saying(http(body=b"public")), host=PUBLIC) as outside,
        raw_server(saying(http(body=b"secret")), port=outside.port) as inside,
    ):
        url = f"http://rebinding.example:{outside.port}/"
        assert (await client.request("GET", url)).body == b"public"
        assert outside.asked[0].headers["host"] == f"rebinding.example:{outside.port}"
        with pytest.raises(SendFailed, match="private or reserved"):
            await client.request("GET", url)
        assert inside.connections == 0
    assert names.asked == ["rebinding.example", "rebinding.example"]


async def test_a_connection_made_for_the_trusted_is_not_lent_to_others(client: HttpClient, names: Names) -> None:
    async with raw_server(saying(http())) as inside:
        await client.request("GET", f"http://localhost:{inside.port}/", trusted=True)
        await client.request("GET", f"{inside.url}/", trusted=True)
        names.names["localhost"] = [["127.0.0.1"]]
        for host in ("localhost", "127.0.0.1"):
            with pytest.raises(SendFailed, match="private or reserved"):
                await client.request("GET", f"http://{host}:{inside.port}/")
        assert len(inside.asked) == 2


async def test_the_next_address_is_tried_when_nobody_answers_at_the_first(client: HttpClient, names: Names) -> None:
    async with raw_server(saying(http(body=b"second")), host=PUBLIC) as server:
        client.guard.allow += Guard(allow=["127.0.0.3/32"]).allow
        names.names["two.example"] = [["127.0.0.3", PUBLIC]]
        answer = await client.request("POST", f"http://two.example:{server.port}/", body=b"once")
        assert answer.body == b"second"
        names.names["gone.example"] = [["127.0.0.3", "127.0.0.3"]]
        with pytest.raises(SendFailed, match="can't be reached") as caught:
            await client.request("GET", f"http://gone.example:{server.port}/")
        assert caught.value.retryable


async def test_the_certificate_is_that_of_the_name(client: HttpClient) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(PEM)
    async with raw_server(saying(http(body=b"sealed")), host=PUBLIC, tls=tls) as server:
        answer = await client.request("GET", f"https://bot.example:{server.port}/")
        assert answer.body == b"sealed"
        assert server.asked[0].headers["host"] == f"bot.example:{server.port}"
        for other in ("other.example", PUBLIC):
            with pytest.raises(SendFailed, match="certificate is not valid"):
                await client.request("GET", f"https://{other}:{server.port}/")
    assert len(server.asked) == 1
