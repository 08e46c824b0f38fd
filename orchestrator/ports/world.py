"""What the world outside gives: time and ids, outgoing HTTP, kept files and a cache."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Time and ids. `now` is aware and in UTC; `monotonic` is seconds for measuring; ids sort by creation."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    def new_id(self) -> str: ...


class HttpResponse(Protocol):
    """A finished response: the body was read, up to the caller's cap."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


class HttpStream(Protocol):
    """A response as it arrives: its pieces, of any length, up to the caller's cap and time."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    def __aiter__(self) -> AsyncIterator[bytes]: ...


class Http(Protocol):
    """Outgoing HTTP. `trusted=False` passes the SSRF guard: no private or link-local address, no redirect into one.

    With `redirects=False` a redirect is an answer like any other: a POST that follows one may become an empty GET.

    Raises SendFailed (retryable) when unreachable, Unanswered (one of those) when it may have arrived and no whole
    answer came, TooLarge when the body passes `max_bytes`.
    """

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = 10.0,  # noqa: ASYNC109 - what a caller grants; adapters keep it with asyncio.timeout
        max_bytes: int = 1_048_576,
        trusted: bool = False,
        redirects: bool = True,
    ) -> HttpResponse: ...

    def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = 10.0,
        max_bytes: int = 1_048_576,
        trusted: bool = False,
    ) -> AbstractAsyncContextManager[HttpStream]:
        """The same, to read as it comes: `timeout` is for all of it. No redirect is followed.

        What `request` raises comes from entering or from reading; leaving early closes the connection.
        """
        ...


class Files(Protocol):
    """Media kept by Parley: uploads of customers and agents."""

    async def put(self, app_id: str, data: bytes, *, name: str, mime: str) -> str:
        """Store and return the path below the public URL ("/media/…"), unguessable. Raises Unavailable."""
        ...

    async def get(self, path: str) -> tuple[bytes, str, str]:
        """Bytes, mime type and name. Raises NotFound."""
        ...


class Cache(Protocol):
    """Texts by key, for a while: what is lost is made again. Keys are ASCII, at most 250 characters.

    Raises Unavailable when it can't be reached; callers go on as if nothing had been kept.
    """

    async def get_many(self, keys: Sequence[str]) -> Sequence[str | None]:
        """One value for each key, in order; None when there is none."""
        ...

    async def set_many(self, values: Mapping[str, str]) -> None: ...
