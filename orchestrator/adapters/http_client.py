"""Outgoing HTTP over one aiohttp session: a deadline, a cap on what comes back, and the guard on where it goes."""

import asyncio
import base64
import io
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from orchestrator.adapters.ssrf import Guard, web
from orchestrator.errors import SendFailed, TooLarge, Unanswered

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_HOPS = 5
LARGE = 1_000_000
HARMLESS = frozenset({"accept", "accept-language", "content-type", "user-agent"})
"""Headers that go along to another origin. Any other may be a key: X-Api-Key, DeepL-Auth-Key, webhook-signature …"""

CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""All but the tab (RFC 9110 5.5)."""

UNREACHED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""Nothing was sent yet: the next address may be tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HttpResponse; header names are compared without case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One hop of a request. `str(ask)` is what errors may say: no path, query or user, each can hold a secret."""

    method: str
    url: URL
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    trusted: bool
    patience: float

    def __str__(self) -> str:
        return f"{self.method} {self.url.origin()}"


class HttpClient:
    """Implements Http. `tls` replaces the system's certificate authorities."""

    def __init__(self, guard: Guard | None = None, *, agent: str = "Parley", tls: ssl.SSLContext | None = None) -> None:
        self.guard = guard or Guard()
        self.agent = agent
        self.tls: ssl.SSLContext | bool = tls or True
        self.session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """In the event loop that will make the requests."""
        self.session = aiohttp.ClientSession(
            # No limit on connections: turns are limited already, and a hanging bot must not use up those of others.
            # Idle ones go after 4 s, before common servers hang up (uvicorn: 5 s) just as a request sets out.
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=4.0, ssl=self.tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self.agent},
            timeout=aiohttp.ClientTimeout(total=None, connect=None),
        )

    async def close(self) -> None:
        if self.session is not None:
            await self.session.close()
            self.session = None

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = 10.0,  # noqa: ASYNC109 - the port's word
        max_bytes: int = 1_048_576,
        trusted: bool = False,
        redirects: bool = True,
    ) -> Answer:
        """As the port says. `timeout` covers it all, from DNS to the last byte; up to five redirects are followed."""
        ask = asked(method, url, headers or {}, body, trusted, timeout)
        try:
            async with asyncio.timeout(timeout):
                return await (self.follow(ask, max_bytes) if redirects else self.hop(ask, max_bytes))
        except TimeoutError:
            raise Unanswered(f"{ask}: no whole answer within {timeout:g} s", retryable=True) from None

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = 10.0,  # noqa: ASYNC109 - the port's word
        max_bytes: int = 1_048_576,
        trusted: bool = False,
    ) -> AsyncIterator["Streamed"]:
        """As the port says. No timer runs while the reader works on a piece: it could ring in the reader's code."""
        ask = asked(method, url, headers or {}, body, trusted, timeout)
        until = asyncio.get_running_loop().time() + timeout
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout_at(until):
                    response = await self.entered(ask, stack)
            except TimeoutError:
                raise Unanswered(f"{ask}: no answer within {timeout:g} s", retryable=True) from None
            yield Streamed(ask, response, until, max_bytes)

    async def entered(self, ask: Ask, stack: AsyncExitStack) -> aiohttp.ClientResponse:
        """The response's head, as the first address gives it that can be reached."""
        if ask.trusted:
            return await stack.enter_async_context(self.exchanging(ask, ask.url, ask.patience))
        *others, last = await self.guard.addresses(ask.url)
        patience = ask.patience / (len(others) + 1)
        for address in others:
            try:
                return await stack.enter_async_context(self.exchanging(ask, ask.url.with_host(address), patience))
            except Unreached:
                continue
        return await stack.enter_async_context(self.exchanging(ask, ask.url.with_host(last), patience))

    async def follow(self, ask: Ask, max_bytes: int) -> Answer:
        for _ in range(MAX_HOPS + 1):
            answer = await self.hop(ask, max_bytes)
            if answer.status not in REDIRECTS or not answer.headers.get("Location"):
                return answer
            ask = redirected(ask, answer)
        raise SendFailed(f"{ask}: redirected more than {MAX_HOPS} times", retryable=False)

    async def hop(self, ask: Ask, max_bytes: int) -> Answer:
        """Where the guard is asked, each address it gave is tried in turn."""
        if ask.trusted:
            return await self.exchange(ask, ask.url, ask.patience, max_bytes)
        *others, last = await self.guard.addresses(ask.url)
        patience = ask.patience / (len(others) + 1)
        for address in others:
            try:
                return await self.exchange(ask, ask.url.with_host(address), patience, max_bytes)
            except Unreached:
                continue
        return await self.exchange(ask, ask.url.with_host(last), patience, max_bytes)

    async def exchange(self, ask: Ask, url: URL, patience: float, max_bytes: int) -> Answer:
        try:
            async with self.begun(ask, url, patience) as response:
                return await read(ask, response, max_bytes)
        except aiohttp.ClientError as error:
            raise failure(ask, error) from None

    @asynccontextmanager
    async def exchanging(self, ask: Ask, url: URL, patience: float) -> AsyncIterator[aiohttp.ClientResponse]:
        try:
            async with self.begun(ask, url, patience) as response:
                yield response
        except aiohttp.ClientError as error:
            raise failure(ask, error) from None

    def begun(self, ask: Ask, url: URL, patience: float) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """`url` may name an address in place of the host; name and certificate stay those of the host."""
        if self.session is None:
            raise RuntimeError("HttpClient.open() comes before the first request")
        pinned = url is not ask.url and url.raw_host != ask.url.raw_host
        headers = CIMultiDict(ask.headers)
        if pinned:
            headers["Host"] = ask.url.host_port_subcomponent or ""
        return self.session.request(
            ask.method,
            url,
            headers=headers,
            data=sendable(ask.body),
            allow_redirects=False,
            server_hostname=ask.url.raw_host if pinned and url.scheme == "https" else None,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=patience),
        )


