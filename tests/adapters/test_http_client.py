"""HttpClient against servers that hang, pour, pack, redirect and lie. 127.0.0.2 plays the public internet."""

import asyncio
import gzip
import ssl
import traceback
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from orchestrator.adapters.http_client import HttpClient
from orchestrator.adapters.ssrf import Guard
from orchestrator.errors import SendFailed, TooLarge, Unanswered
from tests.support.raw_http import http, raw_server, saying

PUBLIC = "127.0.0.2"
PEM = Path(__file__).parents[1] / "support" / "tls" / "bot.example.pem"


class Names:
    """A resolver: each name's answers in turn, the last one for ever."""

    def __init__(self, **names: list[list[str]]) -> None:
        self.names = {name.replace("_", "."): answers for name, answers in names.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host not in self.names:
            raise OSError(f"{host} is unknown")
        answers = self.names[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]


@pytest.fixture
def names() -> Names:
    return Names(bot_example=[[PUBLIC]], inside_example=[["127.0.0.1"]], other_example=[[PUBLIC]])


@pytest.fixture
async def client(names: Names) -> AsyncIterator[HttpClient]:
    tls = ssl.create_default_context(cafile=str(PEM))
    made = HttpClient(Guard(names, allow=[f"{PUBLIC}/32"]), agent="Parley/test", tls=tls)
    await made.open()
    yield made
    await made.close()


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


# The guard


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


# Redirects

KEYS = {"Authorization": "Bearer s3cret", "Cookie": "s3cret", "X-Api-Key": "s3cret", "Accept": "application/json"}


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