def failure(ask: Ask, error: aiohttp.ClientError) -> SendFailed:
    if isinstance(error, UNREACHED):
        return Unreached(f"{ask}: can't be reached: {reason(error)}", retryable=True)
    return Unanswered(f"{ask}: {reason(error)}", retryable=True)


def sendable(body: bytes) -> io.BytesIO | bytes | None:
    """A large body is written piece by piece, so that others get their turn (aiohttp warns above a megabyte)."""
    return io.BytesIO(body) if len(body) > LARGE else body or None


class Unreached(SendFailed):
    """No connection came about."""


class Streamed:
    """An HttpStream."""

    def __init__(self, ask: Ask, response: aiohttp.ClientResponse, until: float, max_bytes: int) -> None:
        self.ask = ask
        self.response = response
        self.until = until
        self.max_bytes = max_bytes

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self.response.headers

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        while piece := await self.piece():
            size += len(piece)
            if size > self.max_bytes:
                raise TooLarge(f"{self.ask}: the answer has more than {self.max_bytes} bytes")
            yield piece

    async def piece(self) -> bytes:
        """The next that arrived; b"" at the end."""
        try:
            async with asyncio.timeout_at(self.until):
                return await self.response.content.readany()
        except TimeoutError:
            raise Unanswered(f"{self.ask}: no whole answer in time", retryable=True) from None


async def read(ask: Ask, response: aiohttp.ClientResponse, max_bytes: int) -> Answer:
    """The body as it arrives, unpacked: leaving early closes the connection. Raises TooLarge."""
    headers = response.headers
    if response.status in REDIRECTS and headers.get("Location"):
        return Answer(status=response.status, headers=headers)
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > max_bytes:
            raise TooLarge(f"{ask}: the answer has more than {max_bytes} bytes")
    return Answer(status=response.status, headers=headers, body=bytes(body))


def asked(method: str, url: str, headers: Mapping[str, str], body: bytes, trusted: bool, patience: float) -> Ask:
    """The first hop. Raises SendFailed for what can't be asked."""
    target, credentials = parsed(url)
    if credentials and "authorization" not in map(str.lower, headers):
        headers = {**headers, "Authorization": credentials}
    ask = Ask(method=method, url=target, headers=headers, body=body, trusted=trusted, patience=patience)
    checked(ask)
    return ask


@lru_cache(maxsize=256)
def parsed(url: str) -> tuple[URL, str]:
    """Without its user and password, and those as a header. Raises SendFailed, without the URL: it may hold a secret.

    Bots and platforms are called at the same few addresses again and again: kept, one costs a look instead of 30 µs.
    """
    try:
        target = URL(url)
    except ValueError:
        target = URL()
    if not web(target):
        raise SendFailed("the address to call is not an http or https URL", retryable=False)
    return target.with_user(None), basic(target) if target.user is not None else ""


def basic(url: URL) -> str:
    """The user and password of a URL as a header (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{url.user}:{url.password or ''}".encode()).decode()


def checked(ask: Ask) -> None:
    """Raises SendFailed on what would end a line early and start a header of somebody else's choice."""
    for text in (ask.method, *ask.headers.keys(), *ask.headers.values()):
        if not text.isprintable() and CONTROL.search(text):
            raise SendFailed(f"{ask.url.origin()}: a header or the method holds a control character", retryable=False)


def redirected(ask: Ask, answer: Answer) -> Ask:
    """The next hop, by the rules of the Fetch standard (fetch.spec.whatwg.org/#http-redirect-fetch).

    Trust is for the origin it was given to; elsewhere the guard looks, and nothing that may be a key goes along.
    """
    try:
        url = ask.url.join(URL(answer.headers["Location"])).with_user(None)
    except ValueError:
        url = URL()
    if not web(url):
        raise SendFailed(f"{ask}: redirected to something that is not an http or https URL", retryable=False)
    if ask.url.scheme == "https" and url.scheme == "http":
        raise SendFailed(f"{ask}: redirected from https to http", retryable=False)
    if url.origin() != ask.url.origin():
        kept = {name: value for name, value in ask.headers.items() if name.lower() in HARMLESS}
        ask = replace(ask, headers=kept, trusted=ask.trusted and upgraded(ask.url, url))
    becomes_get = answer.status == 303 or (answer.status in (301, 302) and ask.method == "POST")
    if becomes_get and ask.method not in ("GET", "HEAD"):
        kept = {name: value for name, value in ask.headers.items() if name.lower() != "content-type"}
        ask = replace(ask, method="GET", body=b"", headers=kept)
    return replace(ask, url=url)


def upgraded(old: URL, new: URL) -> bool:
    """The same host, from http to https, on the usual ports."""
    return (old.raw_host, old.port, old.scheme, new.port, new.scheme) == (new.raw_host, 80, "http", 443, "https")


def reason(error: Exception) -> str:
    """Why, in words that hold nothing of the request: aiohttp's own may quote its URL or headers."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return "its certificate is not valid for it"
        case aiohttp.ServerDisconnectedError():
            return "it hung up without an answer"
        case aiohttp.ClientPayloadError():
            return "its answer broke off or can't be unpacked"
        case aiohttp.ClientOSError() if error.strerror:
            return error.strerror
        case TimeoutError():
            return "no connection in time"
        case _:
            return f"it does not answer as HTTP ({type(error).__name__})"
